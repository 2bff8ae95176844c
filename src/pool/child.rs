//! One child process: its pipes, its deadline, its place in the state table, and its end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use os_pipe::{PipeReader, PipeWriter, pipe};
use ostler_runtime::{Deadline, now};
use rustix::buffer::spare_capacity;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::launch::Launch;
use crate::state::State;

/// How long a child that was asked to end may take before it is killed.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// The capacity that the child's output pipe is given where the system allows it: long answers
/// then come in few pieces.
const PIPE_BYTES: usize = 1 << 20;
/// Room that is made for a read, at least.
const READ_BYTES: usize = 16 << 10;
/// How much of the child's standard error is kept for its last words and shown in the log at once.
const STDERR_BYTES: usize = 4 << 10;

/// What a read of a pipe came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes came.
    Bytes(usize),
    /// There is nothing now.
    Nothing,
    /// The other side has closed.
    End,
}

/// One child with its session.
pub(crate) struct Child<S, C> {
    pub(crate) session: S,
    pub(crate) state: State,
    pub(crate) deadline: Deadline,
    pub(crate) call: Option<C>,
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<u8>,
    written: usize,
    process: std::process::Child,
    pub(crate) pidfd: OwnedFd,
    pub(crate) stdin: Option<PipeWriter>,
    pub(crate) stdout: Option<PipeReader>,
    pub(crate) stderr: Option<PipeReader>,
    complaint: Vec<u8>,
    pub(crate) status: Option<ExitStatus>,
    pub(crate) born: Instant,
    pub(crate) lent_at: Instant,
    pub(crate) requests: u64,
}

impl<S, C> Child<S, C> {
    /// Starts the program. Everything that was made for it is closed again on failure.
    pub(crate) fn spawn(launch: &Launch, session: S, deadline: Deadline) -> io::Result<Self> {
        let (child_stdin, stdin) = pipe()?;
        let (stdout, child_stdout) = pipe()?;
        let (stderr, child_stderr) = pipe()?;
        // Not every system grants it, and nothing but speed depends on it.
        let _ = rustix::pipe::fcntl_setpipe_size(&stdout, PIPE_BYTES);
        for end in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        let mut process = launch
            .command()
            .stdin(Stdio::from(child_stdin))
            .stdout(Stdio::from(child_stdout))
            .stderr(Stdio::from(child_stderr))
            .spawn()?;
        let pidfd = match pidfd_open(pid_of(&process), PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                return Err(error.into());
            }
        };
        Ok(Self {
            session,
            state: State::Greeting,
            deadline,
            call: None,
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            process,
            pidfd,
            stdin: Some(stdin),
            stdout: Some(stdout),
            stderr: Some(stderr),
            complaint: Vec::new(),
            status: None,
            born: now(),
            lent_at: now(),
            requests: 0,
        })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it serves, or is about to.
    pub(crate) fn is_live(&self) -> bool {
        self.state == State::Greeting || self.serves()
    }

    /// Whether it can be lent, or is.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.state, State::Ready | State::Lent | State::Overdue)
    }

    /// Whether bytes wait to be written.
    pub(crate) fn has_output(&self) -> bool {
        self.written < self.output.len()
    }

    /// Writes what the pipe takes now.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        let Some(stdin) = &self.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match rustix::io::write(stdin, rest) {
                Ok(n) => self.written += n,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.output.clear();
        // The room that one long request took is not kept for all the short ones.
        self.output.shrink_to(PIPE_BYTES);
        self.written = 0;
        Ok(())
    }

    /// Reads what the child has said, once. One byte more than `limit` is kept at most: that tells that
    /// it is too much, and the rest would tell nothing.
    pub(crate) fn read(&mut self, limit: usize) -> io::Result<Read> {
        let Some(stdout) = &self.stdout else { return Ok(Read::End) };
        if self.input.capacity() - self.input.len() < READ_BYTES / 4 {
            // Doubling keeps the copies of a long answer to less than one in all.
            let double = self.input.len().max(READ_BYTES);
            let room = limit.saturating_add(1).saturating_sub(self.input.len()).max(1);
            // A system without memory costs the child, and not the process.
            self.input
                .try_reserve_exact(double.min(room))
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
        }
        loop {
            match rustix::io::read(stdout, spare_capacity(&mut self.input)) {
                Ok(0) => return Ok(Read::End),
                Ok(n) => return Ok(Read::Bytes(n)),
                Err(Errno::AGAIN) => return Ok(Read::Nothing),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads the child's complaints: keeps the first of them, counts nothing, drops the rest.
    /// Returns what is new and worth a line in the log.
    pub(crate) fn read_stderr(&mut self) -> Option<String> {
        let stderr = self.stderr.as_ref()?;
        let mut bytes = [0; STDERR_BYTES];
        match rustix::io::read(stderr, &mut bytes) {
            Ok(n) if n > 0 => {
                let new = bytes.get(..n).unwrap_or_default();
                let room = STDERR_BYTES.saturating_sub(self.complaint.len());
                self.complaint.extend(new.iter().take(room));
                (room > 0).then(|| String::from_utf8_lossy(new).trim_end().to_owned())
            }
            Err(Errno::AGAIN | Errno::INTR) => None,
            _ => {
                self.stderr = None;
                None
            }
        }
    }

    /// The first line of the child's complaints, if there is one.
    pub(crate) fn complaint(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.complaint);
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }

    /// Closes the child's input and asks its group to end.
    pub(crate) fn ask_to_end(&mut self) {
        self.stdin = None;
        self.signal(Signal::TERM);
    }

    /// Kills the whole process group.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
    }

    /// Collects the exit status of a child that has ended, and closes its pipes.
    pub(crate) fn reap(&mut self) {
        if self.status.is_none() {
            self.status = self.process.wait().ok();
        }
        self.stdin = None;
        self.stdout = None;
        self.stderr = None;
    }

    fn signal(&self, signal: Signal) {
        // The group's number stays taken until its leader is reaped, and by then it is killed.
        if self.status.is_none() {
            let _ = kill_process_group(pid_of(&self.process), signal);
        }
    }
}

impl<S, C> Drop for Child<S, C> {
    fn drop(&mut self) {
        // Kill before close: a child never sees its pipes vanish while it may still act on it.
        self.kill();
        self.reap();
    }
}

/// What an exit status means, in words.
pub(crate) fn describe(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("exit status {code}"),
        Some((None, Some(signal))) => format!("killed by signal {signal}"),
        _ => "ended".to_owned(),
    }
}

fn pid_of(process: &std::process::Child) -> Pid {
    Pid::from_child(process)
}
