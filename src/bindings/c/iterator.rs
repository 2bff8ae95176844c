//! What is in a container, one after the other.

use std::collections::{btree_map, btree_set};
use std::ffi::c_int;
use std::ptr;
use std::slice;

use broker::Ec;
use broker::data::{Data, Type};

use crate::data_read::another;
use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, given, put, put_if_wanted};

/// `ostler_broker_iterator`. It lives as long as C has the container as it is.
pub(crate) enum Elements<'a> {
    Set(btree_set::Iter<'a, Data>),
    Table(btree_map::Iter<'a, Data, Data>),
    Vector(slice::Iter<'a, Data>),
}

/// Begins.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_iterator_make(data: Option<&Data>) -> Option<Box<Elements<'_>>> {
    made(|| match given(data, "the value")? {
        Data::Set(elements) => Ok(Elements::Set(elements.iter())),
        Data::Table(entries) => Ok(Elements::Table(entries.iter())),
        Data::Vector(elements) => Ok(Elements::Vector(elements.iter())),
        other => Err(another(other, Type::Vector)),
    })
}

/// Lends the next one, with its key if it is an entry of a table.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_iterator_next<'a>(
    iterator: Option<&mut Elements<'a>>,
    key: Place<'_, *const Data>,
    value: Place<'_, *const Data>,
) -> c_int {
    answered(|| {
        let next: Option<(*const Data, &'a Data)> = match given(iterator, "the iterator")? {
            Elements::Set(elements) => elements.next().map(|element| (ptr::null(), element)),
            Elements::Table(entries) => {
                entries.next().map(|(key, value)| (ptr::from_ref(key), value))
            }
            Elements::Vector(elements) => elements.next().map(|element| (ptr::null(), element)),
        };
        let (its_key, element) =
            next.ok_or_else(|| Fault::new(Ec::EndOfFile, "there is nothing more in it"))?;
        put(value, ptr::from_ref(element))?;
        put_if_wanted(key, its_key);
        Ok(())
    })
}

/// Frees it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_iterator_free(iterator: Option<&mut Option<Box<Elements<'_>>>>) {
    freed(iterator);
}
