//! What was counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many wrong answers are kept in words.
const SHOWN: usize = 20;

/// The figures of one daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Requests that were sent.
    pub(crate) requests: u64,
    /// Answered as they must be, without error.
    pub(crate) right: u64,
    /// Answered by the error that their own fault must cause, by error.
    pub(crate) due: BTreeMap<&'static str, u64>,
    /// Answered by an error that another fault explains, by error.
    pub(crate) collateral: BTreeMap<&'static str, u64>,
    /// Answered wrongly.
    pub(crate) wrong: u64,
    /// Not answered in time.
    pub(crate) hangs: u64,
    /// The first of those two, in words.
    pub(crate) complaints: Vec<String>,
    /// Faults by kind.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// The longest wait for an answer.
    pub(crate) slowest: Duration,
}

/// Counts from many threads.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

impl Tally {
    /// The figures.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was counted so far, but for what was wrong.
    pub(crate) fn begin(&self) {
        let mut counts = self.counts();
        let old = std::mem::take(&mut *counts);
        let Counts { wrong, hangs, complaints, .. } = old;
        *counts = Counts { wrong, hangs, complaints, ..Counts::default() };
    }

    /// A fault was injected.
    pub(crate) fn fault(&self, name: &'static str) {
        *self.counts().faults.entry(name).or_default() += 1;
    }

    /// How many faults so far.
    pub(crate) fn faults(&self) -> u64 {
        self.counts().faults.values().sum()
    }

    /// A wrong answer, in words.
    pub(crate) fn wrong(&self, complaint: String) {
        let mut counts = self.counts();
        counts.wrong += 1;
        counts.complain(complaint);
    }

    /// No answer in time.
    pub(crate) fn hang(&self, complaint: String) {
        let mut counts = self.counts();
        counts.hangs += 1;
        counts.complain(complaint);
    }
}

impl Counts {
    fn complain(&mut self, complaint: String) {
        eprintln!("soak: {complaint}");
        if self.complaints.len() < SHOWN {
            self.complaints.push(complaint);
        }
    }
}
