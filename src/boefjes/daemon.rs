//! The program's life, from its command line to its exit code.

use ostler_runtime::Exit;
use ostler_runtime::logging::{self, LevelFilter, with_cause};
use ostler_runtime::problem::logged;
use ostler_runtime::supervise::{Serving, prepare, supervise};

use crate::check;
use crate::config::Configuration;
use crate::options::{Action, Options};
use crate::running::Running;
use crate::task::TaskKind;

/// Does what the command line asks for.
pub fn run(options: &Options) -> Exit {
    if let Action::Check(strictness) = options.action {
        return check::run(options, strictness);
    }
    let level = options.level.unwrap_or(LevelFilter::Info);
    if let Err(error) = logging::start(level, options.logfile.as_deref()) {
        eprintln!("boefjes: {}", with_cause(&error));
        return Exit::Config;
    }
    let Some(config) = logged(Configuration::read(options)) else { return Exit::Config };
    let done = match options.action {
        // These two were done before.
        Action::Check(_) | Action::Top(_) | Action::Tool(_) => Err(Exit::Internal),
        Action::Work { kind, takes_tasks } => serve(options, config, kind, takes_tasks),
    };
    done.map_or_else(|exit| exit, |()| Exit::Success)
}

fn serve(
    options: &Options,
    config: Configuration,
    kind: TaskKind,
    takes_tasks: bool,
) -> Result<(), Exit> {
    let (mut signals, notifier) = prepare()?;
    let logfile = options.logfile.as_deref();
    let running = Running::start(config, kind, takes_tasks, logfile, &signals)?;
    let Some(running) = running else { return Ok(()) };
    let mut daemon = Daemon { options, running };
    supervise(&mut daemon, &mut signals, &notifier);
    daemon.running.stop(&mut signals, &notifier);
    Ok(())
}

/// The daemon while it serves.
struct Daemon<'a> {
    options: &'a Options,
    running: Running,
}

impl Serving for Daemon<'_> {
    fn is_ready(&self) -> bool {
        self.running.is_ready()
    }

    fn reload(&mut self) {
        match logged(Configuration::read(self.options)) {
            Some(config) => self.running.reload(config),
            None => log::warn!("everything stays as it was"),
        }
    }

    fn state(&self) -> String {
        self.running.report().to_string()
    }

    fn sweep(&mut self) {}
}
