//! Questions to a store that nobody waits for.

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd as _;

use broker::data::Data;
use broker::{Response, Store, StoreProxy};

use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, deadline, given, life, put, too_late};
use crate::store::stored;
use crate::store_write::own;

fn asked(proxy: Option<&StoreProxy>) -> Result<&StoreProxy, Fault> {
    given(proxy, "the proxy")
}

/// Asks, if there is a place for the number of the question.
fn ask(id: Place<'_, u64>, ask: impl FnOnce() -> Result<u64, Fault>) -> Result<(), Fault> {
    given(id, "the place of the number")?.write(ask()?);
    Ok(())
}

/// Makes one.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_make(store: Option<&Store>) -> Option<Box<StoreProxy>> {
    made(|| Ok(stored(store)?.proxy()))
}

/// Asks what a key stands for.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_get(
    proxy: Option<&StoreProxy>,
    key: Option<&Data>,
    id: Place<'_, u64>,
) -> c_int {
    answered(|| ask(id, || Ok(asked(proxy)?.get(own(key, "the key")?)?)))
}

/// Asks what that contains under an index.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_get_index_from_value(
    proxy: Option<&StoreProxy>,
    key: Option<&Data>,
    index: Option<&Data>,
    id: Place<'_, u64>,
) -> c_int {
    answered(|| {
        let (key, index) = (own(key, "the key")?, own(index, "the index")?);
        ask(id, || Ok(asked(proxy)?.get_index_from_value(key, index)?))
    })
}

/// Asks whether a key stands for anything.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_exists(
    proxy: Option<&StoreProxy>,
    key: Option<&Data>,
    id: Place<'_, u64>,
) -> c_int {
    answered(|| ask(id, || Ok(asked(proxy)?.exists(own(key, "the key")?)?)))
}

/// Asks for all keys.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_keys(proxy: Option<&StoreProxy>, id: Place<'_, u64>) -> c_int {
    answered(|| ask(id, || Ok(asked(proxy)?.keys()?)))
}

/// Has a key stand for a value, unless it stands for something.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_put_unique(
    proxy: Option<&StoreProxy>,
    key: Option<&Data>,
    value: Option<&Data>,
    expiry: i64,
    id: Place<'_, u64>,
) -> c_int {
    answered(|| {
        let (key, value) = (own(key, "the key")?, own(value, "the value")?);
        ask(id, || Ok(asked(proxy)?.put_unique(key, value, life(expiry)?)?))
    })
}

/// The next answer, if one comes in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_receive(
    proxy: Option<&StoreProxy>,
    milliseconds: i64,
    response: Place<'_, Option<Box<Response>>>,
) -> c_int {
    answered(|| {
        let response = given(response, "the place of the response")?.write(None);
        let received = asked(proxy)?.receive(deadline(milliseconds)?);
        *response = Some(Box::new(received.ok_or_else(|| too_late("no answer has come"))?));
        Ok(())
    })
}

/// How many answers have come.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_available(
    proxy: Option<&StoreProxy>,
    responses: Place<'_, usize>,
) -> c_int {
    answered(|| put(responses, asked(proxy)?.available()))
}

/// A descriptor that is readable while answers wait.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_fd(proxy: Option<&StoreProxy>, fd: Place<'_, c_int>) -> c_int {
    answered(|| put(fd, asked(proxy)?.fd().map_err(io::Error::from)?.as_raw_fd()))
}

/// Frees it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_proxy_free(proxy: Option<&mut Option<Box<StoreProxy>>>) {
    freed(proxy);
}
