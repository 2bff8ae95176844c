//! What containers bring: the results of one task are saved once, also where its end could not be
//! told and the container comes again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Tasks whose results are saved and whose end is not told that are remembered.
const MAX_SAVED: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<HashMap<Uuid, State>>);

/// What is known of the results of a task.
#[derive(Debug)]
enum State {
    /// Somebody is at it.
    Open,
    /// They are saved.
    Saved(Saved),
}

/// Results that were saved.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    /// Whether they are those of a failure.
    pub(crate) failed: bool,
    /// The names of the files.
    pub(crate) names: Vec<Option<String>>,
    /// Their ids, `None` where the same was there already.
    pub(crate) ids: Vec<Option<Uuid>>,
}

/// The results of this task are being taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    reports: &'a Reports,
    /// The task.
    pub(crate) id: Uuid,
    /// What was saved of it, to be taken away when its end is told.
    pub(crate) saved: Option<Saved>,
}

impl Reports {
    /// Takes the results of a task; `None` while others of it are being taken.
    pub(crate) fn begin(&self, id: Uuid) -> Option<Report<'_>> {
        match self.lock().insert(id, State::Open) {
            Some(State::Open) => None,
            None => Some(Report { reports: self, id, saved: None }),
            Some(State::Saved(saved)) => Some(Report { reports: self, id, saved: Some(saved) }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, State>> {
        // The map is whole between any two lines that can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let mut reports = self.reports.lock();
        reports.remove(&self.id);
        if let Some(saved) = self.saved.take().filter(|_| reports.len() < MAX_SAVED) {
            reports.insert(self.id, State::Saved(saved));
        }
    }
}
