//! The fuzz target of this crate: see `tests/fuzz/README.md`. No part of the interface.

use crate::frame::{self, Frame};
use crate::host_options::Limits;
use crate::job::JobOutcome;
use crate::program_answer;
use crate::result_reader::ResultReader;

/// What a host says, and in it what a job says: a byte for the size of pieces, then frames.
///
/// The frames and the result are the same in pieces of any size, or are refused alike; a result is
/// within its limits; items are read or refused.
///
/// # Panics
///
/// If one of these does not hold.
pub fn host(bytes: &[u8]) {
    let Some((step, bytes)) = bytes.split_first() else { return };
    let limits = Limits { outputs: 10, output: 1 << 12, ..Limits::default() };
    let whole = outcome(bytes, bytes.len().max(1), limits);
    let pieces = outcome(bytes, usize::from(*step).max(1), limits);
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    match whole {
        Ok(Some(JobOutcome::Outputs { outputs, .. })) => {
            assert!(outputs.len() <= 10, "more outputs than the limit");
        }
        Ok(Some(JobOutcome::Items { items, checked })) => {
            for item in items {
                if let Ok(value) = item.read(checked) {
                    assert!(!value.compact().is_empty());
                }
            }
        }
        _ => {}
    }
    if let Ok(JobOutcome::Outputs { outputs, .. }) = program_answer::read(bytes) {
        let taken: usize = outputs.iter().map(|output| output.content.len()).sum();
        assert!(taken <= bytes.len(), "more than was said");
    }
}

fn outcome(bytes: &[u8], step: usize, limits: Limits) -> Result<Option<JobOutcome>, String> {
    let mut reader = ResultReader::new(limits);
    for Frame { blob, .. } in frames(bytes, step)? {
        for piece in blob.chunks(step) {
            reader.feed(piece);
        }
    }
    reader.finish()
}

fn frames(bytes: &[u8], step: usize) -> Result<Vec<Frame>, String> {
    let (mut input, mut frames) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(step) {
        input.extend_from_slice(piece);
        while let Some(frame) = frame::take(&mut input)? {
            frames.push(frame);
        }
    }
    Ok(frames)
}
