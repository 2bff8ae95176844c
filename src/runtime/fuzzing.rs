//! What the fuzz targets of this crate and of those above it are made of. No part of the interface.
//!
//! A target is a function that takes any bytes and panics if a promise does not hold for them. The
//! same function is driven by libFuzzer, by proptest, and by the stored corpus; see
//! `tests/fuzz/README.md`. Nothing in a daemon calls any of it, so none of it is in a binary.

use std::path::Path;

use crate::ini::{Document, MAX_FILE_BYTES, Value};
use crate::interpolation::MAX_VALUE_BYTES;
use crate::problem::Problem;

/// Bytes of which the first ones say how the others are to be used. When they run out it is all
/// zeros, so that no input is too short.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A line, without its newline; without one, all that is left.
    pub fn line(&mut self) -> &'a [u8] {
        let mut parts = self.0.splitn(2, |byte| *byte == b'\n');
        let line = parts.next().unwrap_or_default();
        self.0 = parts.next().unwrap_or_default();
        line
    }

    /// How the rest is to be cut.
    pub fn cuts(&mut self) -> Cuts<'a> {
        let count = usize::from(self.byte() % 8).min(self.0.len());
        let (sizes, rest) = self.0.split_at_checked(count).unwrap_or_default();
        self.0 = rest;
        Cuts(sizes)
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// The sizes of pieces, used in turn: up to 128 bytes each, or up to 8 KiB in steps of 64. With
/// none, there is one piece.
#[derive(Clone, Copy, Debug)]
pub struct Cuts<'a>(&'a [u8]);

impl Cuts<'_> {
    /// `bytes` in pieces, of which none is empty.
    pub fn pieces<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut sizes = self.0.iter().cycle().map(|byte| match usize::from(*byte) {
            small @ 0..128 => small.saturating_add(1),
            large => large.saturating_sub(127).saturating_mul(64),
        });
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
            let (piece, after) = rest.split_at_checked(size).unwrap_or((rest, &[]));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

/// A file in the INI dialect: it is read or refused with the lines to blame, each of its values is
/// completed or not, and neither is longer than the limits say.
///
/// # Panics
///
/// If one of these does not hold.
pub fn document(path: &Path, bytes: &[u8]) -> Option<Document> {
    let document = match Document::parse(path, bytes) {
        Ok(document) => document,
        Err(problems) => {
            assert!(!problems.is_empty(), "a file is refused for no reason");
            let whole = bytes.len() as u64 > MAX_FILE_BYTES;
            assert!(
                problems.iter().all(|problem| whole || problem.line().is_some()),
                "a line is to blame"
            );
            are_in(&problems, bytes);
            return None;
        }
    };
    for section in document.sections() {
        for key in document.keys(section) {
            assert!(document.line(section, key).is_some(), "a key stands in some line");
            let value = document.value(section, key);
            assert!(value.is_some(), "a key of the file has a value");
            let bytes_of_value = match value {
                Some(Ok(Value::One(text))) => text.len(),
                Some(Ok(Value::Many(members))) => members.iter().map(String::len).sum(),
                _ => 0,
            };
            assert!(
                bytes_of_value <= MAX_VALUE_BYTES.saturating_add(bytes.len()),
                "a value bursts"
            );
        }
    }
    Some(document)
}

/// Whatever problem names a line names one that the file has.
///
/// # Panics
///
/// If one does not.
pub fn are_in(problems: &[Problem], bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for problem in problems {
        let line = problem.line().unwrap_or(1);
        assert!((1..=lines).contains(&line), "{problem} is not in a file of {lines} lines");
    }
}
