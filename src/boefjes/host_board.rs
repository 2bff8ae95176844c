//! Which host runs which job now: written by the sessions, read by whoever asks how it goes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ostler_runtime::now;

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) since: Instant,
    /// Its process, once it is there.
    pub(crate) pid: Option<u32>,
}

/// The jobs by the process ids of their hosts.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<HashMap<u32, Entry>>);

impl Board {
    pub(crate) fn begin(&self, host: u32, id: &str) {
        let entry = Entry { id: id.to_owned(), since: now(), pid: None };
        self.lock().insert(host, entry);
    }

    pub(crate) fn started(&self, host: u32, pid: Option<u32>) {
        if let Some(entry) = self.lock().get_mut(&host) {
            entry.pid = pid;
        }
    }

    pub(crate) fn end(&self, host: u32) {
        self.lock().remove(&host);
    }

    pub(crate) fn of(&self, host: u32) -> Option<Entry> {
        self.lock().get(&host).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Entry>> {
        // The map is whole between any two lines that can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
