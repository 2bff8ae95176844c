//! Configuration files in the dialect of Python's `ConfigObj`: bytes to lines to values, each with
//! the line it stands in.
//!
//! A document is read whole or refused with everything that is wrong in it. Sections and keys are
//! case sensitive and may stand only once; keys may stand before the first section (whose name is
//! then [`ROOT`]). Nested sections are checked and otherwise ignored. The text is UTF-8, with or
//! without a byte order mark, with or without carriage returns.
//!
//! `%(name)s` in a value is replaced when the value is asked for (see [`Document::value`]), so
//! that a `%` in a key nobody asks for does no harm.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::str;
use std::sync::Arc;

use ini::{Ini, Properties};

use crate::files::read_regular;
pub use crate::ini_line::{Line, classify};
pub use crate::ini_value::Value;
pub use crate::interpolation::Unresolved;

use crate::ini_value::{Long, long, long_end, parse};
use crate::interpolation;
use crate::problem::Problem;

/// The longest configuration file, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The name under which the keys before the first section are asked for.
pub const ROOT: &str = "";

/// Why a configuration file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be opened or read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something is wrong in the file; at least one problem, in the order of the lines.
    #[error("{}", list(.0))]
    Wrong(Vec<Problem>),
}

impl From<DocumentError> for Vec<Problem> {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Wrong(problems) => problems,
            DocumentError::Read { path, source } => {
                vec![Problem::in_file(&path, format!("cannot be read: {source}"))]
            }
        }
    }
}

/// A configuration file that was read without a problem.
#[derive(Debug)]
pub struct Document {
    path: PathBuf,
    ini: Ini,
    /// The members of the values that are lists, which `Ini` does not know.
    lists: HashMap<(String, String), Vec<String>>,
    /// Where each key stands, and under an empty key each section.
    lines: HashMap<(String, String), usize>,
    /// The keys whose values end at a `#` that touches them.
    cut: BTreeSet<(String, String)>,
    entries: Vec<Entry>,
}

/// A key, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line, or the first of several, from 1.
    pub line: usize,
    /// The sections around it, the outermost first; none before the first section, and of more
    /// than one nothing is read.
    pub sections: Arc<[String]>,
    /// The key itself.
    pub key: String,
}

impl Document {
    /// Reads the file at `path`, of at most [`MAX_FILE_BYTES`].
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let bytes = read_regular(path, MAX_FILE_BYTES.saturating_add(1))
            .map_err(|source| DocumentError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &bytes).map_err(DocumentError::Wrong)
    }

    /// Reads `bytes`; `path` is only for the words of problems.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
            let words = format!("is longer than {MAX_FILE_BYTES} bytes");
            return Err(vec![Problem::in_file(path, words)]);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = valid.split(|&byte| byte == b'\n').count();
            vec![Problem::in_line(path, line, "this is not UTF-8")]
        })?;
        let mut filling = Filling::new(path);
        filling.fill(text);
        if filling.problems.is_empty() { Ok(filling.document) } else { Err(filling.problems) }
    }

    /// The file this was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The values as they are written: quotes and comments removed, members of a list joined by
    /// `, `, nothing replaced.
    pub fn ini(&self) -> &Ini {
        &self.ini
    }

    /// The value of `key` as it is written; `None` if it does not stand in the file.
    pub fn written(&self, section: &str, key: &str) -> Option<Value> {
        let members = self.lists.get(&(section.to_owned(), key.to_owned()));
        members.cloned().map(Value::Many).or_else(|| {
            self.ini.get_from(name(section), key).map(|text| Value::One(text.to_owned()))
        })
    }

    /// The value of `key` with each `%(name)s` replaced: by the key `name` of the same section, else
    /// by one before the first section, else of `[DEFAULT]`.
    pub fn value(&self, section: &str, key: &str) -> Option<Result<Value, Unresolved>> {
        self.written(section, key).map(|value| interpolation::resolve(self, section, key, value))
    }

    /// Where the section begins (`key` empty) or the key stands, from 1.
    pub fn line(&self, section: &str, key: &str) -> Option<usize> {
        self.lines.get(&(section.to_owned(), key.to_owned())).copied()
    }

    /// The sections and keys of the values that end at a `#` without a space before it: the rest of
    /// the line is a comment, which may not be what was meant.
    pub fn cut(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cut.iter().map(|(section, key)| (section.as_str(), key.as_str()))
    }

    /// All keys in the order of their lines, those in nested sections too.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The names of the sections, in their order; [`ROOT`] is the first.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.ini.sections().map(Option::unwrap_or_default)
    }

    /// The keys of a section, in their order.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        self.ini.section(name(section)).into_iter().flat_map(Properties::iter).map(|(key, _)| key)
    }
}

/// The name of a section as `Ini` has it.
fn name(section: &str) -> Option<&str> {
    (section != ROOT).then_some(section)
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// A document under construction.
struct Filling {
    document: Document,
    problems: Vec<Problem>,
    /// The sections around the current line, the root first.
    open: Vec<Open>,
}

struct Open {
    /// The names of the sections around it, and its own.
    path: Arc<[String]>,
    /// The name, if the keys of this section are kept.
    kept: Option<String>,
    /// Its keys and the sections in it: they share one set of names.
    names: HashSet<String>,
}

impl Filling {
    fn new(path: &Path) -> Self {
        let document = Document {
            path: path.to_owned(),
            ini: Ini::new(),
            lists: HashMap::new(),
            lines: HashMap::new(),
            cut: BTreeSet::new(),
            entries: Vec::new(),
        };
        let root =
            Open { path: Arc::default(), kept: Some(ROOT.to_owned()), names: HashSet::new() };
        Self { document, problems: Vec::new(), open: vec![root] }
    }

    fn fill(&mut self, text: &str) {
        let mut lines =
            text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
        while let Some((line, number)) = lines.next() {
            match classify(line) {
                Ok(Line::Blank | Line::Comment) => {}
                Ok(Line::Section { depth, name }) => self.section(number, depth, name),
                Ok(Line::Entry { key, value }) => {
                    let value = match long(value) {
                        None => parse(value),
                        Some(Ok(Long::Whole(text))) => Ok(Value::One(text.to_owned())),
                        Some(Ok(Long::Open(quotes, first))) => {
                            rest_of_long(first, quotes, lines.by_ref().map(|(line, _)| line))
                        }
                        Some(Err(words)) => Err(words),
                    };
                    self.entry(number, key, value, is_cut(line));
                }
                Err(words) => self.problem(number, words),
            }
        }
    }

    fn section(&mut self, number: usize, depth: usize, name: &str) {
        if depth > self.open.len() {
            return self
                .problem(number, "this section stands deeper than inside the one before it");
        }
        self.open.truncate(depth);
        let first = self.open.last_mut().is_none_or(|parent| parent.names.insert(name.to_owned()));
        if !first {
            self.problem(number, format!("[{name}] stands here for the second time"));
        }
        let kept = (first && depth == 1).then(|| name.to_owned());
        if kept.is_some() {
            self.document.ini.entry(kept.clone()).or_insert(Properties::new());
            self.document.lines.insert((name.to_owned(), String::new()), number);
        }
        // A section that stands twice is still followed, so that its own lines are checked too.
        let around = self.open.last().map(|parent| &*parent.path).unwrap_or_default();
        let path = around.iter().cloned().chain([name.to_owned()]).collect();
        self.open.push(Open { path, kept, names: HashSet::new() });
    }

    fn entry(&mut self, number: usize, key: &str, value: Result<Value, &'static str>, cut: bool) {
        let Some(section) = self.open.last_mut() else { return };
        let first = section.names.insert(key.to_owned());
        let kept = section.kept.clone();
        let place = kept.clone().unwrap_or_default();
        let value = match value {
            Ok(value) if first => value,
            Ok(_) => {
                return self.problem_of(number, &place, key, "stands here for the second time");
            }
            Err(words) => return self.problem_of(number, &place, key, words),
        };
        let sections = Arc::clone(&section.path);
        self.document.entries.push(Entry { line: number, sections, key: key.to_owned() });
        let Some(section) = kept else { return };
        let at = (section.clone(), key.to_owned());
        let text = match value {
            Value::One(text) => text,
            Value::Many(members) => {
                let text = members.join(", ");
                self.document.lists.insert(at.clone(), members);
                text
            }
        };
        if cut {
            self.document.cut.insert(at.clone());
        }
        self.document.lines.insert(at, number);
        let section = (section != ROOT).then_some(section);
        self.document.ini.entry(section).or_insert(Properties::new()).insert(key, text);
    }

    fn problem(&mut self, number: usize, words: impl Into<String>) {
        self.problems.push(Problem::in_line(&self.document.path, number, words));
    }

    fn problem_of(&mut self, number: usize, section: &str, key: &str, words: &str) {
        let problem = Problem::of_key(&self.document.path, Some(number), section, key, words);
        self.problems.push(problem);
    }
}

/// Whether the value of an entry is without quotes and ends at a `#` that touches it.
fn is_cut(line: &str) -> bool {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
    !value.starts_with(['"', '\''])
        && value.split_once('#').is_some_and(|(before, _)| {
            before.chars().next_back().is_some_and(|last| !last.is_whitespace())
        })
}

/// The whole of a text in three quotes whose first line was `first`.
fn rest_of_long<'a>(
    first: &str,
    quotes: &str,
    lines: impl Iterator<Item = &'a str>,
) -> Result<Value, &'static str> {
    let mut text = first.to_owned();
    for line in lines {
        text.push('\n');
        match long_end(line, quotes) {
            None => text.push_str(line),
            Some(last) => {
                text.push_str(last?);
                return Ok(Value::One(text));
            }
        }
    }
    Err("the text that begins here does not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_ends_at_a_touching_comment_is_told() {
        let text = b"[a]\nx = ab#c\ny = ab #c\nz = \"ab#c\" # d\nw = #c\nv = a b#\n";
        let document = Document::parse(Path::new("f"), text).unwrap();
        assert_eq!(document.cut().collect::<Vec<_>>(), [("a", "v"), ("a", "x")]);
    }

    #[test]
    fn every_key_has_its_line_and_the_sections_around_it() {
        let text =
            b"k=1\n[a]\n'b c' = '''\n\n'''\n[[n]]\n[[[m]]]\nk=2\n[[o]]\nk=3\n# x=y\n[e]\nk=4,\n";
        let document = Document::parse(Path::new("f"), text).unwrap();
        let entries = document.entries().iter().map(|entry| {
            let Entry { line, sections, key } = entry;
            (*line, sections.join("/"), key.as_str())
        });
        let expected =
            [(1, "", "k"), (3, "a", "b c"), (8, "a/n/m", "k"), (10, "a/o", "k"), (13, "e", "k")];
        assert_eq!(entries.collect::<Vec<_>>(), expected.map(|(l, s, k)| (l, s.to_owned(), k)));
    }
}
