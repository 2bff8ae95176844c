//! The daemon's life, from its command line to its exit code.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use ostler_runtime::files::open_regular;
use ostler_runtime::notify::State;
use ostler_runtime::{Deadline, Event, Exit, Notifier, Problem, Signals, logging, now};

use crate::check;
use crate::config::Config;
use crate::load::load;
use crate::options::Options;
use crate::running::Running;

/// How often answers that are too old are thrown away.
const SWEEP: Duration = Duration::from_secs(10);
/// How often it is looked whether the first child is ready, while a service manager waits for it.
const READY: Duration = Duration::from_millis(20);

/// Runs the daemon until a signal stops it, or checks its configuration.
pub fn run(options: &Options) -> Exit {
    if let Some(check) = options.check {
        return check::run(&options.config, check, options.account.as_deref());
    }
    if let Err(error) = logging::start(options.level, options.logfile.as_deref()) {
        eprintln!("bui-monitor: {}", with_cause(&error));
        return Exit::Config;
    }
    for word in &options.ignored {
        log::warn!("ignored on the command line: {word}");
    }
    match serve(&options.config, options.logfile.as_deref()) {
        Ok(()) => Exit::Success,
        Err(exit) => exit,
    }
}

fn serve(path: &Path, logfile: Option<&Path>) -> Result<(), Exit> {
    let config = read(path).ok_or(Exit::Config)?;
    let failed = |what: &'static str| {
        move |error| {
            log::error!("{what}: {error}");
            Exit::Os
        }
    };
    let notifier = Notifier::from_environment().map_err(failed("NOTIFY_SOCKET"))?;
    // Before any thread: from here on a signal is data.
    let mut signals = Signals::install().map_err(failed("cannot catch signals"))?;
    let ready_by = Deadline::after(config.start_deadline);
    let mut running = Running::start(config, logfile)?;
    if let Err(error) = open_regular(path) {
        log::warn!("a reload will not find {}: {error}", path.display());
    }
    supervise(path, &mut running, &mut signals, &notifier, ready_by);
    running.stop(&mut signals, &notifier);
    Ok(())
}

/// Serves until it is told to stop. The service manager is told that the daemon is ready once a
/// child is, once all have failed to start, or once it has waited long enough for one; and then
/// regularly that it is alive.
fn supervise(
    path: &Path,
    running: &mut Running,
    signals: &mut Signals,
    notifier: &Notifier,
    ready_by: Deadline,
) {
    let mut swept = now();
    let mut ready = false;
    let beat = notifier.watchdog_interval().unwrap_or(SWEEP).min(SWEEP);
    loop {
        let tick = if ready || !notifier.is_listening() { beat } else { beat.min(READY) };
        match signals.wait_until(Deadline::after(tick)) {
            Some(Event::Stop) => return,
            Some(Event::Reload) => {
                // While it is starting, readiness is still to come and nothing else is told.
                let told = ready.then_some(notifier);
                reload(path, running, told);
            }
            Some(Event::Dump) => log::warn!("status: {}", running.monitor.status()),
            None => {}
        }
        if !ready && (running.monitor.pool().has_tried() || ready_by.passed()) {
            ready = true;
            notifier.tell(State::Ready);
        }
        notifier.tell(State::Watchdog);
        if now().duration_since(swept) >= SWEEP {
            swept = now();
            running.monitor.sweep();
        }
    }
}

/// Goes on with a new log file and with what the configuration says now. A wrong file changes
/// nothing.
fn reload(path: &Path, running: &mut Running, notifier: Option<&Notifier>) {
    let tell = |state| notifier.into_iter().for_each(|notifier| notifier.tell(state));
    tell(State::Reloading);
    if let Err(error) = logging::reopen() {
        log::error!("{}", with_cause(&error));
    }
    let refused = match read(path).map(|config| running.reload(config)) {
        None => Some("the configuration is wrong"),
        Some(Ok(())) => None,
        Some(Err(error)) => {
            log::error!("{error}");
            Some("the certificate, its key or the clients' authorities cannot be used")
        }
    };
    running.monitor.reloaded(refused);
    if refused.is_some() {
        log::warn!("everything stays as it was");
    }
    tell(State::Ready);
}

/// An error and what caused it.
fn with_cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Reads the configuration and logs what is wrong or odd with it.
fn read(path: &Path) -> Option<Config> {
    let log_all = |problems: &[Problem], level: log::Level| {
        for problem in problems {
            log::log!(level, "{problem}");
        }
    };
    match load(path) {
        Ok((config, warnings)) => {
            log_all(&warnings, log::Level::Warn);
            Some(config)
        }
        Err(problems) => {
            log_all(&problems, log::Level::Error);
            None
        }
    }
}
