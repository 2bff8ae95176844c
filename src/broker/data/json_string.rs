//! Strings that are not UTF-8, in JSON.
//!
//! A byte that is no part of UTF-8 becomes the lone surrogate U+DC00 + byte, escaped: 0xff is
//! `\udcff`. No text in UTF-8 has such a character, so whoever knows the rule gets the bytes back.
//! It is the rule of Python's `surrogateescape`: there, `text.encode("utf-8", "surrogateescape")`
//! are the bytes. JavaScript keeps the surrogates too, and sends them as they came.

use std::fmt::Write as _;

use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The surrogate of the byte 0; those of bytes that can be wrong begin 128 further.
const FIRST_SURROGATE: u32 = 0xdc00;

/// Bytes that are a string in JSON.
pub(crate) struct JsonString<'a>(pub(crate) &'a [u8]);

impl Serialize for JsonString<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return serializer.serialize_str(text);
        }
        // No serializer takes a lone surrogate for a part of a string: it is given the JSON.
        RawValue::from_string(escaped(self.0)).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The string in JSON, quoted.
fn escaped(bytes: &[u8]) -> String {
    let mut json = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        let quoted = Value::from(chunk.valid()).to_string();
        let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        json.push_str(text.unwrap_or_default());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(json, "\\u{:04x}", FIRST_SURROGATE + u32::from(*byte));
        }
    }
    json.push('"');
    json
}

/// The bytes that a string in JSON stands for. In `text` a lone surrogate is written as if it were
/// a character of UTF-8, which makes it three bytes from 0xed 0xa0 0x80 on. None if one of them
/// stands for no byte.
pub(crate) fn restored(text: &[u8]) -> Option<Vec<u8>> {
    if std::str::from_utf8(text).is_ok() {
        return Some(text.to_vec());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            // U+DC80 to U+DCBF, then U+DCC0 to U+DCFF.
            [0xed, 0xb2, low, rest @ ..] => {
                bytes.push(*low);
                rest
            }
            [0xed, 0xb3, low, rest @ ..] => {
                bytes.push(low | 0x40);
                rest
            }
            [0xed, 0xa0..=0xff, ..] => return None,
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
            [] => return Some(bytes),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_become_surrogates() {
        assert_eq!(escaped(b"a\"\xff\\\x80\n"), r#""a\"\udcff\\\udc80\n""#);
        // A surrogate that is written as UTF-8 is three wrong bytes.
        assert_eq!(escaped(b"\xed\xb2\x80"), r#""\udced\udcb2\udc80""#);
    }

    #[test]
    fn surrogates_become_bytes_or_are_refused() {
        assert_eq!(restored("é".as_bytes()).unwrap(), "é".as_bytes());
        assert_eq!(restored(b"a\xed\xb2\x80b\xed\xb3\xbf").unwrap(), b"a\x80b\xff");
        assert_eq!(restored(b"\xed\xa0\x80"), None);
        assert_eq!(restored(b"\xed\xb0\x80"), None);
    }
}
