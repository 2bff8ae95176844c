//! What the main thread of a daemon does while it serves: it waits for signals, tells the service
//! manager of readiness and signs of life, and sees to what has to be done from time to time.

use std::fmt::Display;
use std::time::Duration;

use crate::logging::{self, with_cause};
use crate::notify::State;
use crate::threads::caught;
use crate::{Deadline, Event, Exit, Notifier, Signals, now};

/// How often what has become too old is looked for.
const SWEEP: Duration = Duration::from_secs(10);
/// How often it is looked whether the daemon is ready, while a service manager waits for it.
const LOOK: Duration = Duration::from_millis(20);

/// Has signals be data from here on, before any thread is started, and finds the service manager.
pub fn prepare() -> Result<(Signals, Notifier), Exit> {
    let failed = |what: &'static str| {
        move |error| {
            log::error!("{what}: {error}");
            Exit::Os
        }
    };
    let notifier = Notifier::from_environment().map_err(failed("NOTIFY_SOCKET"))?;
    Ok((Signals::install().map_err(failed("cannot catch signals"))?, notifier))
}

/// A daemon that serves on its own threads.
pub trait Serving {
    /// Whether the service manager may be told so, which no daemon leaves open for long.
    fn is_ready(&self) -> bool;
    /// Goes on with what the configuration says now. A wrong one changes nothing.
    fn reload(&mut self);
    /// Its state, for the log.
    fn state(&self) -> String;
    /// Throws away what is too old.
    fn sweep(&mut self);
}

/// Serves until it is told to stop. A panic of the daemon's is told in the log, and it serves on as it
/// did.
pub fn supervise(daemon: &mut impl Serving, signals: &mut Signals, notifier: &Notifier) {
    let mut swept = now();
    let mut ready = false;
    let beat = notifier.watchdog_interval().unwrap_or(SWEEP).min(SWEEP);
    loop {
        let tick = if ready || !notifier.is_listening() { beat } else { beat.min(LOOK) };
        match signals.wait_until(Deadline::after(tick)) {
            Some(Event::Stop) => return,
            // While it is starting, readiness is still to come and nothing else is told.
            Some(Event::Reload) => reload(daemon, ready.then_some(notifier)),
            Some(Event::Dump) => {
                caught("state", || log::warn!("status: {}", daemon.state()));
            }
            None => {}
        }
        if !ready && daemon.is_ready() {
            ready = true;
            notifier.tell(State::Ready);
        }
        notifier.tell(State::Watchdog);
        if now().duration_since(swept) >= SWEEP {
            swept = now();
            caught("sweep", || daemon.sweep());
        }
    }
}

/// Says which keys have changed whose change a reload cannot bring about, of these with whether they
/// have.
pub fn warn_of_restart<K: Display>(keys: impl IntoIterator<Item = (K, bool)>) {
    for (key, _) in keys.into_iter().filter(|(_, has_changed)| *has_changed) {
        log::warn!("{key} has changed, which takes effect at the next start only");
    }
}

/// Goes on with a new log file and with what the configuration says now.
fn reload(daemon: &mut impl Serving, notifier: Option<&Notifier>) {
    let tell = |state| notifier.into_iter().for_each(|notifier| notifier.tell(state));
    tell(State::Reloading);
    if let Err(error) = logging::reopen() {
        log::error!("{}", with_cause(&error));
    }
    caught("reload", || daemon.reload());
    tell(State::Ready);
}
