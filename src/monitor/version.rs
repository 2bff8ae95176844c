//! Versions of burp, compared as numbers: 2.10 is newer than 2.2.

use std::fmt;

/// A version as burp words it, ordered by its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    text: String,
    numbers: Vec<u64>,
}

/// Since this version of the server, answers can be wrapped in markers.
pub(crate) const RESPONSE_MARKERS: &str = "2.2.10";
/// Since this version of the client, the status has its present form without being asked.
pub(crate) const STATUS_FORMAT: &str = "2.1.10";
/// Since this version of the server, Burp-UI may ask for batch lists.
pub(crate) const BATCH_LIST: &str = "2.0.48";

impl Version {
    /// Reads `3.1.4`, `burp-3.1.4` or `3.1.4.` (the end of a sentence). `None` without a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("burp-").trim_end_matches('.');
        let numbers: Vec<u64> = text.split('.').map_while(leading_number).collect();
        (!numbers.is_empty()).then(|| Self { text: text.to_owned(), numbers })
    }

    /// Whether this is `other` or newer; false if `other` is no version.
    pub(crate) fn is_at_least(&self, other: &str) -> bool {
        Self::parse(other).is_some_and(|other| self.numbers >= other.numbers)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn leading_number(part: &str) -> Option<u64> {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    part.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("2.10.0").is_at_least(RESPONSE_MARKERS));
        assert!(version("2.2.10").is_at_least(RESPONSE_MARKERS));
        assert!(!version("2.2.9").is_at_least(RESPONSE_MARKERS));
        assert!(version("10.0").is_at_least("9.9.9"));
        assert_eq!(version("burp-3.1.4\n").to_string(), "3.1.4");
        assert_eq!(version("3.1.4.").to_string(), "3.1.4");
        assert_eq!(Version::parse("burp"), None);
    }
}
