//! The daemon's life, from its command line to its exit code.

use std::path::Path;

use ostler_runtime::files::open_regular;
use ostler_runtime::logging::{self, with_cause};
use ostler_runtime::problem::logged;
use ostler_runtime::supervise::{Serving, prepare, supervise};
use ostler_runtime::{Deadline, Exit};

use crate::check;
use crate::load::load;
use crate::options::Options;
use crate::running::Running;

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
    let config = logged(load(path)).ok_or(Exit::Config)?;
    let (mut signals, notifier) = prepare()?;
    let ready_by = Deadline::after(config.start_deadline);
    let running = Running::start(config, logfile)?;
    if let Err(error) = open_regular(path) {
        log::warn!("a reload will not find {}: {error}", path.display());
    }
    let mut daemon = Daemon { path, running, ready_by };
    supervise(&mut daemon, &mut signals, &notifier);
    daemon.running.stop(&mut signals, &notifier);
    Ok(())
}

/// The daemon while it serves.
struct Daemon<'a> {
    path: &'a Path,
    running: Running,
    ready_by: Deadline,
}

impl Serving for Daemon<'_> {
    /// Once a child is ready, once all have failed to start, or once it has been waited long enough
    /// for one.
    fn is_ready(&self) -> bool {
        self.running.monitor.pool().has_tried() || self.ready_by.passed()
    }

    fn reload(&mut self) {
        let refused = match logged(load(self.path)).map(|config| self.running.reload(config)) {
            None => Some("the configuration is wrong"),
            Some(Ok(())) => None,
            Some(Err(error)) => {
                log::error!("{error}");
                Some("the certificate, its key or the clients' authorities cannot be used")
            }
        };
        self.running.monitor.reloaded(refused);
        if refused.is_some() {
            log::warn!("everything stays as it was");
        }
    }

    fn state(&self) -> String {
        self.running.monitor.status().to_string()
    }

    fn sweep(&mut self) {
        self.running.monitor.sweep();
    }
}
