//! How much memory a value may take that somebody else has sent: its bytes say little about that. An
//! element that takes one byte on the wire takes thirty-two here, and a table of one entry a thousand.

use std::mem::size_of;

use crate::data::Data;
use crate::decode_error::DecodeError;

/// Memory that a value takes at most when it is read from its binary form, about: 256 MiB, four times
/// the longest message between nodes.
pub const MAX_MEMORY: usize = 256 << 20;

/// A value by itself.
const VALUE: usize = size_of::<Data>();

/// What the allocator takes for each block.
const BLOCK: usize = 16;

/// Values that the tree of a set or the keys of a table has room for in its first node.
const NODE: usize = 11;

/// What is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_MEMORY)
    }
}

impl Budget {
    /// One more value.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<(), DecodeError> {
        self.take(VALUE)
    }

    /// The bytes of one.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.take(bytes.len().saturating_add(BLOCK))
    }

    /// The places of a vector beside its values, which take theirs.
    pub(crate) fn vector(&mut self) -> Result<(), DecodeError> {
        self.take(BLOCK)
    }

    /// The tree that holds so many values: its nodes may be filled by half.
    pub(crate) fn tree(&mut self, values: usize) -> Result<(), DecodeError> {
        let places = if values == 0 { 0 } else { values.saturating_add(NODE) };
        self.take(places.saturating_mul(VALUE))
    }

    #[inline]
    fn take(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.0 = self.0.checked_sub(bytes).ok_or(DecodeError::TooLarge)?;
        Ok(())
    }
}
