//! The bare child: `burp -a m` driven over its pipes without any daemon. It says what the right
//! answers are, and how fast they can come at most.
//!
//! The burp server sends an answer in several small writes and its kernel holds back all but the
//! first until the child's kernel has acknowledged it, which that one delays by 40 ms. So the
//! child's socket is borrowed and told again and again to acknowledge at once.

use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use ostler_runtime::Deadline;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::sockopt::set_tcp_quickack;
use rustix::process::{PidfdGetfdFlags, pidfd_getfd};

use crate::failure::{Context, Failure};
use crate::process::{Process, command, timespec};

/// How long a child may take for one answer. The first one waits for the server's 5-second tick.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the socket is reminded while nothing comes.
const REMIND: Duration = Duration::from_millis(1);
/// The room that is ready for each read, as much as a pipe holds.
const ROOM_BYTES: usize = 64 * 1024;

/// A query with the marks between which its answer stands.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    line: Vec<u8>,
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Question {
    /// A query of plain ASCII, as all of the benchmark are.
    pub(crate) fn new(query: &str) -> Self {
        let mark = |key: &str| format!("{}\n", serde_json::json!({ key: query })).into_bytes();
        Self {
            line: format!("{query}\n").into_bytes(),
            start: mark("response-start"),
            end: mark("response-end"),
        }
    }
}

/// One `burp -a m`, warm.
#[derive(Debug)]
pub(crate) struct BareChild {
    // The pipes go first: the child ends when its input does.
    stdin: ChildStdin,
    stdout: ChildStdout,
    socket: Option<OwnedFd>,
    buffer: Vec<u8>,
    process: Process,
}

impl BareChild {
    /// Starts a child and waits until it has answered once.
    pub(crate) fn start(burp: &Path, conf: &Path) -> Result<Self, Failure> {
        let mut start = command(burp);
        start.arg("-c").arg(conf).args(["-a", "m"]);
        start.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::spawn(&mut start, "burp -a m")?;
        let (Some(stdin), Some(stdout)) =
            (process.child().stdin.take(), process.child().stdout.take())
        else {
            return Err(Failure::Program("burp -a m has no pipes".to_owned()));
        };
        let mut child = Self { stdin, stdout, socket: None, buffer: Vec::new(), process };
        child.send(b"j:pretty-print-off\nj:response-markers-on\n")?;
        child.ask(&Question::new("c:"))?;
        child.socket = status_socket(&child.process)?;
        Ok(child)
    }

    /// Whether the child's socket could be borrowed, so that it answers without the stall.
    pub(crate) fn swift(&self) -> bool {
        self.socket.is_some()
    }

    /// The answer to `question`, without the line end.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<&[u8], Failure> {
        self.buffer.clear();
        self.send(&question.line)?;
        let deadline = Deadline::after(PATIENCE);
        while !self.buffer.ends_with(&question.end) {
            self.remind();
            self.wait(deadline)?;
            self.buffer.reserve(ROOM_BYTES);
            let got = rustix::io::read(&self.stdout, spare_capacity(&mut self.buffer))
                .context(|| "cannot read from burp -a m".to_owned())?;
            if got == 0 {
                let words = String::from_utf8_lossy(&self.buffer);
                return Err(Failure::Program(format!("burp -a m ended: {words}")));
            }
        }
        let body = self.buffer.strip_suffix(question.end.as_slice()).unwrap_or_default();
        // Log lines may stand before the answer, those of the greeting above all.
        let body = body
            .windows(question.start.len())
            .position(|part| part == question.start)
            .and_then(|at| body.get(at..))
            .and_then(|body| body.strip_prefix(question.start.as_slice()))
            .ok_or_else(|| Failure::Program("burp -a m answers without markers".to_owned()))?;
        Ok(body.strip_suffix(b"\n").unwrap_or(body))
    }

    fn send(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.stdin.write_all(line).context(|| "cannot write to burp -a m".to_owned())
    }

    fn remind(&self) {
        if let Some(socket) = &self.socket {
            // A socket that has closed shows at the next read from the child.
            let _ = set_tcp_quickack(socket, true);
        }
    }

    fn wait(&self, deadline: Deadline) -> Result<(), Failure> {
        loop {
            let mut fds = [PollFd::new(&self.stdout, PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(REMIND))) {
                Ok(0) if deadline.passed() => {
                    return Err(Failure::Program("burp -a m does not answer".to_owned()));
                }
                Ok(0) => self.remind(),
                Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error).context(|| "cannot poll a pipe".to_owned()),
            }
        }
    }
}

/// The child's connection to the burp server; `None` where the kernel does not lend it.
fn status_socket(process: &Process) -> Result<Option<OwnedFd>, Failure> {
    let path = format!("/proc/{}/fd", process.id());
    for entry in fs::read_dir(&path).context(|| path.clone())? {
        let entry = entry.context(|| path.clone())?;
        let socket = fs::read_link(entry.path())
            .is_ok_and(|link| link.to_string_lossy().starts_with("socket:"));
        let number = entry.file_name().to_string_lossy().parse().ok();
        if let (true, Some(number)) = (socket, number) {
            let lent = pidfd_getfd(process.pidfd(), number, PidfdGetfdFlags::empty());
            if let Ok(lent) = lent {
                if set_tcp_quickack(&lent, true).is_ok() {
                    return Ok(Some(lent));
                }
            }
        }
    }
    Ok(None)
}
