//! Base64 as Python's `b64decode` reads it: characters that are none of its own are passed over,
//! and nothing behind a whole padding counts.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use zeroize::Zeroizing;

/// The bytes; `None` if the text ends within a group of four, or is not in ASCII.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    // Three bytes for four characters: the secret is not left behind by a growing buffer.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut group, mut characters, mut pads) = (0_u32, 0_u8, 0_u8);
    for byte in text.bytes() {
        if byte == b'=' && characters >= 2 {
            pads = pads.saturating_add(1);
            if characters.saturating_add(pads) >= 4 {
                return Some(std::mem::take(&mut *bytes));
            }
        }
        let Some(value) = value(byte) else { continue };
        pads = 0;
        group = group << 6 | u32::from(value);
        characters = characters.saturating_add(1) % 4;
        // The bits that a character completes a byte with.
        let ready = match characters {
            2 => group >> 4,
            3 => group >> 2,
            0 => group,
            _ => continue,
        };
        let [.., last] = ready.to_be_bytes();
        bytes.push(last);
    }
    (characters == 0).then(|| std::mem::take(&mut *bytes))
}

/// What a character of the alphabet stands for.
fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(byte.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_text_is_read_as_python_reads_it() {
        let mut seen = 0;
        for line in include_str!("testdata/python_base64.jsonl").lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let bytes = decode(case["text"].as_str().unwrap());
            let hex = bytes.map(|bytes| {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
            });
            assert_eq!(hex.as_deref(), case["bytes"].as_str(), "{line}");
            seen += 1;
        }
        assert!(seen > 150, "only {seen} cases");
    }
}
