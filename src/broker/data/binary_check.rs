//! The binary form, looked at without reading it into values.

use crate::binary_read::{array, count, sized};
use crate::budget::Budget;
use crate::data::{Data, MAX_DEPTH};
use crate::decode_error::DecodeError;
use crate::port::Protocol;
use crate::subnet::Subnet;
use crate::types::Type;

impl Data {
    /// Whether all of `bytes` are one value, found without taking memory. A set that has an element
    /// twice, or a table a key, is the only thing that [`Data::decode`] refuses and this does not.
    pub fn check(mut bytes: &[u8]) -> Result<(), DecodeError> {
        Self::check_front(&mut bytes)?;
        if bytes.is_empty() { Ok(()) } else { Err(DecodeError::Trailing(bytes.len())) }
    }

    /// Skips one value at the front of `input`, as [`Data::check`] looks at it.
    pub fn check_front(input: &mut &[u8]) -> Result<(), DecodeError> {
        skip(input, MAX_DEPTH, &mut Budget::default())
    }
}

/// One value, in which others lie less than `depth` deep.
fn skip(input: &mut &[u8], depth: usize, budget: &mut Budget) -> Result<(), DecodeError> {
    let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
    let [tag] = array(input)?;
    let kind = Type::from_tag(tag).ok_or(DecodeError::UnknownTag(tag))?;
    budget.value()?;
    let elements = match kind {
        Type::None => 0,
        Type::Boolean => array::<1>(input).map(|_| 0)?,
        Type::Count | Type::Integer | Type::Real | Type::Timestamp | Type::Timespan => {
            array::<8>(input).map(|_| 0)?
        }
        Type::String | Type::Enum => {
            budget.bytes(sized(input)?)?;
            0
        }
        Type::Address => array::<16>(input).map(|_| 0)?,
        Type::Subnet => {
            let octets = array(input)?;
            let [bits] = array(input)?;
            Subnet::from_raw(octets, bits).map(|_| 0).ok_or(DecodeError::LongPrefix(bits))?
        }
        Type::Port => {
            let [_, _, protocol] = array(input)?;
            let known = Protocol::from_byte(protocol).map(|_| 0);
            known.ok_or(DecodeError::UnknownProtocol(protocol))?
        }
        Type::Set => {
            let count = count(input, 1)?;
            budget.tree(count)?;
            count
        }
        Type::Vector => {
            let count = count(input, 1)?;
            budget.vector()?;
            count
        }
        Type::Table => {
            let count = count(input, 2)?;
            budget.tree(count)?;
            budget.tree(count)?;
            count.saturating_mul(2)
        }
    };
    (0..elements).try_for_each(|_| skip(input, depth, budget))
}
