//! Chunked bodies (RFC 9112, section 7.1). Extensions are read and thrown away.

use std::borrow::Cow;

use crate::flaw::Flaw;
use crate::limits::MAX_CHUNK_LINE;
use crate::lines::{Line, line_end, wide};

/// Digits of a chunk's size, at most: all that a `u64` has.
const MAX_DIGITS: usize = 16;
/// CR and LF.
const LINE_END: usize = 2;

/// What stands where a chunk begins. All numbers are offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// A whole chunk: its first byte, and the one behind its line end.
    Data { start: usize, end: usize },
    /// The last chunk, which has no bytes; trailers follow it.
    Last { end: usize },
    /// A part, which will end there, as far as that is known.
    Part { announced: u64 },
    /// A chunk that ends behind what is allowed.
    TooLong { announced: u64 },
}

/// Reads the chunk that begins at `start`. Its end must not be behind `most`.
pub(crate) fn chunk(bytes: &[u8], start: usize, most: usize) -> Result<Chunk, Flaw> {
    let line = match line_end(bytes, start, start.saturating_add(MAX_CHUNK_LINE)) {
        Line::Whole { end, .. } => end,
        Line::Part => return Ok(Chunk::Part { announced: wide(bytes.len()) }),
        Line::TooLong | Line::Bare => return Err(Flaw::Chunk),
    };
    let text = bytes.get(start..line.saturating_sub(LINE_END)).unwrap_or_default();
    let size = size(text).ok_or(Flaw::Chunk)?;
    let end = match size {
        0 => wide(line),
        size => wide(line).saturating_add(size).saturating_add(wide(LINE_END)),
    };
    let behind = match usize::try_from(end) {
        Ok(behind) if behind <= most => behind,
        _ => return Ok(Chunk::TooLong { announced: end }),
    };
    if size == 0 {
        return Ok(Chunk::Last { end: line });
    }
    let data_end = behind.saturating_sub(LINE_END);
    match bytes.get(data_end..behind) {
        Some(b"\r\n") => Ok(Chunk::Data { start: line, end: behind }),
        Some(_) => Err(Flaw::Chunk),
        // The first of the two may be wrong already.
        None if bytes.get(data_end).is_some_and(|byte| *byte != b'\r') => Err(Flaw::Chunk),
        None => Ok(Chunk::Part { announced: end }),
    }
}

/// The size that a chunk's line tells: digits, and perhaps extensions behind a semicolon.
fn size(line: &[u8]) -> Option<u64> {
    let mut parts = line.splitn(2, |byte| *byte == b';');
    let digits = parts.next()?;
    let extensions = parts.next();
    // Before a semicolon, white space is bad but allowed.
    let digits = if extensions.is_some() { digits.trim_ascii_end() } else { digits };
    let clean = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    let counts = (1..=MAX_DIGITS).contains(&digits.len());
    if !counts || !extensions.unwrap_or_default().iter().all(clean) {
        return None;
    }
    digits.iter().try_fold(0_u64, |size, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(size << 4 | u64::from(digit))
    })
}

/// The bytes of a body that was found whole.
pub(crate) fn decode(encoded: &[u8]) -> Result<Cow<'_, [u8]>, Flaw> {
    let mut body = Cow::Borrowed(&[][..]);
    let mut next = 0;
    loop {
        match chunk(encoded, next, encoded.len())? {
            Chunk::Data { start, end } => {
                let data = encoded.get(start..end.saturating_sub(LINE_END)).unwrap_or_default();
                if body.is_empty() {
                    body = Cow::Borrowed(data);
                } else {
                    body.to_mut().extend_from_slice(data);
                }
                next = end;
            }
            Chunk::Last { .. } => return Ok(body),
            Chunk::Part { .. } | Chunk::TooLong { .. } => return Err(Flaw::Chunk),
        }
    }
}
