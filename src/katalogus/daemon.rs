//! The program's life, from its command line to its exit code.

use ostler_http::endpoint::Told;
use ostler_runtime::logging::{self, with_cause};
use ostler_runtime::problem::logged;
use ostler_runtime::supervise::{Serving, prepare, supervise};
use ostler_runtime::{Deadline, Exit};
use std::time::Duration;

use crate::config::Configuration;
use crate::options::{Action, Options};
use crate::running::Running;
use crate::{check, commands};

/// So long the service manager waits for the database before it is told that the service is ready.
const READY: Duration = Duration::from_secs(10);

/// Does what the command line asks for.
pub fn run(options: &Options) -> Exit {
    if let Action::Check(check) = options.action {
        return check::run(options, check);
    }
    if let Err(error) = logging::start(options.level, options.logfile.as_deref()) {
        eprintln!("katalogus: {}", with_cause(&error));
        return Exit::Config;
    }
    let Some(config) = logged(Configuration::read(options)) else { return Exit::Config };
    let done = match &options.action {
        Action::Serve | Action::Check(_) => serve(options, config),
        command => commands::run(command, &config),
    };
    done.map_or_else(|exit| exit, |()| Exit::Success)
}

fn serve(options: &Options, config: Configuration) -> Result<(), Exit> {
    let (mut signals, notifier) = prepare()?;
    let ready_by = Deadline::after(READY);
    let running = Running::start(config, options.logfile.as_deref(), &signals)?;
    let mut daemon = Daemon { options, running, ready_by };
    supervise(&mut daemon, &mut signals, &notifier);
    daemon.running.stop(&mut signals, &notifier);
    Ok(())
}

/// The daemon while it serves.
struct Daemon<'a> {
    options: &'a Options,
    running: Running,
    ready_by: Deadline,
}

impl Serving for Daemon<'_> {
    /// Once there is a connection with the database, or once it has been waited long enough for one.
    fn is_ready(&self) -> bool {
        self.running.state.unready().is_none() || self.ready_by.passed()
    }

    fn reload(&mut self) {
        let changed = match logged(Configuration::read(self.options))
            .map(|config| self.running.reload(config))
        {
            None => false,
            Some(Ok(())) => true,
            Some(Err(error)) => {
                log::error!("{error}");
                false
            }
        };
        if !changed {
            log::warn!("everything stays as it was");
        }
    }

    fn state(&self) -> String {
        self.running.state.report().to_string()
    }

    fn sweep(&mut self) {}
}
