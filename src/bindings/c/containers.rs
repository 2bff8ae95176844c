//! Sets, tables and vectors: what is in them, and what is put there.
//!
//! Elements that are put into one are given away in any case, so that calls can stand in one
//! another: if the inner one fails, the outer one does and frees the rest.

use std::ffi::c_int;

use broker::Ec;
use broker::data::{Data, MAX_DEPTH, Type};

use crate::data_read::{another, read};
use crate::fault::{Fault, answered, found};
use crate::given::{Place, given, put, put_if_wanted};

/// How many elements or entries there are.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_size(data: Option<&Data>, size: Place<'_, usize>) -> c_int {
    answered(|| {
        let data = given(data, "the value")?;
        match data {
            Data::Set(elements) => put(size, elements.len()),
            Data::Table(entries) => put(size, entries.len()),
            Data::Vector(elements) => put(size, elements.len()),
            other => Err(another(other, Type::Vector)),
        }
    })
}

/// The element with this index, lent.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_vector_at(vector: Option<&Data>, index: usize) -> Option<&Data> {
    found(None, || {
        let elements = read(vector, Type::Vector, Data::as_vector)?;
        elements.get(index).map(Some).ok_or_else(|| beyond(index, elements.len()))
    })
}

/// Puts an element at the end.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_vector_append(
    vector: Option<&mut Data>,
    element: Option<Box<Data>>,
) -> c_int {
    answered(|| {
        elements(vector)?.push(within(element, "the element")?);
        Ok(())
    })
}

/// Puts an element in another one's place.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_vector_replace(
    vector: Option<&mut Data>,
    index: usize,
    element: Option<Box<Data>>,
) -> c_int {
    answered(|| {
        let (elements, element) = (elements(vector)?, within(element, "the element")?);
        let size = elements.len();
        *elements.get_mut(index).ok_or_else(|| beyond(index, size))? = element;
        Ok(())
    })
}

/// Takes an element out.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_vector_remove(vector: Option<&mut Data>, index: usize) -> c_int {
    answered(|| {
        let elements = elements(vector)?;
        if index >= elements.len() {
            return Err(beyond(index, elements.len()));
        }
        elements.remove(index);
        Ok(())
    })
}

/// Puts an element into a set, and says whether it is new.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_set_insert(
    set: Option<&mut Data>,
    element: Option<Box<Data>>,
    is_new: Place<'_, c_int>,
) -> c_int {
    answered(|| match (given(set, "the set")?, within(element, "the element")?) {
        (Data::Set(elements), element) => {
            put_if_wanted(is_new, elements.insert(element).into());
            Ok(())
        }
        (other, _) => Err(another(other, Type::Set)),
    })
}

/// Whether a set has an element.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_set_contains(
    set: Option<&Data>,
    element: Option<&Data>,
    is_there: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let elements = read(set, Type::Set, Data::as_set)?;
        put(is_there, elements.contains(given(element, "the element")?).into())
    })
}

/// Takes an element out of a set.
///
/// # Safety
/// As for [`copied`] and [`changed`].
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_set_remove(set: *mut Data, element: *const Data) -> c_int {
    answered(|| {
        // SAFETY: C vouches for both, and the copy is made before the container is borrowed.
        let (element, set) = unsafe { (copied(element, "the element")?, changed(set, "the set")?) };
        let Data::Set(elements) = set else { return Err(another(set, Type::Set)) };
        if elements.remove(&element) { Ok(()) } else { Err(absent(&element)) }
    })
}

/// Puts a value into a table, in place of one with the same key.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_table_insert(
    table: Option<&mut Data>,
    key: Option<Box<Data>>,
    value: Option<Box<Data>>,
) -> c_int {
    answered(|| {
        let (key, value) = (within(key, "the key")?, within(value, "the value")?);
        match given(table, "the table")? {
            Data::Table(entries) => {
                entries.insert(key, value);
                Ok(())
            }
            other => Err(another(other, Type::Table)),
        }
    })
}

/// The value with this key, lent.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_table_find<'a>(
    table: Option<&'a Data>,
    key: Option<&Data>,
) -> Option<&'a Data> {
    found(None, || {
        let (entries, key) = (read(table, Type::Table, Data::as_table)?, given(key, "the key")?);
        entries.get(key).map(Some).ok_or_else(|| absent(key))
    })
}

/// Takes the value with this key out.
///
/// # Safety
/// As for [`copied`] and [`changed`].
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_table_remove(table: *mut Data, key: *const Data) -> c_int {
    answered(|| {
        // SAFETY: C vouches for both, and the copy is made before the container is borrowed.
        let (key, table) = unsafe { (copied(key, "the key")?, changed(table, "the table")?) };
        let Data::Table(entries) = table else { return Err(another(table, Type::Table)) };
        entries.remove(&key).map(drop).ok_or_else(|| absent(&key))
    })
}

/// A copy of what may be lent by the very container that is changed then, which frees it: no
/// reference to it may be there meanwhile.
///
/// # Safety
/// `data` leads to a value, or is `NULL`.
unsafe fn copied(data: *const Data, what: &str) -> Result<Data, Fault> {
    // SAFETY: the caller vouches for the value.
    given(unsafe { data.as_ref() }, what).cloned()
}

/// What is changed.
///
/// # Safety
/// `data` leads to a value that nobody else looks at during `'a`, or is `NULL`.
unsafe fn changed<'a>(data: *mut Data, what: &str) -> Result<&'a mut Data, Fault> {
    // SAFETY: the caller vouches for the value.
    given(unsafe { data.as_mut() }, what)
}

fn elements(vector: Option<&mut Data>) -> Result<&mut Vec<Data>, Fault> {
    match given(vector, "the vector")? {
        Data::Vector(elements) => Ok(elements),
        other => Err(another(other, Type::Vector)),
    }
}

/// What may lie in a container.
fn within(element: Option<Box<Data>>, what: &str) -> Result<Data, Fault> {
    shallow(*given(element, what)?, 1)
}

/// A value that may lie so many deep in another one. As none is deeper than can be read, none is too
/// deep to be freed, compared or written either, which all go as deep as it is.
pub(crate) fn shallow(data: Data, around: usize) -> Result<Data, Fault> {
    if data.depth().saturating_add(around) > MAX_DEPTH {
        return Err(Fault::invalid(format!("values in one another more than {MAX_DEPTH} deep")));
    }
    Ok(data)
}

fn beyond(index: usize, size: usize) -> Fault {
    Fault::invalid(format!("no element has the index {index} where there are {size}"))
}

fn absent(key: &Data) -> Fault {
    Fault::new(Ec::NoSuchKey, format!("{key} is not in it"))
}
