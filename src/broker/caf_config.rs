//! A configuration file of the original's programs, `broker.conf`: what is set in it, asked for by
//! type, and what nobody asked for. Its syntax is described in `caf_syntax.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str;
use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::Problem;
use ostler_runtime::files::read_regular;

use crate::caf_syntax::{read_file, read_value};
use crate::caf_value::CafValue;

/// The longest configuration file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a file sets. Keys are taken out of it one by one, with their groups and dots between them,
/// such as `broker.ssl.cafile`; what is left in the end was meant for nobody.
#[derive(Clone, Debug, Default)]
pub struct CafConfig {
    path: PathBuf,
    entries: BTreeMap<String, Set>,
    /// Where what was taken out was.
    taken: BTreeMap<String, Place>,
    /// What was asked for, whether it was there or not.
    asked: BTreeSet<String>,
}

/// Where a key is set: a file, or what is in place of one, and the line there.
type Place = (Arc<Path>, Option<usize>);

/// What a key is set to.
#[derive(Clone, Debug)]
struct Set {
    place: Place,
    value: CafValue,
    /// As it is written where texts need no quotes, so that `12345` may be a passphrase.
    written: Option<String>,
}

impl CafConfig {
    /// Reads the file at `path`, of at most 1 MiB.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let bytes = read_regular(path, MAX_FILE_BYTES.saturating_add(1))
            .map_err(|error| Problem::in_file(path, format!("cannot be read: {error}")))?;
        Self::parse(path, &bytes)
    }

    /// Reads `bytes`; `path` is only for the words of problems.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Problem> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
            let words = format!("is longer than {MAX_FILE_BYTES} bytes");
            return Err(Problem::in_file(path, words));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = valid.split(|byte| *byte == b'\n').count();
            Problem::in_line(path, line, "this is not UTF-8")
        })?;
        let file: Arc<Path> = path.into();
        let entries = read_file(text)
            .map_err(|error| Problem::in_line(path, error.line, error.words))?
            .into_iter()
            .map(|entry| {
                let place = (Arc::clone(&file), Some(entry.line));
                (entry.key, Set { place, value: entry.value, written: None })
            });
        Ok(Self { entries: entries.collect(), ..Self::empty(path) })
    }

    /// Sets a key from elsewhere, such as a command line, which `from` names: `written` is a value in
    /// the same syntax, or else a text.
    pub fn set(&mut self, from: &str, key: &str, written: &str) {
        self.insert((Path::new(from).into(), None), key, written);
    }

    /// One without a key.
    pub(crate) fn empty(path: &Path) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// The keys that were asked for.
    pub(crate) fn into_asked(self) -> BTreeSet<String> {
        self.asked
    }

    /// A problem of a key, where it is set or else of the whole file.
    pub(crate) fn problem(&self, key: &str, words: impl Into<String>) -> Problem {
        let set = self.entries.get(key).map(|set| &set.place).or_else(|| self.taken.get(key));
        let (file, line) = set.map_or((&*self.path, None), |(file, line)| (&**file, *line));
        Problem::of_key(file, line, "", key, words)
    }

    /// The same as [`set`](Self::set) for what stands in a line of the file.
    pub(crate) fn set_line(&mut self, key: &str, line: Option<usize>, written: &str) {
        self.insert((self.path.as_path().into(), line), key, written);
    }

    /// Sets a key to a list of texts.
    pub(crate) fn set_texts(&mut self, key: &str, line: Option<usize>, texts: Vec<String>) {
        let value = CafValue::List(texts.into_iter().map(CafValue::Text).collect());
        let place = (self.path.as_path().into(), line);
        self.entries.insert(key.to_owned(), Set { place, value, written: None });
    }

    fn insert(&mut self, place: Place, key: &str, written: &str) {
        let value = read_value(written).unwrap_or_else(|_| CafValue::Text(written.to_owned()));
        let written = Some(written.to_owned());
        self.entries.insert(key.to_owned(), Set { place, value, written });
    }

    /// Takes a boolean.
    pub fn boolean(&mut self, key: &str) -> Result<Option<bool>, Problem> {
        self.take(key, "must be true or false", |value| match value {
            CafValue::Boolean(value) => Some(value),
            _ => None,
        })
    }

    /// Takes a whole number within `range`.
    pub fn integer(
        &mut self,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Problem> {
        let words = format!("must be a whole number from {} to {}", range.start(), range.end());
        self.take(key, &words, |value| match value {
            CafValue::Integer(value) => range.contains(&value).then_some(value),
            _ => None,
        })
    }

    /// Takes a number, whole or not.
    pub fn real(&mut self, key: &str) -> Result<Option<f64>, Problem> {
        self.take(key, "must be a number", |value| match value {
            CafValue::Real(value) => Some(value),
            CafValue::Integer(value) => i32::try_from(value).ok().map(f64::from),
            _ => None,
        })
    }

    /// Takes a span of time that is not negative.
    pub fn duration(&mut self, key: &str) -> Result<Option<Duration>, Problem> {
        self.take(key, "must be a span of time, such as 500ms or 10s", |value| match value {
            CafValue::Timespan(nanos) => u64::try_from(nanos).ok().map(Duration::from_nanos),
            _ => None,
        })
    }

    /// Takes a text.
    pub fn text(&mut self, key: &str) -> Result<Option<String>, Problem> {
        self.take(key, "must be a text in quotes", text)
    }

    /// Takes a port, written as a number or `NUMBER/tcp`.
    pub fn port(&mut self, key: &str) -> Result<Option<u16>, Problem> {
        self.take(
            key,
            "must be a port from 0 to 65535, alone or before /tcp",
            |value| match value {
                CafValue::Integer(number) => u16::try_from(number).ok(),
                CafValue::Text(text) => text.strip_suffix("/tcp").unwrap_or(&text).parse().ok(),
                _ => None,
            },
        )
    }

    /// Takes a list of texts; a single text is a list of one.
    pub fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, Problem> {
        self.take(key, "must be a list of texts in quotes", |value| match value {
            CafValue::List(values) => values.into_iter().map(text).collect(),
            value => text(value).map(|text| vec![text]),
        })
    }

    /// Takes a list of URIs; texts may stand for them.
    pub fn uris(&mut self, key: &str) -> Result<Option<Vec<String>>, Problem> {
        let uri = |value| match value {
            CafValue::Uri(uri) | CafValue::Text(uri) => Some(uri),
            _ => None,
        };
        self.take(key, "must be a list of URIs, such as [<tcp://host:9999>]", |value| match value {
            CafValue::List(values) => values.into_iter().map(uri).collect(),
            value => uri(value).map(|uri| vec![uri]),
        })
    }

    /// A warning for each key that was not taken.
    pub fn unknown(&self) -> Vec<Problem> {
        let unknown = "there is no such key: it is ignored";
        self.entries.keys().map(|key| self.problem(key, unknown)).collect()
    }

    /// Whether a key, or one in a group, is set and was not taken.
    pub(crate) fn says(&self, group: &str) -> bool {
        self.entries.keys().any(|key| is_in(key, group))
    }

    /// What stands between `prefix` and the last dot of keys that are set and were not taken, each
    /// once: the names of things that have a group of their own.
    pub(crate) fn named(&self, prefix: &str) -> BTreeSet<String> {
        let names =
            self.entries.keys().filter_map(|key| key.strip_prefix(prefix)?.rsplit_once('.'));
        names.map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether a key was set and has been taken, right or wrong.
    pub(crate) fn was_said(&self, key: &str) -> bool {
        self.taken.contains_key(key)
    }

    /// Takes all that is left of a group: a problem for each key.
    pub(crate) fn refuse(&mut self, group: &str, words: &str) -> Vec<Problem> {
        let keys = self.entries.keys().filter(|key| is_in(key, group));
        let problems = keys.map(|key| self.problem(key, words)).collect();
        self.ignore(group);
        problems
    }

    /// Forgets the keys in a group, which need not be understood.
    pub fn ignore(&mut self, group: &str) {
        self.entries.retain(|key, _| !is_in(key, group));
    }

    /// Takes a key out. What should be no text may stand in quotes nevertheless.
    fn take<T>(
        &mut self,
        key: &str,
        words: &str,
        convert: impl Fn(CafValue) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        self.asked.insert(key.to_owned());
        let Some(Set { place, value, written }) = self.entries.remove(key) else {
            return Ok(None);
        };
        self.taken.insert(key.to_owned(), place);
        let quoted = match &value {
            CafValue::Text(text) => read_value(text).ok(),
            _ => None,
        };
        let kind = value.kind();
        let converted = convert(value)
            .or_else(|| quoted.and_then(&convert))
            .or_else(|| written.map(CafValue::Text).and_then(&convert));
        converted.map(Some).ok_or_else(|| self.problem(key, format!("{words}, and is {kind}")))
    }
}

/// Whether this is a key of the group, or the group itself.
fn is_in(key: &str, group: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn text(value: CafValue) -> Option<String> {
    match value {
        CafValue::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
#[path = "caf_config_cases.rs"]
mod cases;
