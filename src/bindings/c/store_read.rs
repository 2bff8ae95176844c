//! What a store has.

use std::ffi::c_int;

use broker::Store;
use broker::data::Data;

use crate::fault::{answered, made};
use crate::given::{Place, given, put};
use crate::store::stored;

/// What a key stands for.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_get(
    store: Option<&Store>,
    key: Option<&Data>,
) -> Option<Box<Data>> {
    made(|| Ok(stored(store)?.get(given(key, "the key")?)?))
}

/// What that contains under an index.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_get_index_from_value(
    store: Option<&Store>,
    key: Option<&Data>,
    index: Option<&Data>,
) -> Option<Box<Data>> {
    made(|| {
        let (key, index) = (given(key, "the key")?, given(index, "the index")?);
        Ok(stored(store)?.get_index_from_value(key, index)?)
    })
}

/// Whether a key stands for anything.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_exists(
    store: Option<&Store>,
    key: Option<&Data>,
    is_there: Place<'_, c_int>,
) -> c_int {
    answered(|| put(is_there, stored(store)?.exists(given(key, "the key")?)?.into()))
}

/// All keys.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_keys(store: Option<&Store>) -> Option<Box<Data>> {
    made(|| Ok(Data::Set(stored(store)?.keys()?)))
}
