//! Stores: how an endpoint takes part in one, and how that is.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use broker::data::{Data, Type};
use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, EntityId, Store};

use crate::bytes::{lend, text};
use crate::data_read::{another, read};
use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, deadline, given, life, put, too_late, wait};
use crate::identifier::Identifier;

/// The store that must be there.
pub(crate) fn stored(store: Option<&Store>) -> Result<&Store, Fault> {
    given(store, "the store")
}

/// Attaches a master, with the options of its storage in a table.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_attach_master(
    endpoint: Option<&Endpoint>,
    name: *const c_char,
    length: usize,
    backend: c_int,
    options: Option<&Data>,
) -> Option<Box<Store>> {
    made(|| {
        // SAFETY: the caller vouches for the text.
        let name = unsafe { text(name, length) }?;
        let kind = u8::try_from(backend).ok().and_then(BackendKind::from_number);
        let unknown = || Fault::invalid(format!("no storage has the number {backend}"));
        let kind = kind.ok_or_else(unknown)?;
        let options = options.map_or(Ok(BackendOptions::new()), named)?;
        Ok(given(endpoint, "the endpoint")?.attach_master(name, kind, &options)?)
    })
}

/// Attaches a clone.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_attach_clone(
    endpoint: Option<&Endpoint>,
    name: *const c_char,
    length: usize,
    resync: i64,
    stale: i64,
    mutation_buffer: i64,
) -> Option<Box<Store>> {
    made(|| {
        // SAFETY: the caller vouches for the text.
        let name = unsafe { text(name, length) }?;
        let options = CloneOptions {
            resync: wait(resync)?,
            stale: age(stale)?,
            mutation_buffer: wait(mutation_buffer)?,
        };
        Ok(given(endpoint, "the endpoint")?.attach_clone(name, options)?)
    })
}

/// Its name.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_name(
    store: Option<&Store>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| lend(stored(store)?.name().as_bytes(), bytes, length))
}

/// Who makes its changes.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_entity_id(
    store: Option<&Store>,
    endpoint: Place<'_, Identifier>,
    object: Place<'_, u64>,
) -> c_int {
    answered(|| put_entity(stored(store)?.entity_id(), endpoint, object))
}

/// Who asks its questions.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_frontend_id(
    store: Option<&Store>,
    endpoint: Place<'_, Identifier>,
    object: Place<'_, u64>,
) -> c_int {
    answered(|| put_entity(stored(store)?.frontend_id(), endpoint, object))
}

/// Whether it is the master.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_is_master(
    store: Option<&Store>,
    is_master: Place<'_, c_int>,
) -> c_int {
    answered(|| put(is_master, stored(store)?.is_master().into()))
}

/// Whether questions have answers.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_initialized(
    store: Option<&Store>,
    is_initialized: Place<'_, c_int>,
) -> c_int {
    answered(|| put(is_initialized, stored(store)?.initialized().into()))
}

/// Waits until all have everything.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_await_idle(store: Option<&Store>, milliseconds: i64) -> c_int {
    answered(|| {
        let is_idle = stored(store)?.await_idle(deadline(milliseconds)?);
        if is_idle { Ok(()) } else { Err(too_late("not all have everything")) }
    })
}

/// Waits until what was written here is kept for good, or says that some of it was dropped.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_flush(store: Option<&Store>, milliseconds: i64) -> c_int {
    answered(|| Ok(stored(store)?.flush(deadline(milliseconds)?)?))
}

/// Takes part in it no more.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_free(store: Option<&mut Option<Box<Store>>>) {
    freed(store);
}

/// After how many milliseconds without news a clone is stale, if ever.
fn age(milliseconds: i64) -> Result<Option<Duration>, Fault> {
    let age = life(milliseconds)?;
    if age == Some(Duration::ZERO) {
        return Err(Fault::invalid("a clone that is always stale, of which nothing is ever read"));
    }
    Ok(age)
}

/// The options in a table by their names.
fn named(table: &Data) -> Result<BackendOptions, Fault> {
    let option = |(name, value): (&Data, &Data)| {
        let name = name.as_str().ok_or_else(|| another(name, Type::String))?;
        Ok((name.to_owned(), value.clone()))
    };
    read(Some(table), Type::Table, Data::as_table)?.iter().map(option).collect()
}

fn put_entity(
    id: EntityId,
    endpoint: Place<'_, Identifier>,
    object: Place<'_, u64>,
) -> Result<(), Fault> {
    put(endpoint, id.endpoint.into())?;
    put(object, id.object)
}
