//! A value whose type is known, out of JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::json_error::Malformed;
use crate::json_object::{Field, Name, Object, Position, Problem};
use crate::json_string::restored;
use crate::json_time::{moment, span};
use crate::parse::address;
use crate::types::Type;

/// 2⁶⁴ and -2⁶³: whole numbers from here on, or below, come as floating point numbers.
const BEYOND_COUNTS: f64 = 18_446_744_073_709_551_616.0;
const LEAST_INTEGER: f64 = -9_223_372_036_854_775_808.0;

/// What an object has in `data`, read into its place.
pub(crate) struct Content<'a, 'p> {
    /// Where the object stands.
    pub(crate) position: Position<'a>,
    /// Its `@data-type`.
    pub(crate) data_type: Type,
    /// Where the value goes.
    pub(crate) place: &'p mut Data,
}

impl<'de> DeserializeSeed<'de> for Content<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.place = match self.data_type {
            Type::None => IgnoredAny::deserialize(deserializer).map(|_| Data::None)?,
            Type::Boolean => Data::Boolean(bool::deserialize(deserializer)?),
            Type::Count => return deserializer.deserialize_u64(self),
            Type::Integer => return deserializer.deserialize_i64(self),
            Type::Real => return deserializer.deserialize_f64(self),
            Type::String => Data::String(Bytes.deserialize(deserializer)?),
            Type::Enum => Data::Enum(EnumValue::new(Bytes.deserialize(deserializer)?)),
            Type::Address | Type::Subnet | Type::Port | Type::Timestamp | Type::Timespan => {
                return deserializer.deserialize_str(self);
            }
            Type::Set | Type::Table | Type::Vector => return deserializer.deserialize_seq(self),
        };
        Ok(())
    }
}

impl<'de> Visitor<'de> for Content<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data of the type {}", self.data_type)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        *self.place = match self.data_type {
            Type::Count => Data::Count(number),
            Type::Integer => match i64::try_from(number) {
                Ok(number) => Data::Integer(number),
                Err(_) => return Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
            },
            // The nearest real; JavaScript writes 3.0 as 3.
            #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of numbers")]
            Type::Real => Data::Real(number as f64),
            _ => return Err(E::invalid_type(Unexpected::Unsigned(number), &self)),
        };
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        *self.place = match self.data_type {
            Type::Integer => Data::Integer(number),
            #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of numbers")]
            Type::Real => Data::Real(number as f64),
            _ => return Err(E::invalid_type(Unexpected::Signed(number), &self)),
        };
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let problem = match self.data_type {
            Type::Real => {
                *self.place = Data::Real(number);
                return Ok(());
            }
            _ if number >= BEYOND_COUNTS => Malformed::IntegerOverflow,
            _ if number <= LEAST_INTEGER => Malformed::IntegerUnderflow,
            _ => return Err(E::invalid_type(Unexpected::Float(number), &self)),
        };
        Err(self.position.reading.fail(Problem::Malformed(problem)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let value = match self.data_type {
            Type::Address => address(text).map(Data::Address),
            Type::Subnet => text.parse().ok().map(Data::Subnet),
            Type::Port => text.parse().ok().map(Data::Port),
            Type::Timestamp => moment(text).map(Data::Timestamp),
            Type::Timespan => span(text).map(Data::Timespan),
            _ => None,
        };
        *self.place =
            value.ok_or_else(|| E::invalid_value(Unexpected::Other("this string"), &self))?;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        *self.place = match self.data_type {
            Type::Set => {
                let mut values = BTreeSet::new();
                let mut value = Data::None;
                while next(&mut elements, self.position, &mut value)? {
                    if !values.insert(mem::take(&mut value)) {
                        return Err(self.position.reading.fail(Problem::Duplicate));
                    }
                }
                Data::Set(values)
            }
            Type::Table => {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = elements.next_element_seed(Entry(self.position))? {
                    if entries.insert(key, value).is_some() {
                        return Err(self.position.reading.fail(Problem::Duplicate));
                    }
                }
                Data::Table(entries)
            }
            _ => {
                let mut values = Vec::new();
                loop {
                    values.push(Data::None);
                    let Some(place) = values.last_mut() else { break };
                    if !next(&mut elements, self.position, place)? {
                        values.pop();
                        break;
                    }
                }
                Data::Vector(values)
            }
        };
        Ok(())
    }
}

/// The next element into its place, if there is one.
fn next<'de, A: SeqAccess<'de>>(
    elements: &mut A,
    position: Position<'_>,
    place: &mut Data,
) -> Result<bool, A::Error> {
    Ok(elements.next_element_seed(Object::within(position, place))?.is_some())
}

/// A string's bytes.
pub(crate) struct Bytes;

impl<'de> DeserializeSeed<'de> for Bytes {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        // As bytes, because text cannot have the surrogates that stand for bytes.
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<Vec<u8>, E> {
        restored(text).ok_or_else(|| E::custom("a lone surrogate in a string stands for no byte"))
    }
}

/// An entry of a table: `{"key":…,"value":…}`.
struct Entry<'a>(Position<'a>);

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = (Data, Data);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(Data, Data), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = (Data, Data);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with key and value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entry: A) -> Result<(Data, Data), A::Error> {
        let (mut key, mut value) = (Data::None, Data::None);
        let (mut has_key, mut has_value) = (false, false);
        while let Some(name) = entry.next_key_seed(Name)? {
            match name {
                Field::Key if !has_key => {
                    has_key = true;
                    entry.next_value_seed(Object::within(self.0, &mut key))?;
                }
                Field::Value if !has_value => {
                    has_value = true;
                    entry.next_value_seed(Object::within(self.0, &mut value))?;
                }
                _ => {
                    entry.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (has_key, has_value) {
            (true, true) => Ok((key, value)),
            (false, _) => Err(A::Error::missing_field("key")),
            (true, false) => Err(A::Error::missing_field("value")),
        }
    }
}
