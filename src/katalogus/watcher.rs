//! The thread that keeps the catalogue as the plugin folder is.
//!
//! The system tells of most changes; others, as those of a network's file system or of what a link
//! leads to, are found by looking at names, sizes and times now and then. A folder that cannot be
//! read leaves the catalogue as it was: it may be gone for no longer than an upgrade takes.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, now};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::DiscoverySettings;
use crate::plugins::Shared;
use crate::scan::{Scan, Scanner};
use crate::watch::Events;

/// A folder that has been left alone for so long is complete.
const QUIET: Duration = Duration::from_millis(200);
/// One that never is left alone is scanned after so long all the same.
const RESTLESS: Duration = Duration::from_secs(2);

/// Looks, waits for a change, and looks again.
pub(crate) struct Watcher {
    settings: DiscoverySettings,
    scanner: Scanner,
    shared: Arc<Shared>,
    events: Option<Events>,
    /// Of the last catalogue.
    digest: Option<[u8; 32]>,
    /// Boefjes, normalizers, and definitions that were skipped, as the log has been told.
    found: Option<(usize, usize, usize)>,
    /// What the log has been told of last.
    complaint: Option<String>,
}

/// What a wait came to.
enum Waited {
    Stop,
    Asked,
    Changed,
    Due,
}

impl Watcher {
    pub(crate) fn new(settings: DiscoverySettings, shared: Arc<Shared>) -> Self {
        let scanner = Scanner::new(settings.clone());
        Self { settings, scanner, shared, events: None, digest: None, found: None, complaint: None }
    }

    /// Keeps the catalogue as the folder is, until the end.
    pub(crate) fn run(&mut self) {
        loop {
            match self.wait(self.settings.check_every) {
                Waited::Stop => return,
                Waited::Asked => {
                    self.shared.asked.clear();
                    self.scanner.forget();
                    (self.found, self.complaint) = (None, None);
                    self.scan();
                }
                Waited::Changed => {
                    self.settle();
                    self.scan();
                }
                Waited::Due => {
                    // A folder that cannot be read is told of by a scan.
                    let digest = caught("the check of the plugins", || self.scanner.digest().ok());
                    if digest.flatten() != self.digest {
                        self.scan();
                    }
                }
            }
        }
    }

    /// Looks at the folder now.
    pub(crate) fn scan(&mut self) {
        let began = now();
        let mut events = Events::new(&self.settings.root).map_err(|error| error.to_string());
        let found = caught("the scan of the plugins", || {
            let mut enter = |folder: &std::path::Path| {
                if let Ok(events) = &mut events {
                    events.enter(folder);
                }
            };
            self.scanner.scan(&mut enter, &self.shared.stop)
        });
        let untold = match &events {
            Ok(events) => events.problem.map(|error| error.to_string()),
            Err(error) => Some(error.clone()),
        };
        self.events = events.ok();
        match found {
            Some(Ok(scan)) => self.replace(scan, now().saturating_duration_since(began), untold),
            Some(Err(error)) => self.fail(&error.to_string()),
            None => self.fail("internal error"),
        }
    }

    fn replace(&mut self, scan: Scan, took: Duration, untold: Option<String>) {
        let (boefjes, normalizers) = scan.catalogue.counts();
        let mut statistics = self.shared.statistics();
        statistics.scans += 1;
        statistics.failing = false;
        statistics.took = took;
        (statistics.boefjes, statistics.normalizers) = (boefjes, normalizers);
        statistics.skipped = scan.skipped;
        drop(statistics);
        self.digest = Some(scan.digest);
        self.shared.replace(scan.catalogue);
        self.tell((boefjes, normalizers, scan.skipped));
        match untold {
            None => self.complaint = None,
            Some(why) => {
                let every = self.settings.check_every;
                self.complain(format!("changes are looked for every {every:?} only: {why}"));
            }
        }
    }

    /// Tells the log of the folder, unless it is as it was: files that nobody counts may change all
    /// the time.
    fn tell(&mut self, found: (usize, usize, usize)) {
        if self.found.replace(found) != Some(found) {
            let (boefjes, normalizers, skipped) = found;
            let root = self.settings.root.display();
            log::info!(
                "plugins: {boefjes} boefjes and {normalizers} normalizers in {root}, \
                 {skipped} skipped"
            );
        }
    }

    fn fail(&mut self, why: &str) {
        let mut statistics = self.shared.statistics();
        statistics.failures += 1;
        statistics.failing = true;
        let kept = statistics.boefjes + statistics.normalizers;
        drop(statistics);
        (self.digest, self.found) = (None, None);
        self.complain(format!("{why}; the catalogue keeps the {kept} that it has"));
    }

    /// Tells the log, unless it was the last that it was told.
    fn complain(&mut self, complaint: String) {
        if self.complaint.as_ref() != Some(&complaint) {
            log::error!("plugins: {complaint}");
            self.complaint = Some(complaint);
        }
    }

    /// Waits until the folder is left alone.
    fn settle(&self) {
        let restless = Deadline::after(RESTLESS);
        while let Some(left) = restless.remaining().filter(|left| !left.is_zero()) {
            match self.wait(QUIET.min(left)) {
                Waited::Changed => {}
                _ => return,
            }
        }
    }

    /// Waits until something is to be done, for so long at most.
    fn wait(&self, patience: Duration) -> Waited {
        let deadline = Deadline::after(patience);
        loop {
            let mut watched = vec![self.shared.stop.as_fd(), self.shared.asked.as_fd()];
            watched.extend(self.events.as_ref().map(AsFd::as_fd));
            let ready = readable(&watched, deadline);
            match ready.as_slice() {
                [true, ..] => return Waited::Stop,
                [_, true, ..] => return Waited::Asked,
                [_, _, true] if self.events.as_ref().is_some_and(Events::take) => {
                    return Waited::Changed;
                }
                _ if deadline.passed() => return Waited::Due,
                _ => {}
            }
        }
    }
}

/// Which of the descriptors are readable, once one is or the deadline passes.
fn readable(descriptors: &[BorrowedFd<'_>], deadline: Deadline) -> Vec<bool> {
    let mut set: Vec<PollFd<'_>> =
        descriptors.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    // A wait too long for the system is cut short, and the caller waits again.
    let timeout = deadline.remaining().map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    if poll(&mut set, timeout.as_ref()).is_err() {
        // Interrupted: the caller looks again.
        return Vec::new();
    }
    set.iter().map(|entry| !entry.revents().is_empty()).collect()
}
