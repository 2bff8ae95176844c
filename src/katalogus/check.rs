//! `--check`: the configuration as it takes effect, or everything that is wrong with it.

use std::fmt::Display;
use std::io::{self, Write as _};

use ostler_net::opening::load_identity;
use ostler_runtime::{Accounts, Document, Exit, Problem};

use crate::check_effective;
use crate::config::{self, Configuration};
use crate::options::{Check, Options};

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
        let (config, sources) = Configuration::ask(&document, given);
        (config, sources.problems(), sources.warnings())
    });
    let problems = [problems, named(&document, &config)].concat();
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

/// What is wrong with the things that a configuration names.
fn named(document: &Document, config: &Configuration) -> Vec<Problem> {
    let wrong = |key: &str, words: String| {
        let line = document.line("Global", key);
        Problem::of_key(document.path(), line, "Global", key, words)
    };
    let mut problems = Vec::new();
    if let Err(error) = load_identity(config.tls.as_ref()) {
        problems.push(wrong("sslcert", format!("or sslkey, sslca: {error}")));
    }
    if let Some(user) = &config.user {
        if Accounts::read().is_ok_and(|accounts| accounts.user(user).is_none()) {
            problems.push(wrong("user", format!("there is no user {user}")));
        }
    }
    problems
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
