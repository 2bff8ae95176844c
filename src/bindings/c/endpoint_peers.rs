//! Whom an endpoint peers with, and whom not any more.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use broker::{Ec, Endpoint};

use crate::bytes::{text, topic};
use crate::fault::{Fault, answered, made};
use crate::given::{Place, deadline, given, put_if_wanted, too_late};
use crate::identifier::{Identifier, identified};
use crate::peers::Peers;

/// Peers, and waits for it.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_peer(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
    retry_seconds: u32,
    milliseconds: i64,
    id: Place<'_, Identifier>,
) -> c_int {
    answered(|| {
        let (endpoint, deadline) = (given(endpoint, "the endpoint")?, deadline(milliseconds)?);
        // SAFETY: the caller vouches for the text.
        let address = host(unsafe { text(address, length) }?)?;
        let peer = endpoint.peer(address, port, retry(retry_seconds), deadline)?;
        put_if_wanted(id, peer.into());
        Ok(())
    })
}

/// Peers without waiting.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_peer_nosync(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
    retry_seconds: u32,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let address = host(unsafe { text(address, length) }?)?;
        given(endpoint, "the endpoint")?.peer_nosync(address, port, retry(retry_seconds));
        Ok(())
    })
}

/// Peers with another endpoint of the process.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_peer_with(
    endpoint: Option<&Endpoint>,
    other: Option<&Endpoint>,
) -> c_int {
    answered(|| Ok(given(endpoint, "the endpoint")?.peer_with(given(other, "the other one")?)?))
}

/// Parts with a peer, and waits until it has gone.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_unpeer(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let address = host(unsafe { text(address, length) }?)?;
        parted(given(endpoint, "the endpoint")?.unpeer(address, port))
    })
}

/// Parts with a peer without waiting.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_unpeer_nosync(
    endpoint: Option<&Endpoint>,
    address: *const c_char,
    length: usize,
    port: u16,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let address = host(unsafe { text(address, length) }?)?;
        parted(given(endpoint, "the endpoint")?.unpeer_nosync(address, port))
    })
}

/// Parts with this peer, wherever it is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_unpeer_id(
    endpoint: Option<&Endpoint>,
    id: Option<&Identifier>,
) -> c_int {
    answered(|| parted(given(endpoint, "the endpoint")?.unpeer_id(identified(id)?)))
}

/// The peers.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_peers(endpoint: Option<&Endpoint>) -> Option<Box<Peers>> {
    made(|| Ok(Peers(given(endpoint, "the endpoint")?.peers())))
}

/// Waits for a peer.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_endpoint_await_peer(
    endpoint: Option<&Endpoint>,
    id: Option<&Identifier>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        let (endpoint, id) = (given(endpoint, "the endpoint")?, identified(id)?);
        let has_come = endpoint.await_peer(id, deadline(milliseconds)?);
        if has_come { Ok(()) } else { Err(too_late("the peer has not come")) }
    })
}

/// Waits for a peer that wants a topic.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_await_filter_entry(
    endpoint: Option<&Endpoint>,
    at: *const c_char,
    length: usize,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        let endpoint = given(endpoint, "the endpoint")?;
        let is_wanted = endpoint.await_filter_entry(&topic, deadline(milliseconds)?);
        if is_wanted { Ok(()) } else { Err(too_late("no peer has subscribed")) }
    })
}

/// Where a peer is.
fn host(address: &str) -> Result<&str, Fault> {
    if address.is_empty() { Err(Fault::invalid("the address is empty")) } else { Ok(address) }
}

fn retry(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

fn parted(was_peer: bool) -> Result<(), Fault> {
    if was_peer { Ok(()) } else { Err(Fault::new(Ec::PeerInvalid, "there is no such peer")) }
}
