//! A configuration as it takes effect: the lines of a file that says the same.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// The lines, in their order. Shown, it is the file.
#[derive(Debug, Default)]
pub struct Lines(Vec<Line>);

/// A key in its section, and its value as it is written.
#[derive(Debug)]
struct Line {
    section: Cow<'static, str>,
    key: &'static str,
    value: String,
}

impl Lines {
    /// Adds a line.
    pub fn add(
        &mut self,
        section: impl Into<Cow<'static, str>>,
        key: &'static str,
        value: impl Into<String>,
    ) {
        self.0.push(Line { section: section.into(), key, value: value.into() });
    }

    /// The keys with their sections that are not written alike in `other`.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<(&'a str, &'static str)> {
        let mut keys: Vec<_> =
            self.0.iter().chain(&other.0).map(|line| (&*line.section, line.key)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|(section, key)| self.value(section, key) != other.value(section, key));
        keys
    }

    /// The value of a key as it is written, if it takes effect.
    pub fn value(&self, section: &str, key: &str) -> Option<&str> {
        let line = self.0.iter().find(|line| line.section == section && line.key == key);
        line.map(|line| line.value.as_str())
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = "";
        for Line { section, key, value } in &self.0 {
            if section != open {
                writeln!(f, "[{section}]")?;
                open = section;
            }
            writeln!(f, "{key} = {value}")?;
        }
        Ok(())
    }
}

/// A path as it is written.
pub fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A text as it stands, if nothing in it means anything in a file.
pub fn plain_or_quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '%');
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// In the quotes that do not stand in it. There is no way to write a text that has both.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('"') { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

/// To the nanosecond, which a floating-point number would miss.
pub fn seconds(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_by_their_keys() {
        let lines = |values: &[(&'static str, &str)]| {
            let mut lines = Lines::default();
            for (key, value) in values {
                lines.add("A", key, *value);
            }
            lines
        };
        let (old, new) = (lines(&[("b", "1"), ("c", "1")]), lines(&[("d", "1"), ("c", "1")]));
        assert_eq!(new.differences(&old), [("A", "b"), ("A", "d")]);
        assert_eq!(old.differences(&lines(&[("c", "1"), ("b", "1")])), []);
    }

    #[test]
    fn times_are_written_to_the_nanosecond() {
        for (time, text) in [
            (Duration::ZERO, "0"),
            (Duration::from_secs(10), "10"),
            (Duration::from_millis(4350), "4.35"),
            (Duration::from_nanos(1), "0.000000001"),
            (Duration::new(31_535_999, 999_999_999), "31535999.999999999"),
        ] {
            assert_eq!(seconds(time), text);
        }
    }

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("::1", "::1"),
            ("fe80::1%lo", "fe80::1%lo"),
            ("a, b", "\"a, b\""),
            ("a\"b", "'a\"b'"),
            ("", "\"\""),
        ] {
            assert_eq!(plain_or_quoted(text), written);
        }
    }
}
