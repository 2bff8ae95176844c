//! Endpoints: their beginning, where they listen, and their end.

use std::ffi::{c_char, c_int};

use broker::{Endpoint, WebSocketAccess, WebSocketLimits};
use ostler_net::Address;
use ostler_runtime::secret::Secret;

use crate::bytes::{Text, bytes, list, text, topics};
use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, deadline, given, put, put_if_wanted};
use crate::identifier::Identifier;
use crate::options::Options;

/// Stands for all addresses of the machine.
const EVERYWHERE: &str = "*";

/// Begins an endpoint.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_make(options: Option<&Options>) -> Option<Box<Endpoint>> {
    made(|| Ok(Endpoint::new(given(options, "the options")?.endpoint())?))
}

/// Ends it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_free(endpoint: Option<&mut Option<Box<Endpoint>>>) {
    freed(endpoint);
}

/// Ends it by a deadline, and says whether all peers have gone in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_shutdown(
    endpoint: Option<&mut Option<Box<Endpoint>>>,
    milliseconds: i64,
    in_time: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let deadline = deadline(milliseconds)?;
        let endpoint = endpoint.and_then(Option::take);
        put_if_wanted(in_time, given(endpoint, "the endpoint")?.shutdown(deadline).into());
        Ok(())
    })
}

/// What it is called.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_id(
    endpoint: Option<&Endpoint>,
    id: Place<'_, Identifier>,
) -> c_int {
    answered(|| put(id, given(endpoint, "the endpoint")?.id().into()))
}

/// Listens for peers.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_listen(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
    bound: Place<'_, u16>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let address = place(unsafe { text(address, length) }?, port)?;
        let ports = given(endpoint, "the endpoint")?.listen(&address)?;
        put_if_wanted(bound, first(&ports));
        Ok(())
    })
}

/// Listens for WebSocket clients.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_web_socket_listen(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
    origins: *const Text,
    count: usize,
    token: *const c_char,
    token_length: usize,
    bound: Place<'_, u16>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let address = place(unsafe { text(address, length) }?, port)?;
        // SAFETY: the caller vouches for the list.
        let origins = unsafe { list(origins, count) }?.into_iter().map(|origin| {
            let origin = std::str::from_utf8(origin).map(str::to_owned);
            origin.map_err(|_| Fault::invalid("an origin is not UTF-8"))
        });
        // SAFETY: the caller vouches for the bytes.
        let secret = unsafe { bytes(token, token_length) }?;
        if secret.is_empty() && !token.is_null() {
            return Err(Fault::invalid("the token is empty, which everybody knows"));
        }
        let access = WebSocketAccess {
            origins: origins.collect::<Result<_, _>>()?,
            token: (!secret.is_empty()).then(|| Secret::new(secret)),
            ..WebSocketAccess::default()
        };
        let endpoint = given(endpoint, "the endpoint")?;
        let ports = endpoint.web_socket_listen(&address, access, WebSocketLimits::default())?;
        put_if_wanted(bound, first(&ports));
        Ok(())
    })
}

/// Has peers send the messages of these topics.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_forward(
    endpoint: Option<&Endpoint>,
    list: *const Text,
    count: usize,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the list.
        let topics = unsafe { topics(list, count) }?;
        given(endpoint, "the endpoint")?.forward(topics);
        Ok(())
    })
}

/// A place to listen at.
fn place(text: &str, port: u16) -> Result<Address, Fault> {
    if text == EVERYWHERE { Ok(Address::everywhere(port)) } else { Ok(Address::parse(text, port)?) }
}

/// The port of a place; 0 for a path.
fn first(ports: &[u16]) -> u16 {
    ports.first().copied().unwrap_or(0)
}
