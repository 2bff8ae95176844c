//! How a daemon's server comes to its end once it has been told to stop.

use std::time::Duration;

use ostler_runtime::notify::State;
use ostler_runtime::{Deadline, Event, Notifier, Signals};

use crate::{Drained, Server};

/// How often it is looked whether the end has come, and signs of life are given meanwhile.
pub const TICK: Duration = Duration::from_millis(20);

/// Lets what is in flight be answered, for as long as `granted`. Another stop signal cuts it short.
pub fn drain(
    server: &mut Server,
    granted: Duration,
    signals: &mut Signals,
    notifier: &Notifier,
) -> Drained {
    let deadline = Deadline::after(granted);
    loop {
        let open = match server.drain(Deadline::after(TICK).earlier(deadline)) {
            Drained::Whole => return Drained::Whole,
            Drained::Cut(open) => open,
        };
        notifier.tell(State::Watchdog);
        if deadline.passed() || is_hurried(signals, Deadline::after(Duration::ZERO)) {
            log::warn!("{open} connections were not finished");
            return Drained::Cut(open);
        }
    }
}

/// Whether a further stop signal comes by `deadline`. Others have no meaning any more.
pub fn is_hurried(signals: &mut Signals, deadline: Deadline) -> bool {
    signals.wait_until(deadline) == Some(Event::Stop)
}
