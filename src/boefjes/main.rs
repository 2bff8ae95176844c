//! The workers' binary, and that of the tools.

use std::process::ExitCode;

use ostler_runtime::Exit;

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    Exit::Usage.into()
}
