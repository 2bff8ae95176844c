//! Which tasks' results are being saved: those of one task are taken once.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<HashSet<Uuid>>);

/// The results of this task are being saved, until it is dropped.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    reports: &'a Reports,
    id: Uuid,
}

impl Reports {
    /// Takes the results of a task; `None` while others of it are being saved.
    pub(crate) fn begin(&self, id: Uuid) -> Option<Report<'_>> {
        let is_first = self.lock().insert(id);
        is_first.then(|| Report { reports: self, id })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        // The set is whole between any two lines that can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        self.reports.lock().remove(&self.id);
    }
}
