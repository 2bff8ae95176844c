//! Programs that are run once, for what they print or for what can be tried on them.

use std::io;
use std::os::fd::AsFd;

use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, poll};

use crate::child::{Child, Read};
use crate::launch::Launch;
use crate::wait::timespec;

/// Runs a program without input and returns what it printed, at most `limit` bytes. It is killed at
/// the deadline; its exit status does not matter.
pub fn output(launch: &Launch, deadline: Deadline, limit: usize) -> io::Result<Vec<u8>> {
    let mut child: Child<(), ()> = Child::spawn(launch, (), deadline)?;
    child.stdin = None;
    loop {
        match child.read(limit)? {
            Read::Bytes(_) if child.input.len() > limit => {
                return Err(io::Error::other(format!("it prints more than {limit} bytes")));
            }
            Read::Bytes(_) => {}
            Read::End => break,
            Read::Nothing if deadline.passed() => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not end"));
            }
            Read::Nothing => {
                let Some(stdout) = &child.stdout else { break };
                let timeout = deadline.remaining().map(timespec);
                // Interrupted or not, the loop looks again.
                let _ = poll(
                    &mut [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)],
                    timeout.as_ref(),
                );
            }
        }
    }
    let _ = child.read_stderr();
    match child.complaint() {
        Some(complaint) if child.input.is_empty() => Err(io::Error::other(complaint)),
        _ => Ok(std::mem::take(&mut child.input)),
    }
}

/// Starts a program, gives its process id to `try_it`, and kills it.
pub fn with_child<T>(launch: &Launch, try_it: impl FnOnce(u32) -> T) -> io::Result<T> {
    let child: Child<(), ()> = Child::spawn(launch, (), Deadline::NEVER)?;
    Ok(try_it(child.pid()))
}
