//! `--check`: the configuration as it takes effect, or everything that is wrong with it.

use std::fmt::Display;
use std::io::{self, Write as _};

use ostler_runtime::Exit;

use crate::config::{self, Configuration};
use crate::options::{Check, Options};
use crate::{check_effective, check_named};

/// Prints what the daemon would run with, secrets hidden, and says on standard error what is wrong
/// or odd. With [`Check::Strict`], what is odd is wrong.
pub(crate) fn run(options: &Options, check: Check) -> Exit {
    let document = match config::document(options) {
        Ok(document) => document,
        Err(problems) => {
            tell("error", &problems);
            return Exit::Config;
        }
    };
    let (config, problems, warnings) = Configuration::with_environment(options, |given| {
        let (config, mut sources) = Configuration::ask(&document, given);
        check_named::judge(&mut sources, &config, options);
        (config, sources.problems(), sources.warnings())
    });
    tell("error", &problems);
    if !problems.is_empty() {
        return Exit::Config;
    }
    tell("warning", &warnings);
    match io::stdout().write_all(check_effective::of(&config).to_string().as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot print: {error}");
            Exit::Os
        }
        _ if check == Check::Strict && !warnings.is_empty() => Exit::Config,
        _ => Exit::Success,
    }
}

fn tell<T: Display>(level: &str, sentences: &[T]) {
    for sentence in sentences {
        // What a file holds cannot forge a line or colour a terminal.
        let shown: String = sentence
            .to_string()
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        eprintln!("{level}: {shown}");
    }
}
