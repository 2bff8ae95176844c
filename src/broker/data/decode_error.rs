//! Why bytes are no value.

use crate::budget::MAX_MEMORY;
use crate::data::MAX_DEPTH;

/// Why bytes are no value in the binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a value.
    #[error("the bytes end within a value")]
    Truncated,
    /// Bytes follow the value.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// No type has this tag.
    #[error("no type has the tag {0}")]
    UnknownTag(u8),
    /// No protocol has this number.
    #[error("no protocol of a port has the number {0}")]
    UnknownProtocol(u8),
    /// A network's prefix is longer than an address.
    #[error("a prefix of {0} bits is longer than an address")]
    LongPrefix(u8),
    /// A length or a count is beyond 32 bits, or is written in too many bytes.
    #[error("a length is no varbyte of 32 bits")]
    Varbyte,
    /// More elements are announced than bytes are left.
    #[error("{0} elements are announced where fewer bytes follow")]
    TooMany(u32),
    /// A set holds an element twice, or a table a key.
    #[error("a set holds an element twice, or a table a key")]
    Duplicate,
    /// Values lie in one another beyond [`MAX_DEPTH`].
    #[error("values lie in one another more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The value would take more memory than [`MAX_MEMORY`].
    #[error("the value takes more than {MAX_MEMORY} bytes of memory")]
    TooLarge,
}
