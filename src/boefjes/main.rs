//! The workers' binary, and that of the tools.

use std::process::ExitCode;

use boefjes::options::{Action, Options};
use boefjes::{daemon, options, tool, top};

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    ostler_pool::launch::restart_frugal();
    match Options::parse(std::env::args_os()) {
        Ok(asked) => match &asked.action {
            Action::Tool(tool) => tool::run(&asked, tool),
            Action::Top(top) => top::run(&asked, top).into(),
            _ => daemon::run(&asked).into(),
        },
        Err(error) => options::print(&error),
    }
}
