//! Programs that are started for one thing and waited for: what they complain of is kept, and they
//! can be stopped.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::child::{Child, Read};
use crate::descendants;
use crate::launch::Launch;
use crate::wait::timespec;

/// How long what is cut short has to end by itself once it was told so otherwise.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What an errand may take.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// By when it must be over.
    pub deadline: Deadline,
    /// How many bytes of its standard error are kept: the last ones.
    pub complaints: usize,
    /// What ends it when it becomes readable.
    pub stop: Option<BorrowedFd<'t>>,
}

/// How an errand ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Why.
    pub end: ErrandEnd,
    /// The end of what it wrote to standard error.
    pub complaints: Vec<u8>,
}

/// Why an errand ended. The program is gone then, with its whole process group and what is below it
/// while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrandEnd {
    /// It ended by itself with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
    /// The deadline passed.
    Over,
    /// It was stopped.
    Stopped,
}

impl Errand {
    /// Starts a program without input and waits for its end. What it prints is thrown away. Where it
    /// has to be ended, `end` is called first, while it still runs.
    pub fn run(launch: &Launch, terms: Terms<'_>, end: impl FnOnce()) -> io::Result<Self> {
        let mut child: Child<(), ()> = Child::spawn(launch, (), terms.deadline)?;
        child.stdin = None;
        let mut complaints = Vec::new();
        let cut = attend(&mut child, terms, &mut complaints)?;
        if cut.is_some() {
            end();
            // Whoever was told otherwise may end by itself now, and say why.
            let _ = is_readable(child.pidfd.as_fd(), LAST_WORDS);
            while take_complaints(&mut child, terms.complaints, &mut complaints) {}
        }
        // Its group may have more than it, and so may what is below it.
        descendants::kill(child.pid());
        child.kill();
        child.reap();
        let end = cut.unwrap_or_else(|| told(child.status));
        Ok(Self { end, complaints })
    }
}

/// Waits for the program's end; why it has to be ended, if it must.
fn attend(
    child: &mut Child<(), ()>,
    terms: Terms<'_>,
    complaints: &mut Vec<u8>,
) -> io::Result<Option<ErrandEnd>> {
    loop {
        // Looked at before the reads, so that nothing of what it has said is lost.
        let is_gone = is_readable(child.pidfd.as_fd(), Duration::ZERO);
        while take_complaints(child, terms.complaints, complaints) {}
        loop {
            match child.read(DISCARDED)? {
                Read::Bytes(_) => child.input.clear(),
                Read::Nothing => break,
                Read::End => {
                    child.stdout = None;
                    break;
                }
            }
        }
        if is_gone {
            return Ok(None);
        }
        if terms.stop.is_some_and(|stop| is_readable(stop, Duration::ZERO)) {
            return Ok(Some(ErrandEnd::Stopped));
        }
        if terms.deadline.passed() {
            return Ok(Some(ErrandEnd::Over));
        }
        wait(child, terms);
    }
}

/// Bytes of its standard output that are read at once, for nobody.
const DISCARDED: usize = 16 << 10;

/// Reads what it complains of now; whether there may be more.
fn take_complaints(child: &mut Child<(), ()>, limit: usize, complaints: &mut Vec<u8>) -> bool {
    let Some(stderr) = &child.stderr else { return false };
    let mut bytes = [0; 4 << 10];
    match rustix::io::read(stderr, &mut bytes) {
        Ok(count) if count > 0 => {
            complaints.extend_from_slice(bytes.get(..count).unwrap_or_default());
            // Twice as much is held, so that the old is not moved away for each new line.
            if complaints.len() > limit.saturating_mul(2) {
                cut_front(complaints, limit);
            }
            true
        }
        Err(Errno::INTR) => true,
        Err(Errno::AGAIN) => {
            cut_front(complaints, limit);
            false
        }
        _ => {
            child.stderr = None;
            cut_front(complaints, limit);
            false
        }
    }
}

fn cut_front(complaints: &mut Vec<u8>, limit: usize) {
    complaints.drain(..complaints.len().saturating_sub(limit));
}

/// Waits until the program says something or ends, or until it has to.
fn wait(child: &Child<(), ()>, terms: Terms<'_>) {
    let mut set = Vec::with_capacity(4);
    let outputs = [&child.stdout, &child.stderr].into_iter().flatten().map(AsFd::as_fd);
    for descriptor in outputs.chain([child.pidfd.as_fd()]).chain(terms.stop) {
        set.push(PollFd::from_borrowed_fd(descriptor, PollFlags::IN));
    }
    // Interrupted or not, the caller looks again.
    let _ = poll(&mut set, terms.deadline.remaining().map(timespec).as_ref());
}

fn told(status: Option<ExitStatus>) -> ErrandEnd {
    match status.and_then(|status| status.code()) {
        Some(code) => ErrandEnd::Exited(code),
        None => ErrandEnd::Killed(status.and_then(|status| status.signal()).unwrap_or_default()),
    }
}

pub(crate) fn is_readable(descriptor: BorrowedFd<'_>, patience: Duration) -> bool {
    let set = &mut [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    matches!(poll(set, Some(&timespec(patience))), Ok(1..))
}
