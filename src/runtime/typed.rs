//! From a document to typed values: each is asked for with its range and default, and everything
//! that is wrong is collected, so that one run tells all of it.
//!
//! A value that is wrong is a problem and never silently the default: `ssl = enabled` must not
//! mean plain text.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use std::collections::HashSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ini::{Document, ROOT, Value};
use crate::ini_line::trim;
use crate::interpolation;
use crate::numbers;
use crate::problem::Problem;

/// Things that are odd but do not keep a daemon from starting.
pub type Warnings = Vec<Problem>;

/// A key that a reader was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The section; empty for the keys before the first one.
    pub section: String,
    /// The name.
    pub name: String,
    /// What its value may be in words, such as `whole number from 1 to 256`, `number from 0.01 to
    /// 86400` (of seconds), `size from 64 to 64 MiB`, `one of a, b`, `boolean`, `text`, `list`,
    /// `text or list` or `path`.
    pub values: String,
}

/// Reads typed values from a document. A missing key is its default; after a problem the default
/// stands in, and [`Reader::finish`] refuses the whole.
///
/// An empty `section` means the keys before the first one.
#[derive(Debug)]
pub struct Reader<'a> {
    document: &'a Document,
    asked: Vec<Key>,
    problems: Vec<Problem>,
    odd: Warnings,
}

impl<'a> Reader<'a> {
    /// A reader that has not been asked for anything yet.
    pub fn new(document: &'a Document) -> Self {
        Self { document, asked: Vec::new(), problems: Vec::new(), odd: Vec::new() }
    }

    /// The value as a text or a list; `None` if the key is missing or cannot be completed.
    pub fn value(&mut self, section: &str, key: &str) -> Option<Value> {
        self.ask(section, key, "text or list");
        match self.document.value(section, key)? {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(section, key, error.to_string());
                None
            }
        }
    }

    /// A text, perhaps empty.
    pub fn text(&mut self, section: &str, key: &str) -> Option<String> {
        self.ask(section, key, "text");
        match self.value(section, key)? {
            Value::One(text) => Some(text),
            Value::Many(_) => {
                self.wrong(section, key, "a comma outside quotes makes a list of this");
                None
            }
        }
    }

    /// A list; a single text is a list of one, an empty one a list of none.
    pub fn list(&mut self, section: &str, key: &str) -> Option<Vec<String>> {
        self.ask(section, key, "list");
        Some(match self.value(section, key)? {
            Value::Many(members) => members,
            Value::One(text) if text.is_empty() => Vec::new(),
            Value::One(text) => vec![text],
        })
    }

    /// A path that is not empty.
    pub fn path(&mut self, section: &str, key: &str) -> Option<PathBuf> {
        self.ask(section, key, "path");
        let text = self.text(section, key)?;
        if text.is_empty() || text.contains('\0') {
            self.wrong(section, key, "is not a path");
            return None;
        }
        Some(PathBuf::from(text))
    }

    /// A whole number within `range`.
    pub fn integer<T>(
        &mut self,
        section: &str,
        key: &str,
        range: RangeInclusive<T>,
        default: T,
    ) -> T
    where
        T: TryFrom<i128> + PartialOrd + Display,
    {
        let (least, most) = (range.start(), range.end());
        self.ask(section, key, format!("whole number from {least} to {most}"));
        self.read(section, key, default, |text| {
            let number = numbers::integer(text).ok_or("is not a whole number")?;
            T::try_from(number)
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be from {least} to {most}").into())
        })
    }

    /// A boolean: `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in any case.
    pub fn boolean(&mut self, section: &str, key: &str, default: bool) -> bool {
        self.ask(section, key, "boolean");
        self.read(section, key, default, |text| {
            numbers::boolean(text)
                .ok_or_else(|| "must be one of true, yes, on, 1, false, no, off, 0".into())
        })
    }

    /// A time in seconds within `range`, whole or with a decimal point.
    pub fn seconds(
        &mut self,
        section: &str,
        key: &str,
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let (least, most) = (range.start().as_secs_f64(), range.end().as_secs_f64());
        self.ask(section, key, format!("number from {least} to {most}"));
        self.read(section, key, default, |text| {
            let time = numbers::seconds(text).ok_or("is not a number of seconds")?;
            if range.contains(&time) {
                return Ok(time);
            }
            Err(format!("must be from {least} to {most} seconds").into())
        })
    }

    /// A size in bytes within `range`: a whole number, alone or before `KiB`, `MiB` or `GiB`.
    pub fn bytes(
        &mut self,
        section: &str,
        key: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> usize {
        let (least, most) = (numbers::size(*range.start()), numbers::size(*range.end()));
        self.ask(section, key, format!("size from {least} to {most}"));
        self.read(section, key, default, |text| {
            let size = numbers::bytes(text).ok_or("is not a number of bytes, KiB, MiB or GiB")?;
            if range.contains(&size) {
                return Ok(size);
            }
            Err(format!("must be from {} to {} bytes", range.start(), range.end()).into())
        })
    }

    /// One of some words, in any case, each with what it means.
    pub fn choice<T: Copy>(
        &mut self,
        section: &str,
        key: &str,
        choices: &[(&str, T)],
        default: T,
    ) -> T {
        let words = choices.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(", ");
        self.ask(section, key, format!("one of {words}"));
        self.read(section, key, default, |text| {
            let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(trim(text)));
            chosen
                .map(|&(_, meaning)| meaning)
                .ok_or_else(|| format!("must be one of {words}").into())
        })
    }

    /// The keys that it was asked for, each once, in the order in which they were.
    pub fn into_asked(self) -> Vec<Key> {
        self.asked
    }

    /// The file that is read.
    pub fn path_of_document(&self) -> &'a Path {
        self.document.path()
    }

    /// Notes that something is wrong with a key, for rules that only the caller knows.
    pub fn wrong(&mut self, section: &str, key: &str, words: impl Into<String>) {
        let problem = self.problem(section, key, words);
        self.problems.push(problem);
    }

    /// Notes that a key is odd, though not wrong.
    pub fn odd(&mut self, section: &str, key: &str, words: impl Into<String>) {
        let warning = self.problem(section, key, words);
        self.odd.push(warning);
    }

    /// Notes that a key must be set, if it is not: a key that is set and wrong was told already.
    pub fn missing(&mut self, section: &str, key: &str) {
        if !self.has(section, key) {
            self.wrong(section, key, "must be set");
        }
    }

    /// Whether the document has this key, right or wrong.
    pub fn has(&self, section: &str, key: &str) -> bool {
        self.document.line(section, key).is_some()
    }

    /// The keys that the document has in this section.
    pub fn keys(&self, section: &str) -> Vec<String> {
        self.document.keys(section).map(str::to_owned).collect()
    }

    /// Ends the reading: all problems, or the warnings, about keys that nobody asked for too.
    pub fn finish(self) -> Result<Warnings, Vec<Problem>> {
        if self.problems.is_empty() { Ok(self.warnings()) } else { Err(self.problems) }
    }

    /// All that is wrong so far.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All that is odd so far, keys that nobody asked for among it.
    pub fn warnings(&self) -> Warnings {
        let mut warnings = self.odd.clone();
        for (section, key) in self.document.cut() {
            let words = "ends before the #, which begins a comment; quote the value to keep it";
            warnings.push(self.problem(section, key, words));
        }
        warnings.extend(self.unknown());
        warnings
    }

    /// Whether somebody has asked for this key.
    pub fn has_asked(&self, section: &str, key: &str) -> bool {
        self.asked.iter().any(|known| known.section == section && known.name == key)
    }

    /// The keys and sections of the document that nobody asked for and no value refers to.
    fn unknown(&self) -> Warnings {
        let mut warnings = Vec::new();
        let referred = self.referred();
        for section in self.document.sections().filter(|&section| section != "DEFAULT") {
            if section != ROOT && !self.asked.iter().any(|asked| asked.section == section) {
                warnings.push(self.problem(section, "", "this section is not known"));
                continue;
            }
            for key in self.document.keys(section) {
                if self.has_asked(section, key) || referred.contains(key) {
                    continue;
                }
                let twin = self
                    .asked
                    .iter()
                    .find(|known| known.section == section && known.name.eq_ignore_ascii_case(key));
                warnings.push(match twin {
                    Some(Key { name, .. }) => {
                        self.problem(section, key, format!("is not known, but `{name}` is"))
                    }
                    None => self.problem(section, key, "is not known"),
                });
            }
        }
        warnings
    }

    /// The names that any value refers to.
    pub fn referred(&self) -> HashSet<String> {
        let mut names = HashSet::new();
        for (_, properties) in self.document.ini() {
            for (_, text) in properties {
                names.extend(interpolation::names(text).map(str::to_owned));
            }
        }
        names
    }

    /// Remembers a key that is asked for. The first words for its values count, since every type
    /// is asked for through one that allows more.
    fn ask(&mut self, section: &str, key: &str, values: impl Into<String>) {
        if !self.has_asked(section, key) {
            let (section, name) = (section.to_owned(), key.to_owned());
            self.asked.push(Key { section, name, values: values.into() });
        }
    }

    fn problem(&self, section: &str, key: &str, words: impl Into<String>) -> Problem {
        let line = self.document.line(section, key).or_else(|| self.document.line(section, ROOT));
        Problem::of_key(self.document.path(), line, section, key, words)
    }

    fn read<T>(
        &mut self,
        section: &str,
        key: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, Words>,
    ) -> T {
        let Some(text) = self.text(section, key) else { return default };
        match parse(&text) {
            Ok(value) => value,
            Err(Words(words)) => {
                self.wrong(section, key, words);
                default
            }
        }
    }
}

/// What is wrong with a value.
struct Words(String);

impl From<&str> for Words {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

impl From<String> for Words {
    fn from(words: String) -> Self {
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn document(text: &str) -> Document {
        Document::parse(Path::new("x.cfg"), text.as_bytes()).unwrap()
    }

    fn shown(problems: &[Problem]) -> Vec<String> {
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_places() {
        let document =
            document("[Global]\nport = abc\nssl = enabled\npool = 0\nbind = a, b\nx = %(y)s\n");
        let mut reader = Reader::new(&document);
        assert_eq!(reader.integer("Global", "port", 1..=65535_u16, 11111), 11111);
        assert!(!reader.boolean("Global", "ssl", false));
        assert_eq!(reader.integer("Global", "pool", 1..=64_usize, 5), 5);
        assert_eq!(reader.text("Global", "bind"), None);
        assert_eq!(reader.text("Global", "x"), None);
        assert_eq!(reader.path("Global", "burpbin"), None);
        reader.missing("Global", "burpbin");
        reader.missing("Global", "bind");
        assert_eq!(
            shown(&reader.finish().unwrap_err()),
            [
                "x.cfg:2: [Global] port: is not a whole number",
                "x.cfg:3: [Global] ssl: must be one of true, yes, on, 1, false, no, off, 0",
                "x.cfg:4: [Global] pool: must be from 1 to 64",
                "x.cfg:5: [Global] bind: a comma outside quotes makes a list of this",
                "x.cfg:6: [Global] x: it refers to `y`, which is not set",
                "x.cfg:1: [Global] burpbin: must be set",
            ]
        );
    }

    #[test]
    fn what_nobody_asks_for_is_a_warning() {
        let document = document(
            "x=1\n[DEFAULT]\nd=1\n[Global]\nport = %(base)s\nbase = 5\nPool = 3\nodd=1\n[More]\na=1\n",
        );
        let mut reader = Reader::new(&document);
        assert_eq!(reader.integer("Global", "port", 0..=9_u8, 0), 5);
        assert_eq!(reader.integer("Global", "pool", 1..=9_u8, 2), 2);
        assert_eq!(reader.list("Global", "bind"), None);
        assert_eq!(
            shown(&reader.finish().unwrap()),
            [
                "x.cfg:1: x: is not known",
                "x.cfg:7: [Global] Pool: is not known, but `pool` is",
                "x.cfg:8: [Global] odd: is not known",
                "x.cfg:9: [More] this section is not known",
            ]
        );
    }

    #[test]
    fn each_key_that_was_asked_for_is_told_once_with_what_it_may_be() {
        let document = document("[A]\nn = 1\n");
        let mut reader = Reader::new(&document);
        let second = Duration::from_secs(1);
        reader.integer("A", "n", 0..=9_u8, 0);
        reader.text("A", "n");
        reader.seconds("A", "t", Duration::ZERO..=second / 2, Duration::ZERO);
        reader.bytes("A", "s", 10..=3 << 20, 10);
        reader.choice("A", "c", &[("one", 1), ("two", 2)], 1);
        reader.boolean("A", "b", false);
        reader.path("B", "p");
        reader.list("B", "l");
        reader.value("", "v");
        let asked = reader.into_asked();
        let told = asked.iter().map(|key| format!("{}.{}: {}", key.section, key.name, key.values));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                "A.n: whole number from 0 to 9",
                "A.t: number from 0 to 0.5",
                "A.s: size from 10 to 3 MiB",
                "A.c: one of one, two",
                "A.b: boolean",
                "B.p: path",
                "B.l: list",
                ".v: text or list",
            ]
        );
    }

    #[test]
    fn choices_lists_and_paths_become_their_types() {
        let document = document("[A]\nt = Relay\nu = 1, 2\nv = one\np = /bin/x\nw = ''\n");
        let mut reader = Reader::new(&document);
        let transports = [("auto", 0), ("relay", 2)];
        assert_eq!(reader.choice("A", "t", &transports, 0), 2);
        assert_eq!(reader.choice("A", "missing", &transports, 0), 0);
        assert_eq!(reader.list("A", "u").unwrap(), ["1", "2"]);
        assert_eq!(reader.list("A", "v").unwrap(), ["one"]);
        assert!(reader.list("A", "w").unwrap().is_empty());
        assert_eq!(reader.path("A", "p"), Some(PathBuf::from("/bin/x")));
        assert_eq!(reader.path("A", "w"), None);
        assert_eq!(shown(&reader.finish().unwrap_err()), ["x.cfg:6: [A] w: is not a path"]);
    }
}
