//! What a node is called among its peers: sixteen bytes, a UUID.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// The id of an endpoint. The order is that of the bytes; in a handshake, the smaller one begins.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(pub [u8; Self::BYTES]);

/// A text is no endpoint id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not an endpoint id, which has the form 01234567-89ab-cdef-0123-456789abcdef")]
pub struct EndpointIdError;

impl EndpointId {
    /// The length of an id on the wire, where no length precedes it.
    pub const BYTES: usize = 16;
    /// Nobody; as a receiver, everybody who subscribed.
    pub const NIL: Self = Self([0; Self::BYTES]);

    /// An id that no other endpoint has.
    pub fn random() -> Self {
        Self(Uuid::new_v4().into_bytes())
    }

    /// Whether this is [`NIL`](Self::NIL).
    pub fn is_nil(&self) -> bool {
        *self == Self::NIL
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EndpointId {
    type Err = EndpointIdError;

    fn from_str(text: &str) -> Result<Self, EndpointIdError> {
        // The parser also knows forms without hyphens or within braces, which nobody writes here.
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(EndpointIdError);
        }
        Uuid::try_parse(text).map(|id| Self(id.into_bytes())).map_err(|_| EndpointIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_id_is_read_again() {
        let text = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee";
        let id: EndpointId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(format!("{id:?}"), text);
        assert_eq!("EEEEEEEE-EEEE-4EEE-8EEE-EEEEEEEEEEEE".parse(), Ok(id));
        assert_eq!(EndpointId::NIL.to_string(), "00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "eeeeeeeeeeee4eee8eeeeeeeeeeeeeee",
            "{eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee}",
            "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeeg",
            "eeeeeeeee-eee-4eee-8eee-eeeeeeeeeeee",
        ] {
            assert_eq!(text.parse::<EndpointId>(), Err(EndpointIdError), "{text}");
        }
    }

    #[test]
    fn ids_are_ordered_by_their_bytes_and_random_ones_differ() {
        assert!(EndpointId([1; 16]) < EndpointId([255; 16]));
        assert!(EndpointId::NIL.is_nil());
        let (one, other) = (EndpointId::random(), EndpointId::random());
        assert!(one != other && !one.is_nil());
    }
}
