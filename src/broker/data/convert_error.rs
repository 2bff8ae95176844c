//! Why a value cannot be had as something else.

use crate::types::Type;

/// Why a value cannot be had as a type of Rust's, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The value is of another type.
    #[error("a value of type {expected} was expected, and it is of type {found}")]
    Type {
        /// The type that can be converted.
        expected: Type,
        /// The value's type.
        found: Type,
    },
    /// The number, span or time is beyond what the other type can hold.
    #[error("the value is out of range")]
    Range,
    /// The string or label is not text in UTF-8.
    #[error("the bytes are not UTF-8")]
    Utf8,
    /// A vector has not as many elements as the tuple.
    #[error("a vector of {expected} elements was expected, and it has {found}")]
    Length {
        /// The elements of the tuple.
        expected: usize,
        /// The elements of the vector.
        found: usize,
    },
}
