//! The frames between the daemon and a host: a length of four bytes in network order, a JSON object,
//! and the blobs whose sizes the object's `blobs` lists.

use serde_json::{Value, json};

/// The longest JSON object of a frame from a host.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// The longest blob that a host sends in one frame: it passes on what comes piece by piece.
const MAX_BLOB_BYTES: usize = 1 << 20;
/// More than any frame from a host takes.
pub(crate) const MAX_FRAME_BYTES: usize = MAX_HEADER_BYTES + MAX_BLOB_BYTES + 4;

/// A frame from a host.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    /// Its object.
    pub(crate) header: Value,
    /// Its blob; empty if it has none.
    pub(crate) blob: Vec<u8>,
}

impl Frame {
    /// A text of the object's; empty if it has none of this name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number of the object's.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.header.get(name).and_then(Value::as_i64)
    }
}

/// Appends a frame. `header` is an object.
pub(crate) fn append(output: &mut Vec<u8>, header: &Value, blobs: &[&[u8]]) {
    let mut header = header.clone();
    if !blobs.is_empty() {
        if let Value::Object(members) = &mut header {
            members.insert(
                "blobs".to_owned(),
                json!(blobs.iter().map(|b| b.len()).collect::<Vec<_>>()),
            );
        }
    }
    let text = header.to_string();
    // What the daemon says of a job is far shorter; an environment of gigabytes is cut off here, and
    // the host then says that it makes no sense of it.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    output.reserve(text.len() + 4 + blobs.iter().map(|blob| blob.len()).sum::<usize>());
    output.extend(length.to_be_bytes());
    output.extend(text.as_bytes());
    for blob in blobs {
        output.extend_from_slice(blob);
    }
}

/// Takes the first frame off the input; `None` while it is not whole. An error says what is wrong
/// with it.
pub(crate) fn take(input: &mut Vec<u8>) -> Result<Option<Frame>, String> {
    let Some((length, rest)) = input.split_first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER_BYTES {
        return Err(format!("the host announces {length} bytes"));
    }
    let Some((text, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    let header: Value =
        serde_json::from_slice(text).map_err(|error| format!("the host's words: {error}"))?;
    let size = match header.get("blobs").map(Value::as_array) {
        None => 0,
        Some(Some(sizes)) => match sizes.as_slice() {
            [size] => size.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX),
            _ => usize::MAX,
        },
        Some(None) => usize::MAX,
    };
    if size > MAX_BLOB_BYTES {
        return Err("the host announces a blob that it must not send".to_owned());
    }
    let Some(blob) = rest.get(..size) else { return Ok(None) };
    let blob = blob.to_vec();
    input.drain(..length.saturating_add(size).saturating_add(4));
    Ok(Some(Frame { header, blob }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_a_frame_or_not_yet_or_nonsense(
            mut bytes in prop_oneof![
                vec(any::<u8>(), 0..40),
                ("\\PC{0,30}", vec(any::<u8>(), 0..9)).prop_map(|(text, rest)| {
                    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
                    [&length[..], text.as_bytes(), &rest[..]].concat()
                }),
            ],
        ) {
            let before = bytes.len();
            let taken = take(&mut bytes);
            prop_assert_eq!(matches!(taken, Ok(Some(_))), bytes.len() < before);
        }
    }

    #[test]
    fn a_frame_is_taken_once_it_is_whole_however_it_comes() {
        let mut bytes = Vec::new();
        append(&mut bytes, &json!({"type": "log", "id": "1"}), &[b"abc"]);
        append(&mut bytes, &json!({"type": "end"}), &[]);
        let (mut input, mut frames) = (Vec::new(), Vec::new());
        for byte in bytes {
            input.push(byte);
            frames.extend(take(&mut input).unwrap());
        }
        assert!(input.is_empty());
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].text("type"), frames[0].blob.as_slice()), ("log", &b"abc"[..]));
        assert_eq!((frames[1].text("type"), frames[1].blob.len()), ("end", 0));
    }

    #[test]
    fn nonsense_is_told_before_room_is_made_for_it() {
        let cases: [&[u8]; 4] = [
            b"\xff\xff\xff\xff",
            b"\x00\x00\x00\x01x",
            b"\x00\x00\x00\x15{\"blobs\":[9999999999]}",
            b"\x00\x00\x00\x0f{\"blobs\":[1,2]}",
        ];
        for case in cases {
            assert!(take(&mut case.to_vec()).is_err(), "{case:?}");
        }
        assert_eq!(take(&mut b"\x00\x00\x00\x02{".to_vec()), Ok(None));
    }
}
