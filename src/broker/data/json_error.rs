//! Why a text is no value in JSON, or a value has no JSON.

use std::fmt;

/// Why a text is no value in JSON, or a value has no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON.
    #[error("malformed JSON: {problem} in line {line}, column {column}")]
    Malformed {
        /// What is wrong.
        problem: Malformed,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
    },
    /// The text is JSON, but no object.
    #[error("a JSON object was expected")]
    NotAnObject,
    /// The text is an object, but its `@data-type` or `data` is not there or not valid, or its
    /// topic is no string.
    #[error("invalid data: {0}")]
    InvalidData(String),
    /// A set has an element twice, or a table a key.
    #[error("a set has an element twice, or a table a key")]
    Duplicate,
    /// The value, or one in it, cannot be said in JSON: a real that is no number, or values too
    /// deep in one another.
    #[error("no JSON: {0}")]
    Unwritable(String),
}

/// What makes a text no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// It ends too early.
    UnexpectedEof,
    /// Something follows the value.
    TrailingCharacter,
    /// A character cannot stand where it does.
    UnexpectedCharacter,
    /// A whole number is beyond 64 bits.
    IntegerOverflow,
    /// A negative whole number is beyond 64 bits.
    IntegerUnderflow,
    /// Values lie in one another beyond [`MAX_DEPTH`](crate::MAX_DEPTH).
    NestedTooDeeply,
}

impl Malformed {
    /// The name that clients know.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnexpectedEof => "unexpected_eof",
            Self::TrailingCharacter => "trailing_character",
            Self::UnexpectedCharacter => "unexpected_character",
            Self::IntegerOverflow => "integer_overflow",
            Self::IntegerUnderflow => "integer_underflow",
            Self::NestedTooDeeply => "nested_too_deeply",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
