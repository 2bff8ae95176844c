//! The workers' binary, and that of the tools.

use std::process::ExitCode;

use boefjes::daemon;
use boefjes::options::{Action, Options, WRONG_USAGE};
use boefjes::tool;

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    ostler_pool::launch::restart_frugal();
    match Options::parse(std::env::args_os()) {
        Ok(options) => match &options.action {
            Action::Tool(tool) => tool::run(&options, tool),
            _ => daemon::run(&options).into(),
        },
        Err(error) => {
            // Nothing is left to be done if even this cannot be printed.
            let _ = error.print();
            if error.use_stderr() { WRONG_USAGE.into() } else { ExitCode::SUCCESS }
        }
    }
}
