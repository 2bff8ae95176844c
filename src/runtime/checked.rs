//! What `--check` of a daemon says: the configuration as it takes effect, or all that is wrong.

use std::fmt::Display;
use std::io::{self, Write as _};

use crate::shown::Lines;
use crate::{Exit, Problem};

/// How strict a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Warnings are told.
    Lenient,
    /// Warnings are errors.
    Strict,
}

/// A configuration that was looked at.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What is odd.
    pub warnings: Vec<Problem>,
    /// What takes effect if nothing is wrong, secrets hidden.
    pub effective: Lines,
}

impl Checked {
    /// One that cannot even be read.
    pub fn unreadable(problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::default() }
    }

    /// Prints what takes effect, and says on standard error what is wrong or odd.
    pub fn tell(&self, strictness: Strictness) -> Exit {
        tell("error", &self.problems);
        tell("warning", &self.warnings);
        if !self.problems.is_empty() {
            return Exit::Config;
        }
        match io::stdout().write_all(self.effective.to_string().as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                eprintln!("error: cannot print: {error}");
                Exit::Os
            }
            _ if strictness == Strictness::Strict && !self.warnings.is_empty() => Exit::Config,
            _ => Exit::Success,
        }
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
