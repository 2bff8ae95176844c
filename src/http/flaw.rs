//! Everything for which bytes are refused before a handler sees a request: the status, and the
//! words, which hold nothing of the request.

use crate::Status;

/// Why bytes can be no request that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("The first line is not that of a request")]
    RequestLine,
    #[error("The target of the request is not a path that can be read")]
    Target,
    #[error("The method is not known here")]
    Method,
    #[error("The version is neither HTTP/1.1 nor HTTP/1.0")]
    Version,
    #[error("The first line is too long")]
    LineTooLong,
    #[error("The headers are too long")]
    HeadTooLong,
    #[error("There are too many headers")]
    TooManyHeaders,
    #[error("A line does not end with CR and LF")]
    LineEnd,
    #[error("A header is malformed")]
    Header,
    #[error("There is not exactly one Host, or it is malformed")]
    Host,
    #[error("Content-Length is not one number")]
    ContentLength,
    #[error("There are both a Content-Length and a Transfer-Encoding")]
    TwoLengths,
    #[error("Transfer-Encoding is malformed, or out of place")]
    TransferEncoding,
    #[error("A transfer coding other than chunked is not known here")]
    UnknownCoding,
    #[error("A chunk of the body is malformed")]
    Chunk,
    #[error("Nothing but 100-continue can be expected here")]
    Expectation,
}

impl Flaw {
    /// Every one, in the order of their numbers.
    const ALL: [Self; 16] = [
        Self::RequestLine,
        Self::Target,
        Self::Method,
        Self::Version,
        Self::LineTooLong,
        Self::HeadTooLong,
        Self::TooManyHeaders,
        Self::LineEnd,
        Self::Header,
        Self::Host,
        Self::ContentLength,
        Self::TwoLengths,
        Self::TransferEncoding,
        Self::UnknownCoding,
        Self::Chunk,
        Self::Expectation,
    ];

    /// Its number, as it goes through the server and comes back.
    pub(crate) fn number(self) -> u16 {
        self as u16
    }

    /// The one with this number.
    pub(crate) fn with_number(number: u16) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::RequestLine)
    }

    /// What a client is answered.
    pub(crate) fn status(self) -> Status {
        match self {
            Self::Method | Self::UnknownCoding => Status::NotImplemented,
            Self::Version => Status::HttpVersionNotSupported,
            Self::LineTooLong => Status::UriTooLong,
            Self::HeadTooLong | Self::TooManyHeaders => Status::RequestHeaderFieldsTooLarge,
            Self::Expectation => Status::ExpectationFailed,
            Self::RequestLine
            | Self::Target
            | Self::LineEnd
            | Self::Header
            | Self::Host
            | Self::ContentLength
            | Self::TwoLengths
            | Self::TransferEncoding
            | Self::Chunk => Status::BadRequest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flaw_has_a_number_of_its_own() {
        for flaw in Flaw::ALL {
            assert_eq!(Flaw::with_number(flaw.number()), flaw);
        }
    }
}
