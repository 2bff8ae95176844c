//! The plugin folder, kept in memory: scanned at the start, and again when something in it changes.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread, Wake};

use crate::watcher::Watcher;
use crate::{Catalogue, Generation};

/// Where plugins are looked for, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoverySettings {
    /// The folder that holds the plugins' packages.
    pub root: PathBuf,
    /// Whose rules hold for manifests, and whose keys are answered.
    pub generation: Generation,
    /// Who tries to import the plugins' modules.
    pub python: Python,
    /// Folders in which imported modules look for others, before those of Python itself.
    pub python_path: Vec<PathBuf>,
    /// How long the import of one module may take.
    pub module_time: Duration,
    /// How often the folder is looked through for changes of which the system has told nothing.
    pub check_every: Duration,
}

impl DiscoverySettings {
    /// How long the import of one module may take, if nothing else is said.
    pub const MODULE_TIME: Duration = Duration::from_secs(10);
    /// How often the folder is looked through, if nothing else is said.
    pub const CHECK_EVERY: Duration = Duration::from_secs(30);

    /// The folder `root` with `python3` from `PATH`, and defaults.
    pub fn new(root: impl Into<PathBuf>, generation: Generation) -> Self {
        Self {
            root: root.into(),
            generation,
            python: Python::Program("python3".into()),
            python_path: Vec::new(),
            module_time: Self::MODULE_TIME,
            check_every: Self::CHECK_EVERY,
        }
    }
}

/// Who tries to import the plugins' modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Python {
    /// This interpreter: a path, or a name looked up in `PATH`.
    Program(PathBuf),
    /// Nobody: the text of a module is looked at, and what it imports is taken to be there.
    None,
}

/// The plugin folder as it is now. Dropping it ends its thread.
#[derive(Debug)]
pub struct Plugins {
    shared: Arc<Shared>,
    /// Joined when it is dropped, after it was told to end.
    _thread: Thread,
}

/// What requests see of the scans, and how they are asked for.
#[derive(Debug)]
pub(crate) struct Shared {
    catalogue: RwLock<Arc<Catalogue>>,
    statistics: Mutex<ScanStatistics>,
    is_begun: Mutex<bool>,
    begun: Condvar,
    /// The end has come.
    pub(crate) stop: Wake,
    /// Somebody wants a scan.
    pub(crate) asked: Wake,
}

/// What has become of the scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanStatistics {
    /// Scans that gave a catalogue.
    pub scans: u64,
    /// Those that could not, because the folder could not be read.
    pub failures: u64,
    /// Whether the last one could not, and the catalogue is that of an earlier one.
    pub failing: bool,
    /// How long the last scan took.
    pub took: Duration,
    /// Boefjes in the catalogue.
    pub boefjes: usize,
    /// Normalizers in the catalogue.
    pub normalizers: usize,
    /// Definitions that the last scan skipped, each of which has a line in the log.
    pub skipped: usize,
}

impl Plugins {
    /// Scans the folder and starts to watch it. A folder that cannot be read is an empty one until
    /// it can.
    pub fn start(settings: DiscoverySettings) -> io::Result<Self> {
        let plugins = Self::begin(settings)?;
        plugins.wait_begun(Deadline::NEVER);
        Ok(plugins)
    }

    /// The same without waiting for the first scan. Dropping it cuts that short.
    pub fn begin(settings: DiscoverySettings) -> io::Result<Self> {
        let empty = Catalogue::new(&settings.root, settings.generation, Vec::new(), Vec::new());
        let shared = Arc::new(Shared {
            catalogue: RwLock::new(Arc::new(empty)),
            statistics: Mutex::default(),
            is_begun: Mutex::default(),
            begun: Condvar::new(),
            stop: Wake::new()?,
            asked: Wake::new()?,
        });
        let mut watcher = Watcher::new(settings, Arc::clone(&shared));
        let begun = Arc::clone(&shared);
        let thread = Thread::spawn("plugins", move || {
            watcher.scan(false);
            begun.tell_begun();
            watcher.run();
        })?;
        Ok(Self { shared, _thread: thread })
    }

    /// Waits for the end of the first scan; whether it has come.
    pub fn wait_begun(&self, deadline: Deadline) -> bool {
        let mut is_begun = lock(&self.shared.is_begun);
        while !*is_begun && !deadline.passed() {
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            let waited = self.shared.begun.wait_timeout(is_begun, left);
            is_begun = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_begun
    }

    /// Whether the first scan has ended.
    pub fn is_begun(&self) -> bool {
        *lock(&self.shared.is_begun)
    }

    /// What the last scan found.
    pub fn current(&self) -> Arc<Catalogue> {
        Arc::clone(&self.shared.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for a scan that trusts no earlier one. It comes soon, on the thread of this value.
    pub fn rescan(&self) {
        self.shared.asked.wake();
    }

    /// What has become of the scans so far.
    pub fn statistics(&self) -> ScanStatistics {
        *self.shared.statistics()
    }
}

impl Drop for Plugins {
    fn drop(&mut self) {
        self.shared.stop.wake();
    }
}

impl Shared {
    /// Requests see another catalogue from now on.
    pub(crate) fn replace(&self, catalogue: Catalogue) {
        let catalogue = Arc::new(catalogue);
        let mut current = self.catalogue.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, catalogue);
        // What may be the last of the old one is freed while nobody waits for the new one.
        drop(current);
        drop(old);
    }

    /// There is a first catalogue.
    pub(crate) fn tell_begun(&self) {
        *lock(&self.is_begun) = true;
        self.begun.notify_all();
    }

    pub(crate) fn statistics(&self) -> MutexGuard<'_, ScanStatistics> {
        lock(&self.statistics)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
