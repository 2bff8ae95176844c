//! Lines of a head or of trailers, which end with CR and LF and nothing else.
//!
//! Some servers take a bare LF for the end of a line and some do not, so that one of them may see a
//! request where the other sees a header. Here it is refused.

use memchr::memchr;

use crate::flaw::Flaw;

/// A part of a request that an empty line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset of the line that is not whole yet.
    pub(crate) line: usize,
}

impl Section {
    /// One that begins here.
    pub(crate) fn at(start: usize) -> Self {
        Self { start, line: start }
    }

    /// Reads on: the offset behind the empty line, if it is there. More than `limit` bytes are
    /// refused.
    pub(crate) fn end(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, Flaw> {
        let most = self.start.saturating_add(limit);
        loop {
            match line_end(bytes, self.line, most) {
                Line::Whole { end, empty } => {
                    self.line = end;
                    if empty {
                        return Ok(Some(end));
                    }
                }
                Line::Part => return Ok(None),
                Line::TooLong => return Err(Flaw::HeadTooLong),
                Line::Bare => return Err(Flaw::LineEnd),
            }
        }
    }
}

/// What is known of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It ends there, CR and LF included.
    Whole {
        /// Offset behind it.
        end: usize,
        /// Whether nothing stands in it.
        empty: bool,
    },
    /// Its end has not come.
    Part,
    /// It does not end at the offset `most`, or before it.
    TooLong,
    /// It ends without a CR.
    Bare,
}

/// Looks for the end of the line that begins at `start`, which must not be behind `most`. What is
/// found does not depend on how many bytes there are beyond.
pub(crate) fn line_end(bytes: &[u8], start: usize, most: usize) -> Line {
    let within = bytes.get(start..most.min(bytes.len())).unwrap_or_default();
    match memchr(b'\n', within) {
        Some(length) => {
            let text = within.get(..length).unwrap_or_default();
            let end = start.saturating_add(length).saturating_add(1);
            if text.ends_with(b"\r") { Line::Whole { end, empty: length == 1 } } else { Line::Bare }
        }
        None if bytes.len() >= most => Line::TooLong,
        None => Line::Part,
    }
}

/// An offset beside lengths that clients announce, which may be wider than this machine.
pub(crate) fn wide(offset: usize) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
}
