//! The pipe's binary.

use std::process::ExitCode;

use broker::pipe::run;
use broker::pipe_options::PipeOptions;
use ostler_runtime::Exit;

fn main() -> ExitCode {
    match PipeOptions::parse(std::env::args_os()) {
        Ok(options) => run(&options).into(),
        Err(error) => {
            // Nothing is left to be done if even this cannot be printed.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}
