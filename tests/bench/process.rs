//! Programs that the benchmark starts, and what the kernel says of them. A `Process` that goes out
//! of scope has ended: first asked by SIGTERM, after three seconds by SIGKILL.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::failure::{Context, Failure};

/// How long a process may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);
/// How long a program that is only a step of the way may run (pip, cargo, the private burp).
const STEP: Duration = Duration::from_secs(900);
/// The kernel's unit of the times in `/proc/PID/stat`, the same on every architecture in use.
const TICK: Duration = Duration::from_millis(10);

/// A program to be started.
#[expect(clippy::disallowed_methods, reason = "the one place of the benchmark that spawns")]
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    Command::new(program.as_ref())
}

/// A running program.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pidfd: OwnedFd,
    what: String,
}

impl Process {
    /// Starts `command`; `what` names it in errors.
    pub(crate) fn spawn(command: &mut Command, what: &str) -> Result<Self, Failure> {
        let mut child = command.spawn().context(|| format!("cannot start {what}"))?;
        match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { child, pidfd, what: what.to_owned() }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error).context(|| format!("cannot watch {what}"))
            }
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The descriptor that stands for the process.
    pub(crate) fn pidfd(&self) -> &OwnedFd {
        &self.pidfd
    }

    /// The child as the standard library has it, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until the process has ended, at most for `wait`; `None` if it runs on.
    pub(crate) fn ended(&mut self, wait: Duration) -> Result<Option<ExitStatus>, Failure> {
        let deadline = Deadline::after(wait);
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        loop {
            let left = deadline.remaining().unwrap_or_default();
            match poll(&mut fds, Some(&timespec(left))) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context(|| format!("cannot watch {}", self.what)),
            }
        }
        self.child.wait().map(Some).context(|| format!("cannot reap {}", self.what))
    }

    /// The processor time used by the process so far, without its children.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        cpu_of(self.id())
    }

    /// See [`pss_of`].
    pub(crate) fn pss_kib(&self) -> Result<u64, Failure> {
        pss_of(self.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            // A process that has ended already cannot be signalled, and need not be.
            let _ = pidfd_send_signal(&self.pidfd, signal);
            if matches!(self.ended(GRACE), Ok(Some(_))) {
                return;
            }
        }
        eprintln!("bench: {} (pid {}) does not end", self.what, self.id());
    }
}

/// The memory of the process `id`, in KiB: shared pages count in part. Of a process that lets only
/// root look at its pages, anybody else gets a little more: shared pages count in whole.
pub(crate) fn pss_of(id: u32) -> Result<u64, Failure> {
    let (rollup, status) = (format!("/proc/{id}/smaps_rollup"), format!("/proc/{id}/status"));
    let (path, key) = match fs::read_to_string(&rollup) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (status, "VmRSS:"),
        _ => (rollup, "Pss:"),
    };
    let text = fs::read_to_string(&path).context(|| path.clone())?;
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|kib| kib.trim().parse().ok())
        .ok_or_else(|| Failure::Program(format!("{path} has no {key}")))
}

/// The processor time used so far by the process `id`, without its children.
pub(crate) fn cpu_of(id: u32) -> Result<Duration, Failure> {
    ticks_of(id, 2)
}

/// The same with that of the children that it has waited for.
pub(crate) fn cpu_with_children_of(id: u32) -> Result<Duration, Failure> {
    ticks_of(id, 4)
}

/// Runs a program to its end. What it prints goes to our standard error, since the standard output
/// holds the report.
pub(crate) fn step(command: &mut Command, what: &str) -> Result<(), Failure> {
    command.stdin(Stdio::null()).stdout(io::stderr()).stderr(Stdio::inherit());
    let mut process = Process::spawn(command, what)?;
    match process.ended(STEP)? {
        Some(status) if status.success() => Ok(()),
        Some(status) if status.code() == Some(69) => {
            Err(Failure::Unavailable(format!("{what} lacks something on this machine")))
        }
        Some(status) => Err(Failure::Program(format!("{what} failed: {status}"))),
        None => Err(Failure::Program(format!("{what} did not end"))),
    }
}

/// `wait` as the kernel takes it.
pub(crate) fn timespec(wait: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    }
}

fn ticks_of(id: u32, fields: usize) -> Result<Duration, Failure> {
    let path = format!("/proc/{id}/stat");
    let text = fs::read_to_string(&path).context(|| path.clone())?;
    cpu_ticks(&text, fields)
        .and_then(|ticks| u32::try_from(ticks).ok())
        .map(|ticks| TICK * ticks)
        .ok_or_else(|| Failure::Program(format!("{path} is not understood")))
}

/// The sum of so many of `utime`, `stime`, `cutime` and `cstime`, fields 14 to 17. The name, field
/// 2, may hold anything, also brackets.
fn cpu_ticks(stat: &str, count: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_ascii_whitespace().skip(11).take(count).collect();
    let ticks = fields.iter().map(|field| field.parse::<u64>().ok());
    ticks.sum::<Option<u64>>().filter(|_| fields.len() == count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let line = "7 (a) b) R 1 7 7 0 -1 4194304 100 0 0 0 120 34 5 6 20 0 1 0 99 1 2";
        assert_eq!(cpu_ticks(line, 2), Some(154));
        assert_eq!(cpu_ticks(line, 4), Some(165));
        assert_eq!(cpu_ticks("7 (a) R 1", 2), None);
    }
}
