//! The daemon's binary.

use std::process::ExitCode;

use bui_monitor::{Options, daemon};
use ostler_runtime::Exit;

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    ostler_pool::launch::restart_frugal();
    match Options::parse(std::env::args_os()) {
        Ok(options) => daemon::run(&options).into(),
        Err(error) => {
            // Nothing is left to be done if even this cannot be printed.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}
