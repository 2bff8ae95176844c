//! The binary form, read.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::net::Ipv6Addr;

use crate::budget::Budget;
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
const ROOM: usize = 32;

impl Data {
    /// Reads one value that all of `bytes` are.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut value = Self::None;
        read(&mut bytes, MAX_DEPTH, &mut Budget::default(), &mut value)?;
        if bytes.is_empty() { Ok(value) } else { Err(DecodeError::Trailing(bytes.len())) }
    }

    /// Reads one value off the front of `input`, and leaves what follows it.
    pub fn decode_front(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let mut value = Self::None;
        read(input, MAX_DEPTH, &mut Budget::default(), &mut value)?;
        Ok(value)
    }

    /// Reads keys with their values off the front of `input`, behind their number, and leaves what
    /// follows them. All together they take no more memory than one value may.
    pub fn decode_entries(input: &mut &[u8]) -> Result<Vec<(Self, Self)>, DecodeError> {
        let count = count(input, 2)?;
        let budget = &mut Budget::default();
        budget.tree(count)?;
        budget.tree(count)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (mut key, mut value) = (Self::None, Self::None);
            read(input, MAX_DEPTH, budget, &mut key)?;
            read(input, MAX_DEPTH, budget, &mut value)?;
            entries.push((key, value));
        }
        Ok(entries)
    }
}

/// One value into its place, in which others lie less than `depth` deep and which takes no more
/// memory than `budget` has.
///
/// A value that is returned is copied where it shall lie just after its parts were written, and a
/// processor waits for that: in its place it is decoded in half the time.
fn read(
    input: &mut &[u8],
    depth: usize,
    budget: &mut Budget,
    place: &mut Data,
) -> Result<(), DecodeError> {
    let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
    let [tag] = array(input)?;
    let kind = Type::from_tag(tag).ok_or(DecodeError::UnknownTag(tag))?;
    budget.value()?;
    *place = match kind {
        Type::None => Data::None,
        Type::Boolean => Data::Boolean(array::<1>(input)? != [0]),
        Type::Count => Data::Count(u64::from_be_bytes(array(input)?)),
        Type::Integer => Data::Integer(i64::from_be_bytes(array(input)?)),
        Type::Real => Data::Real(f64::from_be_bytes(array(input)?)),
        Type::String => Data::String(paid(input, budget)?.to_vec()),
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
        Type::Enum => Data::Enum(EnumValue::new(paid(input, budget)?)),
        Type::Set => Data::Set(set(input, depth, budget)?),
        Type::Table => Data::Table(table(input, depth, budget)?),
        Type::Vector => Data::Vector(vector(input, depth, budget)?),
    };
    Ok(())
}

/// Bytes after their length, for which there is memory.
fn paid<'a>(input: &mut &'a [u8], budget: &mut Budget) -> Result<&'a [u8], DecodeError> {
    let bytes = sized(input)?;
    budget.bytes(bytes)?;
    Ok(bytes)
}

fn set(
    input: &mut &[u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<BTreeSet<Data>, DecodeError> {
    let count = count(input, 1)?;
    budget.tree(count)?;
    let mut values = BTreeSet::new();
    for _ in 0..count {
        let mut value = Data::None;
        read(input, depth, budget, &mut value)?;
        if !values.insert(value) {
            return Err(DecodeError::Duplicate);
        }
    }
    Ok(values)
}

fn table(
    input: &mut &[u8],
    depth: usize,
    budget: &mut Budget,
) -> Result<BTreeMap<Data, Data>, DecodeError> {
    let count = count(input, 2)?;
    budget.tree(count)?;
    budget.tree(count)?;
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let (mut key, mut value) = (Data::None, Data::None);
        read(input, depth, budget, &mut key)?;
        read(input, depth, budget, &mut value)?;
        if entries.insert(key, value).is_some() {
            return Err(DecodeError::Duplicate);
        }
    }
    Ok(entries)
}

fn vector(input: &mut &[u8], depth: usize, budget: &mut Budget) -> Result<Vec<Data>, DecodeError> {
    let count = count(input, 1)?;
    budget.vector()?;
    let mut values = Vec::with_capacity(count.min(ROOM));
    while values.len() < count {
        let read_before = values.len();
        let room = (count - read_before).min(ROOM);
        values.extend(iter::repeat_with(|| Data::None).take(room));
        for place in values.iter_mut().skip(read_before) {
            read(input, depth, budget, place)?;
        }
    }
    Ok(values)
}

/// Bytes of a fixed number.
#[inline]
pub(crate) fn array<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(*bytes)
}

/// Bytes after their length.
#[inline]
pub(crate) fn sized<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = varbyte::read(input)?;
    let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
    let (bytes, rest) = input.split_at_checked(length).ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(bytes)
}

/// How many elements follow, which take `least` bytes each or more.
pub(crate) fn count(input: &mut &[u8], least: usize) -> Result<usize, DecodeError> {
    let announced = varbyte::read(input)?;
    match usize::try_from(announced) {
        Ok(count) if count <= input.len() / least => Ok(count),
        _ => Err(DecodeError::TooMany(announced)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_refused() {
        for (bytes, error) in [
            (&b""[..], DecodeError::Truncated),
            (b"\x0f", DecodeError::UnknownTag(15)),
            (b"\x02\0\0\0\0\0\0\0", DecodeError::Truncated),
            (b"\x00\x00", DecodeError::Trailing(1)),
            (b"\x05\x02a", DecodeError::Truncated),
            (b"\x05\x80\x80\x80\x80\x80\x00", DecodeError::Varbyte),
            (b"\x05\xff\xff\xff\xff\x1f", DecodeError::Varbyte),
            (b"\x08\x00\x50\x04", DecodeError::UnknownProtocol(4)),
            (b"\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x81", DecodeError::LongPrefix(129)),
            (b"\x0c\x02\x01\x01\x01\x02", DecodeError::Duplicate),
            (b"\x0d\x02\x00\x00\x00\x00", DecodeError::Duplicate),
            (b"\x0e\xff\xff\xff\xff\x0f\x00", DecodeError::TooMany(u32::MAX)),
            (b"\x0d\x01\x00", DecodeError::TooMany(1)),
        ] {
            assert_eq!(Data::decode(bytes), Err(error), "{bytes:?}");
            let checked = Data::check(bytes);
            let twins = error == DecodeError::Duplicate;
            assert_eq!(checked, if twins { Ok(()) } else { Err(error) }, "{bytes:?}");
        }
    }

    #[test]
    fn what_the_original_reads_though_it_does_not_write_it_is_read() {
        for (bytes, value) in [
            (&b"\x01\x80"[..], Data::Boolean(true)),
            (b"\x05\x81\x80\x00a", Data::from("a")),
            (b"\x0c\x02\x01\x01\x01\x00", Data::Set([false.into(), true.into()].into())),
        ] {
            assert_eq!(Data::decode(bytes), Ok(value));
        }
    }

    #[test]
    fn values_lie_in_one_another_to_a_limit() {
        let vectors = |depth: usize| [b"\x0e\x01".repeat(depth), vec![0]].concat();
        assert!(Data::decode(&vectors(MAX_DEPTH - 1)).is_ok());
        for depth in [MAX_DEPTH, 200_000] {
            assert_eq!(Data::decode(&vectors(depth)), Err(DecodeError::TooDeep));
            assert_eq!(Data::check(&vectors(depth)), Err(DecodeError::TooDeep));
        }
    }

    #[test]
    fn few_bytes_that_would_take_much_memory_are_refused() {
        let vector = |count: usize, element: &[u8]| {
            let mut bytes = vec![0x0e];
            varbyte::write(u32::try_from(count).unwrap(), &mut bytes);
            bytes.extend(element.repeat(count));
            bytes
        };
        // Nothings, and tables, sets and vectors of one element.
        for (element, count) in
            [(&b"\x00"[..], 9 << 20), (b"\x0d\x01\x00\x00", 1 << 20), (b"\x0c\x01\x00", 1 << 20)]
        {
            let bytes = vector(count, element);
            assert_eq!(Data::decode(&bytes), Err(DecodeError::TooLarge));
            assert_eq!(Data::check(&bytes), Err(DecodeError::TooLarge));
        }
        let many = vector(1 << 20, b"\x02\0\0\0\0\0\0\0\x01");
        assert!(Data::decode(&many).is_ok() && Data::check(&many).is_ok());
    }

    #[test]
    fn room_is_made_for_what_is_there_and_not_for_what_is_announced() {
        // Each vector announces as many elements as there are bytes.
        let mut bytes = Vec::new();
        for _ in 1..MAX_DEPTH {
            bytes.extend_from_slice(b"\x0e\x80\x80\x40");
        }
        bytes.resize((1 << 20) + 4 * MAX_DEPTH, 0);
        assert_eq!(Data::decode(&bytes), Err(DecodeError::Truncated));
    }
}
