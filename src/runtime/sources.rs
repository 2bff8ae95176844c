//! Where a value comes from: the environment goes before the configuration file.
//!
//! The originals read the environment only, in letters of whatever case; an empty variable is none.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use crate::numbers;
use crate::{Problem, Reader};

/// Where variables and options stand, for the words of problems.
const ENVIRONMENT: &str = "environment";
const COMMAND_LINE: &str = "command line";

/// A variable's value under a name, and the name as it is spelt there.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<(String, OsString)>;

/// A text, and who says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub text: String,
    /// By whom.
    pub by: Source,
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This variable.
    Variable(String),
    /// This option.
    Option(&'static str),
    /// This key of this section.
    File(&'static str, &'static str),
}

/// See the module.
pub struct Sources<'d, 'l> {
    /// The file.
    pub reader: Reader<'d>,
    lookup: Lookup<'l>,
    problems: Vec<Problem>,
    odd: Vec<Problem>,
}

impl<'d, 'l> Sources<'d, 'l> {
    /// What this file says, and the environment by `lookup`.
    pub fn new(reader: Reader<'d>, lookup: Lookup<'l>) -> Self {
        Self { reader, lookup, problems: Vec::new(), odd: Vec::new() }
    }

    /// The first of these variables that is set. One that is not UTF-8 is wrong: if it were passed
    /// over, something else would take effect than what was said.
    pub fn variable(&mut self, names: &[&str]) -> Option<Said> {
        let (name, text) = names.iter().find_map(|name| (self.lookup)(name))?;
        let by = Source::Variable(name);
        let Ok(text) = text.into_string() else {
            self.wrong(&by, "is not UTF-8");
            return None;
        };
        Some(Said { text, by })
    }

    /// A text, perhaps empty.
    pub fn text(
        &mut self,
        section: &'static str,
        key: &'static str,
        names: &[&str],
    ) -> Option<Said> {
        let written = self.reader.text(section, key);
        let written = written.map(|text| Said { text, by: Source::File(section, key) });
        self.variable(names).or(written)
    }

    /// A whole number within `range`.
    pub fn integer<T>(
        &mut self,
        section: &'static str,
        key: &'static str,
        names: &[&str],
        range: RangeInclusive<T>,
        default: T,
    ) -> T
    where
        T: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        let written = self.reader.integer(section, key, range.clone(), default);
        let Some(said) = self.variable(names) else { return written };
        let number = numbers::integer(&said.text).and_then(|number| T::try_from(number).ok());
        number.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let words = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.wrong(&said.by, words);
            default
        })
    }

    /// A time in seconds within `range`, whole or with a decimal point.
    pub fn seconds(
        &mut self,
        section: &'static str,
        key: &'static str,
        names: &[&str],
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let written = self.reader.seconds(section, key, range.clone(), default);
        let Some(said) = self.variable(names) else { return written };
        numbers::seconds(&said.text).filter(|time| range.contains(time)).unwrap_or_else(|| {
            let (least, most) = (range.start().as_secs_f64(), range.end().as_secs_f64());
            self.wrong(&said.by, format!("must be a number of seconds from {least} to {most}"));
            default
        })
    }

    /// A boolean.
    pub fn boolean(
        &mut self,
        section: &'static str,
        key: &'static str,
        names: &[&str],
        default: bool,
    ) -> bool {
        let written = self.reader.boolean(section, key, default);
        let Some(said) = self.variable(names) else { return written };
        numbers::boolean(&said.text).unwrap_or_else(|| {
            self.wrong(&said.by, "must be one of true, yes, on, 1, false, no, off, 0");
            default
        })
    }

    /// One of some words, in any case, each with what it means.
    pub fn choice<T: Copy>(
        &mut self,
        section: &'static str,
        key: &'static str,
        names: &[&str],
        choices: &[(&str, T)],
        default: T,
    ) -> T {
        let written = self.reader.choice(section, key, choices, default);
        let Some(said) = self.variable(names) else { return written };
        let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(said.text.trim()));
        if let Some(&(_, meaning)) = chosen {
            return meaning;
        }
        let words: Vec<&str> = choices.iter().map(|&(word, _)| word).collect();
        self.wrong(&said.by, format!("must be one of {}", words.join(", ")));
        default
    }

    /// Notes that something is wrong.
    pub fn wrong(&mut self, by: &Source, words: impl Into<String>) {
        match by {
            Source::File(section, key) => self.reader.wrong(section, key, words),
            Source::Variable(name) => self.problems.push(beside(ENVIRONMENT, name, words)),
            Source::Option(name) => self.problems.push(beside(COMMAND_LINE, name, words)),
        }
    }

    /// Notes that something is odd.
    pub fn odd(&mut self, by: &Source, words: impl Into<String>) {
        match by {
            Source::File(section, key) => self.reader.odd(section, key, words),
            Source::Variable(name) => self.odd.push(beside(ENVIRONMENT, name, words)),
            Source::Option(name) => self.odd.push(beside(COMMAND_LINE, name, words)),
        }
    }

    /// Notes that these variables of the original have no effect, if they are set.
    pub fn ignored(&mut self, names: &[&str], why: &str) {
        for name in names {
            if let Some(said) = self.variable(&[name]) {
                self.odd(&said.by, format!("is ignored: {why}"));
            }
        }
    }

    /// Ends the reading of `value`: all problems, or the warnings.
    pub fn finish<T>(&self, value: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        let problems = self.problems();
        if problems.is_empty() { Ok((value, self.warnings())) } else { Err(problems) }
    }

    /// All that is wrong so far.
    pub fn problems(&self) -> Vec<Problem> {
        self.reader.problems().iter().chain(&self.problems).cloned().collect()
    }

    /// All that is odd so far.
    pub fn warnings(&self) -> Vec<Problem> {
        self.reader.warnings().into_iter().chain(self.odd.iter().cloned()).collect()
    }
}

/// A problem of something that stands in no file.
fn beside(place: &str, name: &str, words: impl Into<String>) -> Problem {
    Problem::of_key(Path::new(place), None, "", name, words)
}
