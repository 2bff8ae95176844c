//! The JSON form, written.

use std::io;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::data::{Data, MAX_DEPTH};
use crate::json_error::JsonError;
use crate::json_string::JsonString;
use crate::json_time::{Moment, Span};

/// Appends the fields `"@data-type":…,"data":…` without braces, so that a message can have more.
/// On failure, which is [`JsonError::Unwritable`], `out` is what it was.
pub fn write(value: &Data, out: &mut Vec<u8>) -> Result<(), JsonError> {
    write_within(value, usize::MAX, out)
}

/// Appends a message in the form that WebSocket clients send and receive. On failure, which is
/// [`JsonError::Unwritable`], `out` is what it was.
pub fn write_message(topic: &[u8], value: &Data, out: &mut Vec<u8>) -> Result<(), JsonError> {
    write_message_within(topic, value, usize::MAX, out)
}

/// The same if `out` has at most `most` bytes then: a short value can be long in JSON.
pub fn write_message_within(
    topic: &[u8],
    value: &Data,
    most: usize,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let before = out.len();
    out.extend_from_slice(b"{\"type\":\"data-message\",\"topic\":");
    append(&JsonString(topic), before, most, out)?;
    out.push(b',');
    if let Err(error) = write_within(value, most, out) {
        out.truncate(before);
        return Err(error);
    }
    out.push(b'}');
    Ok(())
}

fn write_within(value: &Data, most: usize, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let before = out.len();
    // The names of types need no escapes.
    out.extend_from_slice(b"\"@data-type\":\"");
    out.extend_from_slice(value.data_type().name().as_bytes());
    out.extend_from_slice(b"\",\"data\":");
    append(&Content { value, depth: 1 }, before, most, out)
}

/// Appends what is serialized; on failure, `out` is as long as it was `before`.
fn append(
    value: &impl Serialize,
    before: usize,
    most: usize,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let written = if most == usize::MAX {
        // Half the time: a vector is written to without asking anything.
        serde_json::to_writer(&mut *out, value)
    } else {
        serde_json::to_writer(Within { out: &mut *out, most }, value)
    };
    written.map_err(|error| {
        out.truncate(before);
        JsonError::Unwritable(error.to_string())
    })
}

/// Bytes that do not become more than `most`.
struct Within<'a> {
    out: &'a mut Vec<u8>,
    most: usize,
}

impl io::Write for Within<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most.saturating_sub(self.out.len()) {
            return Err(io::Error::other("it is too long"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Object { value: self, depth: 0 }.serialize(serializer)
    }
}

/// A value with its type, in `depth` others.
struct Object<'a> {
    value: &'a Data,
    depth: usize,
}

/// A value alone, which its type stands before, and what lies in it lies in `depth` others.
struct Content<'a> {
    value: &'a Data,
    depth: usize,
}

/// An entry of a table.
struct Entry<'a> {
    key: Object<'a>,
    value: Object<'a>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.depth >= MAX_DEPTH {
            return Err(S::Error::custom(format_args!(
                "values lie in one another more than {MAX_DEPTH} deep"
            )));
        }
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("@data-type", self.value.data_type().name())?;
        object.serialize_entry("data", &Content { value: self.value, depth: self.depth + 1 })?;
        object.end()
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = |value| Object { value, depth: self.depth };
        match self.value {
            Data::None => serializer.serialize_map(Some(0))?.end(),
            Data::Boolean(value) => serializer.serialize_bool(*value),
            Data::Count(value) => serializer.serialize_u64(*value),
            Data::Integer(value) => serializer.serialize_i64(*value),
            Data::Real(value) if value.is_finite() => serializer.serialize_f64(*value),
            Data::Real(value) => {
                Err(S::Error::custom(format_args!("the real {value} is no number in JSON")))
            }
            Data::String(value) => JsonString(value).serialize(serializer),
            Data::Address(value) => serializer.collect_str(&value.to_canonical()),
            Data::Subnet(value) => serializer.collect_str(value),
            Data::Port(value) => serializer.collect_str(value),
            Data::Timestamp(value) => serializer.collect_str(&Moment(*value)),
            Data::Timespan(value) => serializer.collect_str(&Span(*value)),
            Data::Enum(value) => JsonString(value.as_bytes()).serialize(serializer),
            Data::Set(values) => listed(serializer, values.iter().map(object)),
            Data::Table(entries) => {
                let entries = entries.iter();
                listed(
                    serializer,
                    entries.map(|(key, value)| Entry { key: object(key), value: object(value) }),
                )
            }
            Data::Vector(values) => listed(serializer, values.iter().map(object)),
        }
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_map(Some(2))?;
        entry.serialize_entry("key", &self.key)?;
        entry.serialize_entry("value", &self.value)?;
        entry.end()
    }
}

/// Elements in an array.
fn listed<S: Serializer>(
    serializer: S,
    elements: impl ExactSizeIterator<Item = impl Serialize>,
) -> Result<S::Ok, S::Error> {
    let mut array = serializer.serialize_seq(Some(elements.len()))?;
    for element in elements {
        array.serialize_element(&element)?;
    }
    array.end()
}
