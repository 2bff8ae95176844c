//! Programs that are talked to once: they get all that they are told at once, and each line that
//! they print is heard when it comes.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, poll};

use crate::child::{Child, Read, describe};
use crate::descendants;
use crate::errand::is_readable;
use crate::launch::Launch;
use crate::wait::{END_OF_OUTPUT, timespec};

/// What an interview may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'b> {
    /// How long until the next line.
    pub line: Duration,
    /// By when it must be over.
    pub deadline: Deadline,
    /// How many bytes may be printed.
    pub bytes: usize,
    /// What ends it when it becomes readable.
    pub stop: Option<BorrowedFd<'b>>,
}

/// How an interview ended. The program is gone then, with its whole process group and what is below
/// it while it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All that was wanted has been heard.
    Enough,
    /// The program ended by itself: its status, and the first line of its complaints.
    Ended {
        /// The status in words.
        status: String,
        /// What it wrote to standard error first.
        complaint: Option<String>,
    },
    /// The next line did not come in time.
    Late,
    /// The deadline passed.
    Over,
    /// It printed too much.
    TooMuch,
    /// It was stopped.
    Stopped,
}

/// Starts a program, gives it `told` and the end of its input, and tells `heard` each line that it
/// prints, without its end, until that says that it is enough.
pub fn interview(
    launch: &Launch,
    told: Vec<u8>,
    bounds: Bounds<'_>,
    heard: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<End> {
    let mut child: Child<(), ()> = Child::spawn(launch, (), bounds.deadline)?;
    child.output = told;
    let end = talk(&mut child, bounds, heard);
    // One that was reaped has no number of its own any more.
    if child.status.is_none() {
        descendants::kill(child.pid());
    }
    end
}

fn talk(
    child: &mut Child<(), ()>,
    bounds: Bounds<'_>,
    mut heard: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<End> {
    let (mut next, mut bytes) = (Deadline::after(bounds.line), 0);
    loop {
        // What cannot be written any more shows as the program's end.
        if child.write().is_err() || !child.has_output() {
            child.stdin = None;
        }
        while child.read_stderr().is_some() {}
        // Looked at before the read, so that nothing of what it has said is lost. Others may hold its
        // output open.
        let is_gone = is_readable(child.pidfd.as_fd(), Duration::ZERO);
        match child.read(bounds.bytes.saturating_sub(bytes))? {
            Read::Bytes(_) => {}
            Read::End => return Ok(ended(child)),
            Read::Nothing if is_gone => return Ok(ended(child)),
            Read::Nothing if bounds.stop.is_some_and(|stop| is_readable(stop, Duration::ZERO)) => {
                return Ok(End::Stopped);
            }
            Read::Nothing if bounds.deadline.passed() => return Ok(End::Over),
            Read::Nothing if next.passed() => return Ok(End::Late),
            Read::Nothing => {
                wait(child, bounds.stop, bounds.deadline.earlier(next));
                continue;
            }
        }
        let mut start = 0;
        while let Some(length) = child.input.iter().skip(start).position(|byte| *byte == b'\n') {
            let line = child.input.get(start..start + length).unwrap_or_default();
            if heard(line).is_break() {
                return Ok(End::Enough);
            }
            start += length + 1;
            next = Deadline::after(bounds.line);
        }
        child.input.drain(..start);
        bytes += start;
        if bytes + child.input.len() > bounds.bytes {
            return Ok(End::TooMuch);
        }
    }
}

/// Waits until the child says something, takes something, or the deadline passes.
fn wait(child: &Child<(), ()>, stop: Option<BorrowedFd<'_>>, deadline: Deadline) {
    let mut set = Vec::with_capacity(5);
    if let Some(stdin) = &child.stdin {
        set.push(PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::OUT));
    }
    for output in [&child.stdout, &child.stderr].into_iter().flatten() {
        set.push(PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN));
    }
    for other in [Some(child.pidfd.as_fd()), stop].into_iter().flatten() {
        set.push(PollFd::from_borrowed_fd(other, PollFlags::IN));
    }
    // Interrupted or not, the caller looks again.
    let _ = poll(&mut set, deadline.remaining().map(timespec).as_ref());
}

fn ended(child: &mut Child<(), ()>) -> End {
    let by_itself = is_readable(child.pidfd.as_fd(), END_OF_OUTPUT);
    while child.read_stderr().is_some() {}
    let complaint = child.complaint();
    // Its group may have more than it, and so may what is below it.
    descendants::kill(child.pid());
    child.kill();
    child.reap();
    let status = if by_itself { describe(child.status) } else { "output closed".to_owned() };
    End::Ended { status, complaint }
}
