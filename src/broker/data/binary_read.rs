//! The binary form, read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use crate::data::{Data, MAX_DEPTH};
use crate::decode_error::DecodeError;
use crate::enum_value::EnumValue;
use crate::port::{Port, Protocol};
use crate::subnet::Subnet;
use crate::time::{Timespan, Timestamp};
use crate::types::Type;
use crate::varbyte;

/// How many elements of a vector are given room before they are read. What a peer announces is
/// taken for no more than this, so that vectors in vectors cannot reserve what they do not hold.
const FIRST_ROOM: usize = 32;

impl Data {
    /// Reads one value that all of `bytes` are.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let value = Self::decode_front(&mut bytes)?;
        if bytes.is_empty() { Ok(value) } else { Err(DecodeError::Trailing(bytes.len())) }
    }

    /// Reads one value off the front of `input`, and leaves what follows it.
    pub fn decode_front(input: &mut &[u8]) -> Result<Self, DecodeError> {
        value(input, MAX_DEPTH)
    }
}

/// One value, in which others lie less than `depth` deep.
fn value(input: &mut &[u8], depth: usize) -> Result<Data, DecodeError> {
    let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
    let [tag] = array(input)?;
    Ok(match Type::from_tag(tag).ok_or(DecodeError::UnknownTag(tag))? {
        Type::None => Data::None,
        Type::Boolean => Data::Boolean(array::<1>(input)? != [0]),
        Type::Count => Data::Count(u64::from_be_bytes(array(input)?)),
        Type::Integer => Data::Integer(i64::from_be_bytes(array(input)?)),
        Type::Real => Data::Real(f64::from_be_bytes(array(input)?)),
        Type::String => Data::String(sized(input)?.to_vec()),
        Type::Address => Data::Address(Ipv6Addr::from(array::<16>(input)?).to_canonical()),
        Type::Subnet => {
            let octets = array(input)?;
            let [bits] = array(input)?;
            Data::Subnet(Subnet::from_raw(octets, bits).ok_or(DecodeError::LongPrefix(bits))?)
        }
        Type::Port => {
            let number = u16::from_be_bytes(array(input)?);
            let [byte] = array(input)?;
            let protocol = Protocol::from_byte(byte).ok_or(DecodeError::UnknownProtocol(byte))?;
            Data::Port(Port::new(number, protocol))
        }
        Type::Timestamp => {
            Data::Timestamp(Timestamp::from_nanos(i64::from_be_bytes(array(input)?)))
        }
        Type::Timespan => Data::Timespan(Timespan::from_nanos(i64::from_be_bytes(array(input)?))),
        Type::Enum => Data::Enum(EnumValue::new(sized(input)?)),
        Type::Set => {
            let mut values = BTreeSet::new();
            for _ in 0..count(input, 1)? {
                if !values.insert(value(input, depth)?) {
                    return Err(DecodeError::Duplicate);
                }
            }
            Data::Set(values)
        }
        Type::Table => {
            let mut entries = BTreeMap::new();
            for _ in 0..count(input, 2)? {
                let key = value(input, depth)?;
                if entries.insert(key, value(input, depth)?).is_some() {
                    return Err(DecodeError::Duplicate);
                }
            }
            Data::Table(entries)
        }
        Type::Vector => {
            let count = count(input, 1)?;
            let mut values = Vec::with_capacity(count.min(FIRST_ROOM));
            for _ in 0..count {
                values.push(value(input, depth)?);
            }
            Data::Vector(values)
        }
    })
}

/// Bytes of a fixed number.
fn array<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(*bytes)
}

/// Bytes after their length.
fn sized<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = varbyte::read(input)?;
    let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
    let (bytes, rest) = input.split_at_checked(length).ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(bytes)
}

/// How many elements follow, which take `least` bytes each or more.
fn count(input: &mut &[u8], least: usize) -> Result<usize, DecodeError> {
    let announced = varbyte::read(input)?;
    match usize::try_from(announced) {
        Ok(count) if count <= input.len() / least => Ok(count),
        _ => Err(DecodeError::TooMany(announced)),
    }
}
