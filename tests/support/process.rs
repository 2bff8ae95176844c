//! Processes that a test starts, and what the kernel says of them.
//!
//! A [`Process`] is stopped and reaped when it is dropped, by its own pid and never by a name.

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use ostler_runtime::Deadline;
use rustix::process::{Pid, Signal, kill_process};

use crate::wait::{PATIENCE, wait_for, wait_until};

/// A command to be completed and started.
#[expect(clippy::disallowed_methods, reason = "the one home of starting processes in tests")]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

/// A process started by this test.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Its standard streams, where they were piped.
    pub fn streams(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal, if it is alive.
    pub fn signal(&mut self, signal: Signal) {
        if matches!(self.0.try_wait(), Ok(None)) {
            kill(self.pid(), signal);
        }
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let pid = self.pid();
        wait_until(Deadline::after(PATIENCE), &format!("process {pid} ends"), || {
            self.0.try_wait().expect("wait")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends `signal` to a process that is known to be the one meant.
pub fn kill(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended this moment.
        let _ = kill_process(pid, signal);
    }
}

/// One process at one time: numbers are used again, number and time of start are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its process number.
    pub pid: u32,
    started: u64,
}

impl Identity {
    /// The process that has this number now, unless it is only waiting to be reaped.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything; after it: state, then numbers.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        let started = fields.nth(18)?.parse().ok()?;
        Some(Self { pid, started })
    }

    /// Whether it still runs.
    pub fn runs(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// The living children of `pid`.
pub fn children(pid: u32) -> Vec<Identity> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
        })
        .filter_map(Identity::of)
        .collect()
}

/// The living children of `pid` that run as burp's status monitor.
pub fn monitors(pid: u32) -> Vec<Identity> {
    let is_monitor = |child: &Identity| {
        // One that has just ended has no command line any more.
        let command = fs::read(format!("/proc/{}/cmdline", child.pid)).unwrap_or_default();
        command.windows(6).any(|bytes| bytes == b"\0-a\0m\0")
    };
    children(pid).into_iter().filter(is_monitor).collect()
}

/// The living children of `pid`, theirs, and so on.
pub fn descendants(pid: u32) -> Vec<Identity> {
    let mut all = children(pid);
    let mut next = 0;
    while let Some(child) = all.get(next) {
        let more = children(child.pid);
        all.extend(more);
        next += 1;
    }
    all
}

/// A figure of memory that the kernel keeps of a process, such as `VmRSS` or `VmHWM`, in bytes.
pub fn memory(pid: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
    let kib = line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("a figure of memory") * 1024
}

/// Waits until none of `processes` runs any more.
pub fn wait_gone(processes: &[Identity]) {
    wait_for("the processes left behind end", || !processes.iter().any(|process| process.runs()));
}

/// The processor time that a process has used, without that of its children.
pub fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields = stat.rsplit_once(") ").expect("a name").1.split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    // The kernel's unit there is a hundredth of a second on every architecture in use.
    Duration::from_millis(ticks * 10)
}

/// How many descriptors a process has open.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("a running process").count()
}

/// The user and the group called nobody and nogroup.
pub const UNPRIVILEGED: u32 = 65534;

/// Lets the user `nobody` start it if this test runs as root; as anybody else it is unprivileged
/// already.
pub fn unprivileged(program: impl AsRef<OsStr>) -> Command {
    if !rustix::process::getuid().is_root() {
        return command(program);
    }
    let mut command = command("setpriv");
    command.arg(format!("--reuid={UNPRIVILEGED}")).arg(format!("--regid={UNPRIVILEGED}"));
    command.args(["--clear-groups", "--"]).arg(program);
    command
}
