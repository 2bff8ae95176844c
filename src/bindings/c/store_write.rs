//! What changes a store. How long a key lives is told in milliseconds.

use std::ffi::c_int;

use broker::Store;
use broker::data::Data;

use crate::fault::{Fault, answered};
use crate::given::{Place, given, life, put_if_wanted};
use crate::store::stored;

/// Of a key, a value or an index, one for the store.
pub(crate) fn own(data: Option<&Data>, what: &str) -> Result<Data, Fault> {
    given(data, what).cloned()
}

/// Has a key stand for a value.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_put(
    store: Option<&Store>,
    key: Option<&Data>,
    value: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.put(own(key, "the key")?, own(value, "the value")?, life(expiry)?)?)
    })
}

/// Adds to a number, or to a point or span of time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_increment(
    store: Option<&Store>,
    key: Option<&Data>,
    amount: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.increment(
            own(key, "the key")?,
            own(amount, "the amount")?,
            life(expiry)?,
        )?)
    })
}

/// Subtracts from one.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_decrement(
    store: Option<&Store>,
    key: Option<&Data>,
    amount: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.decrement(
            own(key, "the key")?,
            own(amount, "the amount")?,
            life(expiry)?,
        )?)
    })
}

/// Appends to a string.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_append(
    store: Option<&Store>,
    key: Option<&Data>,
    string: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.append(
            own(key, "the key")?,
            own(string, "the string")?,
            life(expiry)?,
        )?)
    })
}

/// Adds an element to a set.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_insert_into(
    store: Option<&Store>,
    key: Option<&Data>,
    element: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.insert_into(
            own(key, "the key")?,
            own(element, "the element")?,
            life(expiry)?,
        )?)
    })
}

/// Adds an entry to a table.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_insert_into_table(
    store: Option<&Store>,
    key: Option<&Data>,
    index: Option<&Data>,
    value: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.insert_into_table(
            own(key, "the key")?,
            own(index, "the index")?,
            own(value, "the value")?,
            life(expiry)?,
        )?)
    })
}

/// Removes an element from a set, or an entry from a table.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_remove_from(
    store: Option<&Store>,
    key: Option<&Data>,
    index: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.remove_from(
            own(key, "the key")?,
            own(index, "the index")?,
            life(expiry)?,
        )?)
    })
}

/// Adds an element to the end of a vector.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_push(
    store: Option<&Store>,
    key: Option<&Data>,
    element: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| {
        Ok(stored(store)?.push(
            own(key, "the key")?,
            own(element, "the element")?,
            life(expiry)?,
        )?)
    })
}

/// Takes the last element from a vector.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_pop(
    store: Option<&Store>,
    key: Option<&Data>,
    expiry: i64,
) -> c_int {
    answered(|| Ok(stored(store)?.pop(own(key, "the key")?, life(expiry)?)?))
}

/// Has a key stand for nothing.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_erase(store: Option<&Store>, key: Option<&Data>) -> c_int {
    answered(|| Ok(stored(store)?.erase(own(key, "the key")?)?))
}

/// Has no key stand for anything.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_clear(store: Option<&Store>) -> c_int {
    answered(|| Ok(stored(store)?.clear()?))
}

/// Has a key stand for a value, unless it stands for something, and says whether that came about.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_store_put_unique(
    store: Option<&Store>,
    key: Option<&Data>,
    value: Option<&Data>,
    expiry: i64,
    is_new: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let (key, value) = (own(key, "the key")?, own(value, "the value")?);
        put_if_wanted(is_new, stored(store)?.put_unique(key, value, life(expiry)?)?.into());
        Ok(())
    })
}
