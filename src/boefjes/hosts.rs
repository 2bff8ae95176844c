//! The hosts, as the rest of the workers see them: jobs go in, reports come out.

use std::fs;
use std::io;
use std::time::Instant;

use ostler_pool::{Call, Options, Pool};
use ostler_runtime::Deadline;

use crate::host_dialect::Hosted;
use crate::host_foreground;
use crate::host_frame::MAX_FRAME_BYTES;
use crate::host_options::HostOptions;
use crate::job::{Job, JobOutcome, JobReport};

/// A fixed set of plugin hosts. Dropping it ends them all.
pub struct Hosts(Kind);

enum Kind {
    Pool(Pool<Hosted>),
    Foreground(Box<HostOptions>),
}

impl Hosts {
    /// Starts them. They become ready by and by; jobs may be given at once.
    pub fn start(options: HostOptions) -> io::Result<Self> {
        let pool = Options {
            size: options.hosts,
            queue: options.queue,
            start_deadline: options.start_deadline,
            max_answer_bytes: MAX_FRAME_BYTES.saturating_mul(2),
            max_requests: options.max_jobs,
            max_age: None,
        };
        Pool::start(Hosted::new(options), pool).map(|pool| Self(Kind::Pool(pool)))
    }

    /// In the place of hosts the terminal: jobs are run there by whoever gives them, one at a time and
    /// without limits or deadline, and Python's debugger opens in a plugin that fails.
    pub fn foreground(options: HostOptions) -> Self {
        Self(Kind::Foreground(Box::new(options)))
    }

    /// Has a job run, once, and tells `done` how it ended: by `deadline`, waiting included, or as
    /// soon as its process or its host is gone. `done` runs on a thread of the hosts' and must not
    /// block.
    pub fn run(&self, job: Job, deadline: Deadline, done: impl FnOnce(JobReport) + Send + 'static) {
        let pool = match &self.0 {
            Kind::Pool(pool) => pool,
            Kind::Foreground(options) => return done(host_foreground::run(options, &job)),
        };
        let call = Call::new(job, deadline, move |outcome| {
            done(outcome.unwrap_or_else(|error| JobReport {
                outcome: JobOutcome::Lost(error.into()),
                usage: None,
                last_words: String::new(),
            }));
        });
        pool.submit(call.never_twice());
    }

    /// Whether jobs have the terminal, and with it whoever debugs them.
    pub(crate) fn have_terminal(&self) -> bool {
        matches!(self.0, Kind::Foreground(_))
    }

    /// Whether a host can take a job, or is at one.
    pub fn has_ready(&self) -> bool {
        match &self.0 {
            Kind::Pool(pool) => pool.has_ready(),
            Kind::Foreground(_) => true,
        }
    }

    /// Takes no more jobs and waits until `deadline` for those that were given, then ends the hosts
    /// and waits for their ends. `false` if jobs had to be given up.
    pub fn stop(&self, deadline: Deadline) -> bool {
        match &self.0 {
            Kind::Pool(pool) => pool.stop(deadline),
            Kind::Foreground(_) => true,
        }
    }

    /// A moment's picture.
    pub fn statistics(&self) -> HostsStatistics {
        let Kind::Pool(hosts) = &self.0 else { return HostsStatistics::default() };
        let pool = hosts.statistics();
        let host = |slot: &ostler_pool::SlotReport| HostReport {
            state: slot.state,
            pid: slot.pid,
            born: slot.born,
            jobs: slot.requests,
            last_error: slot.last_error.clone(),
            memory: slot.pid.and_then(resident),
            running: slot.pid.and_then(|pid| hosts.dialect().board.of(pid)).map(|entry| {
                RunningJob {
                    id: entry.id,
                    since: entry.since,
                    pid: entry.pid,
                    memory: entry.pid.and_then(resident),
                }
            }),
        };
        HostsStatistics { hosts: pool.slots.iter().map(host).collect(), pool }
    }
}

/// How the hosts are.
#[derive(Clone, Debug, Default)]
pub struct HostsStatistics {
    /// Each host in its order.
    pub hosts: Vec<HostReport>,
    /// What the pool counts: starts, losses by cause, jobs that wait.
    pub pool: ostler_pool::Statistics,
}

/// How one host is.
#[derive(Clone, Debug)]
pub struct HostReport {
    /// `starting`, `ready`, `busy`, `ending`, `killed`, or `waiting` while there is none.
    pub state: &'static str,
    /// Its process id.
    pub pid: Option<u32>,
    /// When it was started.
    pub born: Option<Instant>,
    /// How many jobs it has ended.
    pub jobs: u64,
    /// Why the last host of this thread was lost or did not start.
    pub last_error: Option<String>,
    /// Its resident memory in bytes.
    pub memory: Option<u64>,
    /// What it is at.
    pub running: Option<RunningJob>,
}

/// A job that runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningJob {
    /// Its id.
    pub id: String,
    /// Since when.
    pub since: Instant,
    /// Its process, once it is there.
    pub pid: Option<u32>,
    /// The process's resident memory in bytes.
    pub memory: Option<u64>,
}

/// The resident memory of a process, while it lives.
fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
