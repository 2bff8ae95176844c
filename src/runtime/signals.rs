//! Signals as data: the main thread waits for them like for any other message.
//!
//! A signal handler only raises a flag and writes one byte to a socket pair that the waiting
//! thread reads; everything else happens outside of it. Equal signals that arrive before they are
//! waited for are one event, as they are for the kernel. `SIGPIPE` stays ignored, as Rust's
//! start-up code leaves it, so that a write to a closed pipe is an error and not an end; for the same
//! reason `SIGXFSZ`, of a file that may grow no further, is caught and means nothing.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::{SigId, flag, low_level};

use crate::Deadline;

/// What a signal asks the daemon to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `SIGTERM` or `SIGINT`: end, in order.
    Stop,
    /// `SIGHUP`: read the configuration again.
    Reload,
    /// `SIGUSR1`: write the state to the log.
    Dump,
}

/// Which signals mean what; where several wait, the first of this list is told first.
pub const MEANINGS: [(i32, Event); 4] = [
    (SIGTERM, Event::Stop),
    (SIGINT, Event::Stop),
    (SIGHUP, Event::Reload),
    (SIGUSR1, Event::Dump),
];

/// Has an interrupt from the terminal end the programs that this process has started there, and not
/// this process, from now on.
pub fn leave_interrupts_to_children() -> io::Result<()> {
    // Children do not inherit a handler, as they would what is ignored.
    flag::register(SIGINT, Arc::default()).map(drop)
}

/// Whether this process was started not to end with its terminal, as by `nohup`. To be asked before
/// its signals are caught.
pub fn outlives_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is that of the first signal.
    ignored.is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}

/// The signals of this process, caught for as long as this value lives.
///
/// After it is dropped the signals are ignored, not fatal: what they meant is over by then.
#[derive(Debug)]
pub struct Signals {
    caught: Vec<(Arc<AtomicBool>, Event)>,
    registered: Vec<SigId>,
    wake: UnixStream,
}

impl Signals {
    /// Catches the signals from now on. To be called before any thread or child is started.
    pub fn install() -> io::Result<Self> {
        let (wake, bell) = UnixStream::pair()?;
        let mut signals = Self { caught: Vec::new(), registered: Vec::new(), wake };
        // Children do not inherit that, as they would what is ignored.
        signals.registered.push(flag::register(SIGXFSZ, Arc::default())?);
        for (signal, event) in MEANINGS {
            let flag = Arc::new(AtomicBool::new(false));
            // Actions run in the order of their registration: the flag stands before the byte is
            // written, so whoever reads the byte finds the flag.
            signals.registered.push(flag::register(signal, Arc::clone(&flag))?);
            signals.registered.push(low_level::pipe::register(signal, bell.try_clone()?)?);
            signals.caught.push((flag, event));
        }
        Ok(signals)
    }

    /// Waits for the next event, however long that takes.
    pub fn wait(&mut self) -> Event {
        loop {
            if let Some(event) = self.wait_until(Deadline::NEVER) {
                return event;
            }
        }
    }

    /// Waits for the next event; `None` once `deadline` has passed.
    ///
    /// If signals can no longer be heard, the answer is [`Event::Stop`]: a daemon that nobody can
    /// stop in order is worse than one that has stopped.
    pub fn wait_until(&mut self, deadline: Deadline) -> Option<Event> {
        loop {
            if let Some(event) = self.pending() {
                return Some(event);
            }
            let left = deadline.remaining();
            // A read timeout of zero would mean none at all.
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            let heard =
                self.wake.set_read_timeout(left).and_then(|()| self.wake.read(&mut [0; 64]));
            match heard {
                Ok(1..) => {}
                Ok(0) => return Some(Event::Stop),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted => {}
                    _ => return Some(Event::Stop),
                },
            }
        }
    }

    /// Whether a stop signal waits, which stays for the next wait.
    pub fn is_stop_pending(&self) -> bool {
        let mut stops = self.caught.iter().filter(|(_, event)| *event == Event::Stop);
        stops.any(|(flag, _)| flag.load(Ordering::Acquire))
    }

    fn pending(&self) -> Option<Event> {
        self.caught
            .iter()
            .find(|(flag, _)| flag.swap(false, Ordering::AcqRel))
            .map(|&(_, event)| event)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// One test for all, because signals belong to the process and not to a test's thread.
    #[test]
    fn signals_become_events_in_order_of_weight() {
        let mut signals = Signals::install().unwrap();
        assert_eq!(signals.wait_until(Deadline::after(Duration::ZERO)), None);
        assert_eq!(signals.wait_until(Deadline::after(Duration::from_millis(1))), None);
        for signal in [SIGUSR1, SIGHUP, SIGTERM, SIGTERM] {
            low_level::raise(signal).unwrap();
        }
        let soon = || Deadline::after(Duration::from_secs(10));
        assert!(signals.is_stop_pending() && signals.is_stop_pending());
        assert_eq!(signals.wait_until(soon()), Some(Event::Stop));
        assert!(!signals.is_stop_pending());
        assert_eq!(signals.wait(), Event::Reload);
        assert_eq!(signals.wait_until(soon()), Some(Event::Dump));
        assert_eq!(signals.wait_until(Deadline::after(Duration::from_millis(1))), None);
        low_level::raise(SIGINT).unwrap();
        assert_eq!(signals.wait(), Event::Stop);

        drop(signals);
        let mut again = Signals::install().unwrap();
        low_level::raise(SIGHUP).unwrap();
        assert_eq!(again.wait(), Event::Reload);
    }
}
