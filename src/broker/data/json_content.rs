//! A value whose type is known, out of JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::json_error::Malformed;
use crate::json_object::{Object, Problem};
use crate::json_string::restored;
use crate::json_time::{moment, span};
use crate::parse::address;
use crate::types::Type;

/// 2⁶⁴ and -2⁶³: whole numbers from here on, or below, come as floating point numbers.
const BEYOND_COUNTS: f64 = 18_446_744_073_709_551_616.0;
const LEAST_INTEGER: f64 = -9_223_372_036_854_775_808.0;

/// What an object has in `data`.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    /// The object.
    pub(crate) object: Object<'a>,
    /// Its `@data-type`.
    pub(crate) data_type: Type,
}

impl<'de> DeserializeSeed<'de> for Content<'_> {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        match self.data_type {
            Type::None => IgnoredAny::deserialize(deserializer).map(|_| Data::None),
            Type::Boolean => bool::deserialize(deserializer).map(Data::Boolean),
            Type::Count => deserializer.deserialize_u64(self),
            Type::Integer => deserializer.deserialize_i64(self),
            Type::Real => deserializer.deserialize_f64(self),
            Type::String => Bytes.deserialize(deserializer).map(Data::String),
            Type::Enum => {
                Bytes.deserialize(deserializer).map(|name| Data::Enum(EnumValue::new(name)))
            }
            Type::Address | Type::Subnet | Type::Port | Type::Timestamp | Type::Timespan => {
                deserializer.deserialize_str(self)
            }
            Type::Set | Type::Table | Type::Vector => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Content<'_> {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data of the type {}", self.data_type)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Data, E> {
        match self.data_type {
            Type::Count => Ok(Data::Count(number)),
            Type::Integer => match i64::try_from(number) {
                Ok(number) => Ok(Data::Integer(number)),
                Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
            },
            // The nearest real; JavaScript writes 3.0 as 3.
            #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of numbers")]
            Type::Real => Ok(Data::Real(number as f64)),
            _ => Err(E::invalid_type(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Data, E> {
        match self.data_type {
            Type::Integer => Ok(Data::Integer(number)),
            #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of numbers")]
            Type::Real => Ok(Data::Real(number as f64)),
            _ => Err(E::invalid_type(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Data, E> {
        let problem = match self.data_type {
            Type::Real => return Ok(Data::Real(number)),
            _ if number >= BEYOND_COUNTS => Malformed::IntegerOverflow,
            _ if number <= LEAST_INTEGER => Malformed::IntegerUnderflow,
            _ => return Err(E::invalid_type(Unexpected::Float(number), &self)),
        };
        Err(self.object.reading.fail(Problem::Malformed(problem)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        match self.data_type {
            Type::Address => address(text).map(Data::Address),
            Type::Subnet => text.parse().ok().map(Data::Subnet),
            Type::Port => text.parse().ok().map(Data::Port),
            Type::Timestamp => moment(text).map(Data::Timestamp),
            Type::Timespan => span(text).map(Data::Timespan),
            _ => None,
        }
        .ok_or_else(|| E::invalid_value(Unexpected::Other("this string"), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Data, A::Error> {
        let element = self.object.inner();
        match self.data_type {
            Type::Set => {
                let mut values = BTreeSet::new();
                while let Some(value) = elements.next_element_seed(element)? {
                    if !values.insert(value) {
                        return Err(element.reading.fail(Problem::Duplicate));
                    }
                }
                Ok(Data::Set(values))
            }
            Type::Table => {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = elements.next_element_seed(Entry(element))? {
                    if entries.insert(key, value).is_some() {
                        return Err(element.reading.fail(Problem::Duplicate));
                    }
                }
                Ok(Data::Table(entries))
            }
            _ => {
                let mut values = Vec::new();
                while let Some(value) = elements.next_element_seed(element)? {
                    values.push(value);
                }
                Ok(Data::Vector(values))
            }
        }
    }
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
struct Entry<'a>(Object<'a>);

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
        let mut key = None;
        let mut value = None;
        while let Some(name) = entry.next_key::<String>()? {
            match name.as_str() {
                "key" if key.is_none() => key = Some(entry.next_value_seed(self.0)?),
                "value" if value.is_none() => value = Some(entry.next_value_seed(self.0)?),
                _ => {
                    entry.next_value::<IgnoredAny>()?;
                }
            }
        }
        let key = key.ok_or_else(|| A::Error::missing_field("key"))?;
        Ok((key, value.ok_or_else(|| A::Error::missing_field("value"))?))
    }
}
