//! Percent-encoding (RFC 3986, section 2.1).

use std::borrow::Cow;
use std::fmt::Write as _;

/// Decodes a path; `None` if a percent sign begins no byte, or the bytes are not UTF-8.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = take(rest) {
        bytes.push(byte?);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Decodes a part of a query as forms write it: a plus is a space, a percent sign that begins no
/// byte stands for itself, and what is not UTF-8 becomes U+FFFD.
pub(crate) fn decode_form(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = take(rest) {
        match (rest, byte) {
            ([b'+', ..], _) => bytes.push(b' '),
            (_, Some(byte)) => bytes.push(byte),
            (_, None) => bytes.push(b'%'),
        }
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Decodes what may be anything; a percent sign that begins no byte stands for itself.
pub fn decode_bytes(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = take(rest) {
        bytes.push(byte.unwrap_or(b'%'));
        rest = after;
    }
    bytes
}

/// Appends a text to `out` with every byte encoded that is neither a letter or digit of ASCII nor one
/// of these ASCII characters.
pub fn encode(text: &str, plain: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || (byte.is_ascii() && plain.as_bytes().contains(&byte)) {
            out.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The next byte, `None` in place of a percent sign that begins none, and what follows.
fn take(bytes: &[u8]) -> Option<(Option<u8>, &[u8])> {
    match bytes {
        [] => None,
        [b'%', high, low, after @ ..] if digit(*high).is_some() && digit(*low).is_some() => {
            let byte = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low);
            Some((byte, after))
        }
        [b'%', after @ ..] => Some((None, after)),
        [byte, after @ ..] => Some((Some(*byte), after)),
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_or_refused() {
        for (text, decoded) in [
            ("/plain", Some("/plain")),
            ("/a%20b%2Fc%c3%A4", Some("/a b/cä")),
            ("/a+b", Some("/a+b")),
            ("/%", None),
            ("/%4", None),
            ("/%4g", None),
            ("/%%41", None),
            ("/%ff", None),
            ("/%c3", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn bytes_are_decoded_whatever_they_are_and_encoded_but_for_plain_ones() {
        assert_eq!(decode_bytes("a%3A%ff%+5%"), b"a:\xff%+5%");
        let mut out = "/".to_owned();
        encode("a b/ä%~", "/~", &mut out);
        assert_eq!(out, "/a%20b/%C3%A4%25~");
    }

    #[test]
    fn a_part_of_a_form_is_decoded_whatever_it_is() {
        for (text, decoded) in [
            ("plain", "plain"),
            ("a+b%2B", "a b+"),
            ("100%", "100%"),
            ("%4g%%41", "%4g%A"),
            ("%ff", "\u{fffd}"),
            ("%c3%a4+ä", "ä ä"),
        ] {
            assert_eq!(decode_form(text), decoded, "{text}");
        }
    }
}
