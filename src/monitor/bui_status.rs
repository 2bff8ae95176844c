//! The status client's binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    bui_monitor::status_run::main(std::env::args_os())
}
