//! Why a value is no message of Zeek's.

/// Why a value is no message of Zeek's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZeekError {
    /// It is not a vector of the format's number, a kind and a vector.
    #[error("no message of Zeek's: it is not a vector [1, kind, [content]]")]
    Shape,
    /// No message has this kind, or the caller expected another one.
    #[error("a message of Zeek's of an unexpected kind: {0}")]
    Kind(u64),
    /// The content has not the fields of its kind.
    #[error("no {0} of Zeek's: a field is missing or of another type")]
    Content(&'static str),
}
