//! How a client waits: for bytes or for time, never beyond a deadline, and not after a signal that
//! asks it to end.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use ostler_runtime::{Deadline, Event, Signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::client_error::Fault;

/// A signal interrupts `poll`; one that comes right before it is seen after this time at the
/// latest.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(250);

/// Waits, and knows whether a signal came.
#[derive(Debug)]
pub(crate) struct Patience {
    signals: Option<Signals>,
    stopped: bool,
}

impl Patience {
    /// Signals are left to the system, which ends the process.
    pub(crate) fn plain() -> Self {
        Self { signals: None, stopped: false }
    }

    /// The signals that end a program end the waits of this one instead.
    pub(crate) fn with(signals: Signals) -> Self {
        Self { signals: Some(signals), stopped: false }
    }

    /// Waits for `time`, but no longer than until a signal comes: whether one has.
    pub(crate) fn is_stopped_within(&mut self, time: Duration) -> bool {
        let deadline = Deadline::after(time);
        while !self.is_stopped(deadline) {
            if deadline.passed() {
                return false;
            }
        }
        true
    }

    /// Waits until the descriptor is ready for `flags`.
    pub(crate) fn ready(
        &mut self,
        descriptor: BorrowedFd<'_>,
        flags: PollFlags,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        loop {
            if self.is_stopped(Deadline::after(Duration::ZERO)) {
                return Err(Fault::Stopped);
            }
            let left = deadline.remaining().unwrap_or(LOOK_FOR_SIGNALS);
            if left.is_zero() {
                return Err(Fault::Late);
            }
            let timeout = timespec(left);
            match poll(&mut [PollFd::from_borrowed_fd(descriptor, flags)], Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// After an error that may only say that nothing can be done at the moment: waits until it can.
    pub(crate) fn not_now(
        &mut self,
        error: io::Error,
        descriptor: BorrowedFd<'_>,
        flags: PollFlags,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock => self.ready(descriptor, flags, deadline),
            _ => Err(Fault::Io(error)),
        }
    }

    /// Waits for a signal until the deadline; true once one has come.
    fn is_stopped(&mut self, deadline: Deadline) -> bool {
        if self.stopped {
            return true;
        }
        let Some(signals) = &mut self.signals else {
            let left = deadline.remaining().unwrap_or(LOOK_FOR_SIGNALS);
            // Whatever a wait for nothing says, the caller looks at its deadline.
            let _ = poll(&mut [], Some(&timespec(left)));
            return false;
        };
        let heard = signals.wait_until(deadline);
        self.stopped = matches!(heard, Some(Event::Stop | Event::Reload));
        self.stopped
    }
}

/// The time, or as much of it as may pass before signals are looked for.
fn timespec(time: Duration) -> Timespec {
    // That is less than a second.
    Timespec { tv_sec: 0, tv_nsec: time.min(LOOK_FOR_SIGNALS).subsec_nanos().into() }
}
