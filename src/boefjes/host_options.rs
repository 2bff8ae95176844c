//! What hosts and their jobs are given, and what they may use.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::job::Work;

/// How the hosts are started, and how many.
#[derive(Clone, PartialEq, Eq)]
pub struct HostOptions {
    /// The interpreter: a path, or a name looked up in `PATH`. Python 3.9 or newer.
    pub python: PathBuf,
    /// The folder of plugins, which `boefjes.plugins` is.
    pub root: PathBuf,
    /// The working directory of jobs: where plugins open files like `boefjes/plugins/…`.
    pub cwd: PathBuf,
    /// More folders in which packages are looked for.
    pub path: Vec<PathBuf>,
    /// Packages that each host imports once, if they are there, so that its jobs need not.
    pub preload: Vec<String>,
    /// What plugins find in `boefjes.config.settings`, by lower-case name.
    pub settings: BTreeMap<String, String>,
    /// The variables that a plugin finds while it is imported. A run has those of its job only.
    pub environment: BTreeMap<String, String>,
    /// The umask of jobs.
    pub umask: u32,
    /// How many hosts there are. At least one.
    pub hosts: usize,
    /// Jobs that may wait for a host; one more is refused.
    pub queue: usize,
    /// How long a host may take from its start until it is ready.
    pub start_deadline: Duration,
    /// How long a host may take to end a job that is called off, before it is killed itself.
    pub cancel_grace: Duration,
    /// A host is replaced after so many jobs; 0 for never.
    pub max_jobs: u64,
    /// What each job may use.
    pub limits: Limits,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            python: "python3".into(),
            root: "boefjes/plugins".into(),
            cwd: "/".into(),
            path: Vec::new(),
            preload: Vec::new(),
            settings: BTreeMap::new(),
            environment: BTreeMap::new(),
            umask: 0o022,
            hosts: 2,
            queue: 64,
            start_deadline: Duration::from_secs(20),
            cancel_grace: Duration::from_secs(1),
            max_jobs: 0,
            limits: Limits::default(),
        }
    }
}

/// Without the values of variables and settings.
impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostOptions")
            .field("python", &self.python)
            .field("root", &self.root)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// What a job may use. A system that grants less is not overruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of one process (`RLIMIT_DATA`). A plugin sees a `MemoryError`.
    pub memory: u64,
    /// Seconds of processor time of one process. Whoever uses more is killed.
    pub cpu: u64,
    /// Bytes of a file that is written.
    pub file_size: u64,
    /// Open descriptors of one process.
    pub files: u64,
    /// Processes and threads of the user that the daemon runs as, all together.
    pub processes: u64,
    /// Outputs of a boefje, or items of a normalizer.
    pub outputs: u64,
    /// Bytes of one output.
    pub output_size: u64,
    /// Bytes of all outputs of a boefje together.
    pub output: u64,
    /// Bytes of all items of a normalizer together, as JSON. Read, they take many times that.
    pub results: u64,
    /// Bytes of a raw file that a normalizer is given.
    pub raw_size: u64,
    /// Bytes of a job's standard output and error that go to the log; the rest is counted.
    pub log: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            cpu: 3600,
            file_size: 1 << 30,
            files: 1024,
            processes: 4096,
            outputs: 100_000,
            output_size: 64 << 20,
            output: 128 << 20,
            results: 16 << 20,
            raw_size: 64 << 20,
            log: 64 << 10,
        }
    }
}

impl Limits {
    /// Those of a job that runs this.
    pub(crate) fn of(self, work: &Work) -> Self {
        match work {
            Work::Normalizer { .. } | Work::NormalizerProgram { .. } => Self {
                output: self.results,
                output_size: self.output_size.min(self.results),
                ..self
            },
            Work::Boefje { .. } | Work::Program { .. } | Work::Look { .. } => self,
        }
    }
}
