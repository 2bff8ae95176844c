//! What is wrong in a configuration file, with the place where it stands.
//!
//! The words never repeat a value: what stands in the wrong place may be a password.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong, or for a warning: one that is odd. Shown as
/// `FILE:LINE: [Section] key: words`, without the parts that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    line: Option<usize>,
    section: String,
    key: String,
    words: String,
}

impl Problem {
    /// A problem of the whole file.
    pub fn in_file(file: &Path, words: impl Into<String>) -> Self {
        let nowhere = String::new();
        Self {
            file: file.to_owned(),
            line: None,
            section: nowhere.clone(),
            key: nowhere,
            words: words.into(),
        }
    }

    /// A problem in the line with this number; the first one is 1.
    pub fn in_line(file: &Path, line: usize, words: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::in_file(file, words) }
    }

    /// A problem of one key. `line` is where the key stands, or its section if it is missing;
    /// `section` is empty for the keys before the first section.
    pub fn of_key(
        file: &Path,
        line: Option<usize>,
        section: &str,
        key: &str,
        words: impl Into<String>,
    ) -> Self {
        let (section, key) = (section.to_owned(), key.to_owned());
        Self { line, section, key, ..Self::in_file(file, words) }
    }

    /// The number of the line, from 1; `None` for what no single line is to blame for.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong, without the place.
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// What was read, if it could be, with its warnings or else its errors written to the log.
pub fn logged<T>(read: Result<(T, Vec<Problem>), Vec<Problem>>) -> Option<T> {
    let (value, level, problems) = match read {
        Ok((value, warnings)) => (Some(value), log::Level::Warn, warnings),
        Err(problems) => (None, log::Level::Error, problems),
    };
    for problem in problems {
        log::log!(level, "{problem}");
    }
    value
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if !self.section.is_empty() {
            write!(f, " [{}]", self.section)?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.words)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_place_as_far_as_it_is_known() {
        let file = Path::new("etc/x.cfg");
        let shown = |problem: Problem| problem.to_string();
        assert_eq!(shown(Problem::in_file(file, "is empty")), "etc/x.cfg: is empty");
        assert_eq!(shown(Problem::in_line(file, 3, "is odd")), "etc/x.cfg:3: is odd");
        assert_eq!(
            shown(Problem::of_key(file, Some(3), "Global", "port", "is not a number")),
            "etc/x.cfg:3: [Global] port: is not a number"
        );
        assert_eq!(shown(Problem::of_key(file, None, "", "x", "?")), "etc/x.cfg: x: ?");
    }
}
