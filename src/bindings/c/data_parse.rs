//! Plain values out of their text.

use std::ffi::{c_char, c_int};
use std::net::IpAddr;
use std::str::FromStr;

use broker::data::{Data, EnumValue, Timespan, Timestamp, Type};

use crate::bytes::{bytes, text};
use crate::fault::{Fault, made};

/// The value of a type that a text stands for.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_parse(
    of_type: c_int,
    at: *const c_char,
    length: usize,
) -> Option<Box<Data>> {
    made(|| {
        let of_type = u8::try_from(of_type).ok().and_then(Type::from_tag);
        let of_type = of_type.ok_or_else(|| Fault::invalid("there is no such type"))?;
        // SAFETY: the caller vouches for the string.
        let bytes = unsafe { bytes(at, length) }?;
        match of_type {
            // Any bytes are one.
            Type::String => return Ok(Data::String(bytes.to_vec())),
            Type::Enum => return Ok(Data::Enum(EnumValue::new(bytes))),
            Type::Set | Type::Table | Type::Vector => {
                return Err(Fault::invalid(format!(
                    "a {of_type} has no text that is read: use JSON"
                )));
            }
            _ => {}
        }
        // SAFETY: the same string.
        let text = unsafe { text(at, length) }?;
        parsed(of_type, text).ok_or_else(|| Fault::invalid(format!("{text:?} is no {of_type}")))
    })
}

fn parsed(of_type: Type, text: &str) -> Option<Data> {
    Some(match of_type {
        Type::None => (text == "nil").then_some(Data::None)?,
        Type::Boolean => Data::Boolean(match text {
            "T" => true,
            "F" => false,
            _ => return None,
        }),
        Type::Count => Data::Count(number(text)?),
        Type::Integer => Data::Integer(number(text)?),
        Type::Real => Data::Real(text.parse().ok()?),
        Type::Address => Data::Address(text.parse::<IpAddr>().ok()?.to_canonical()),
        Type::Subnet => Data::Subnet(text.parse().ok()?),
        Type::Port => Data::Port(text.parse().ok()?),
        Type::Timestamp => Data::Timestamp(Timestamp::from_nanos(nanoseconds(text)?)),
        Type::Timespan => Data::Timespan(Timespan::from_nanos(nanoseconds(text)?)),
        Type::String | Type::Enum | Type::Set | Type::Table | Type::Vector => return None,
    })
}

fn nanoseconds(text: &str) -> Option<i64> {
    number(text.strip_suffix("ns")?)
}

/// A number in digits, of which a negative one has a sign.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}
