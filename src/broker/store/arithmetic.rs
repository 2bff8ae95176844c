//! What is added to a value and taken from it.
//!
//! Numbers stay within their types. The original lets counts begin again at the other end, and leaves
//! open what integers do.

use std::collections::{BTreeMap, BTreeSet};

use broker_data::{Data, Timespan, Timestamp, Type};

use crate::store_error::StoreError;
use crate::subject::Subject;

/// What becomes of a number that would be beyond the greatest or the least of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Whoever asked for it is told, and nothing changes.
    Refuse,
    /// It is the greatest or the least: nobody is there who could be told.
    Saturate,
}

/// Adds `operand` to what a key stands for, which is an empty value of type `init` if that is
/// nothing: numbers and spans of time are added, text is appended, a set gets an element, a table
/// an entry (of a vector of its key and value), and a vector one more element.
pub fn add(
    value: Option<Data>,
    operand: Data,
    init: Type,
    overflow: Overflow,
) -> Result<Data, StoreError> {
    let mut value = match value {
        Some(value) => value,
        None => empty(init).ok_or(StoreError::clash("what can be added to", init))?,
    };
    let sum = number(
        &value,
        &operand,
        |one, two| (one.checked_add(two), one.saturating_add(two)),
        |one, two| (one.checked_add(two), one.saturating_add(two)),
        |one, two| one + two,
        overflow,
    );
    if let Some(sum) = sum {
        return sum;
    }
    match (&mut value, operand) {
        (Data::String(text), Data::String(mut more)) => text.append(&mut more),
        (Data::Set(elements), element) => {
            elements.insert(element);
        }
        (Data::Vector(elements), element) => elements.push(element),
        (Data::Table(entries), Data::Vector(pair)) => {
            let [key, entry] = <[Data; 2]>::try_from(pair)
                .map_err(|_| StoreError::clash("a key with its value", Type::Vector))?;
            entries.insert(key, entry);
        }
        (value, operand) => return Err(StoreError::clash(addend(value), operand.data_type())),
    }
    Ok(value)
}

/// Takes `operand` from what a key stands for: numbers and spans of time are subtracted, a set loses
/// the element, a table the entry with this key, and a vector its last element whatever the operand
/// is.
pub fn subtract(mut value: Data, operand: &Data, overflow: Overflow) -> Result<Data, StoreError> {
    let rest = number(
        &value,
        operand,
        |one, two| (one.checked_sub(two), one.saturating_sub(two)),
        |one, two| (one.checked_sub(two), one.saturating_sub(two)),
        |one, two| one - two,
        overflow,
    );
    if let Some(rest) = rest {
        return rest;
    }
    match (&mut value, operand) {
        (Data::Set(elements), element) => {
            elements.remove(element);
        }
        (Data::Table(entries), key) => {
            entries.remove(key);
        }
        (Data::Vector(elements), _) => {
            elements.pop();
        }
        (value, operand) => {
            return Err(StoreError::clash(addend(value), operand.data_type()));
        }
    }
    Ok(value)
}

/// Two numbers that go together, as their type says what becomes of them: exactly if that can be, and
/// else within the type. `None` if they are none.
fn number(
    value: &Data,
    operand: &Data,
    counts: impl Fn(u64, u64) -> (Option<u64>, u64),
    integers: impl Fn(i64, i64) -> (Option<i64>, i64),
    reals: impl Fn(f64, f64) -> f64,
    overflow: Overflow,
) -> Option<Result<Data, StoreError>> {
    let beyond = || StoreError::Overflow(value.data_type(), Subject::default());
    let signed = |one: i64, two: i64| {
        let (exact, bound) = integers(one, two);
        exact.or((overflow == Overflow::Saturate).then_some(bound)).ok_or_else(beyond)
    };
    Some(match (value, operand) {
        (Data::Count(one), Data::Count(two)) => {
            let (exact, bound) = counts(*one, *two);
            let count = exact.or((overflow == Overflow::Saturate).then_some(bound));
            count.map(Data::Count).ok_or_else(beyond)
        }
        (Data::Integer(one), Data::Integer(two)) => signed(*one, *two).map(Data::Integer),
        (Data::Real(one), Data::Real(two)) => Ok(Data::Real(reals(*one, *two))),
        (Data::Timespan(one), Data::Timespan(two)) => {
            let span = signed(one.nanos(), two.nanos());
            span.map(|span| Data::Timespan(Timespan::from_nanos(span)))
        }
        (Data::Timestamp(one), Data::Timespan(two)) => {
            let time = signed(one.nanos(), two.nanos());
            time.map(|time| Data::Timestamp(Timestamp::from_nanos(time)))
        }
        _ => return None,
    })
}

/// What a value contains under an index: an element of a vector by its number, whether a set has it,
/// what a table has for it. Any other value is all that it contains.
pub fn index(value: Data, index: &Data) -> Result<Data, StoreError> {
    Ok(match value {
        Data::Set(elements) => Data::Boolean(elements.contains(index)),
        Data::Table(mut entries) => entries.remove(index).ok_or_else(StoreError::no_such_key)?,
        Data::Vector(mut elements) => {
            let clash = || StoreError::clash("the index of a vector", index.data_type());
            let place = match index {
                Data::Count(place) => usize::try_from(*place).ok(),
                Data::Integer(place) if *place >= 0 => usize::try_from(*place).ok(),
                _ => return Err(clash()),
            };
            let place = place.filter(|place| *place < elements.len());
            elements.swap_remove(place.ok_or_else(StoreError::no_such_key)?)
        }
        other => other,
    })
}

/// What a key stands for first if something is added to it.
fn empty(init: Type) -> Option<Data> {
    Some(match init {
        Type::Boolean => Data::Boolean(false),
        Type::Count => Data::Count(0),
        Type::Integer => Data::Integer(0),
        Type::Real => Data::Real(0.0),
        Type::String => Data::String(Vec::new()),
        Type::Timestamp => Data::Timestamp(Timestamp::default()),
        Type::Timespan => Data::Timespan(Timespan::default()),
        Type::Set => Data::Set(BTreeSet::new()),
        Type::Table => Data::Table(BTreeMap::new()),
        Type::Vector => Data::Vector(Vec::new()),
        Type::None | Type::Address | Type::Subnet | Type::Port | Type::Enum => return None,
    })
}

/// What can be added to a value, or taken from it.
fn addend(value: &Data) -> &'static str {
    match value {
        Data::Count(_) => "a count",
        Data::Integer(_) => "an integer",
        Data::Real(_) => "a real",
        Data::String(_) => "text to append",
        Data::Timestamp(_) | Data::Timespan(_) => "a span of time",
        Data::Table(_) => "a key with its value",
        Data::Set(_) | Data::Vector(_) => "an element",
        Data::None
        | Data::Boolean(_)
        | Data::Address(_)
        | Data::Subnet(_)
        | Data::Port(_)
        | Data::Enum(_) => "a change, of which this value knows none",
    }
}

#[cfg(test)]
#[path = "arithmetic_cases.rs"]
mod cases;
