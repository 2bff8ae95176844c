//! `%(name)s` in the values of a document, by the rules of Python's `ConfigObj`.
//!
//! A name is looked up in the section of the value that is asked for, then before the first section,
//! then in `[DEFAULT]`. What is found may itself refer to others, which are looked up from the same
//! section again. (`ConfigObj` also looks into a `[[DEFAULT]]` within the section.) A `%` without
//! `(name)s` is itself; `%%` stays two. A file cannot make this run long: replacements have a limit
//! in number, depth and size.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use crate::ini::{Document, ROOT, Value};

/// The most replacements for one value.
pub(crate) const MAX_REPLACEMENTS: usize = 1000;
/// The longest chain of values that refer to each other.
pub(crate) const MAX_DEPTH: usize = 10;
/// The longest value after all replacements, in bytes; for a list, that of all its members.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The section that every section finds names in.
const DEFAULT: &str = "DEFAULT";

/// Why a value could not be completed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// There is no such key.
    #[error("it refers to `{0}`, which is not set")]
    Missing(String),
    /// The key is a list.
    #[error("it refers to `{0}`, which is a list")]
    List(String),
    /// The key refers to itself.
    #[error("it refers to `{0}`, which refers to itself")]
    Circle(String),
    /// One of the limits of this module was met.
    #[error("what it refers to makes it too long")]
    TooLong,
}

/// `value`, which is what stands under `section` and `key`, with all names replaced.
pub(crate) fn resolve(
    document: &Document,
    section: &str,
    key: &str,
    value: Value,
) -> Result<Value, Unresolved> {
    let mut work = Work { document, section, left: MAX_REPLACEMENTS, trail: Vec::new() };
    Ok(match value {
        Value::One(text) => Value::One(work.text(section, key, &text)?),
        Value::Many(members) => {
            let mut grown: usize = 0;
            let mut whole = Vec::with_capacity(members.len());
            for member in &members {
                let text = work.text(section, key, member)?;
                grown = grown.saturating_add(text.len().saturating_sub(member.len()));
                if grown > MAX_VALUE_BYTES {
                    return Err(Unresolved::TooLong);
                }
                whole.push(text);
            }
            Value::Many(whole)
        }
    })
}

/// The names that `text` refers to.
pub(crate) fn names(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (_, name, rest) = split(text)?;
        text = rest;
        Some(name)
    })
}

struct Work<'a> {
    document: &'a Document,
    /// The section of the value that is asked for.
    section: &'a str,
    left: usize,
    /// The values that are being replaced, the one asked for first.
    trail: Vec<(String, String)>,
}

impl<'a> Work<'a> {
    fn text(&mut self, section: &str, key: &str, text: &str) -> Result<String, Unresolved> {
        let at = (section.to_owned(), key.to_owned());
        if self.trail.contains(&at) {
            return Err(Unresolved::Circle(key.to_owned()));
        }
        if self.trail.len() >= MAX_DEPTH {
            return Err(Unresolved::TooLong);
        }
        self.trail.push(at);
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = split(rest) {
            self.left = self.left.checked_sub(1).ok_or(Unresolved::TooLong)?;
            let (found, value) = self.find(name)?;
            whole.push_str(before);
            whole.push_str(&self.text(found, name, &value)?);
            rest = after;
            if whole.len() > MAX_VALUE_BYTES {
                return Err(Unresolved::TooLong);
            }
        }
        whole.push_str(rest);
        self.trail.pop();
        Ok(whole)
    }

    /// The section in which `name` is found, and what it is there. What `[DEFAULT]` has counts as
    /// found before the first section.
    fn find(&self, name: &str) -> Result<(&'a str, String), Unresolved> {
        for (place, counts_as) in [(self.section, self.section), (ROOT, ROOT), (DEFAULT, ROOT)] {
            match self.document.written(place, name) {
                Some(Value::One(text)) => return Ok((counts_as, text)),
                Some(Value::Many(_)) => return Err(Unresolved::List(name.to_owned())),
                None => {}
            }
        }
        Err(Unresolved::Missing(name.to_owned()))
    }
}

/// The text before the first `%(name)s`, the name, and the text after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    for (close, _) in text.match_indices(')') {
        // All `%(` up to this parenthesis can only end here: each is looked at once.
        let (before, rest) = text.split_at_checked(close)?;
        let after = rest.strip_prefix(')')?;
        if let (Some(after), Some(piece)) = (after.strip_prefix('s'), before.get(from..)) {
            if let Some((_, name)) = piece.split_once("%(") {
                let opened = before.strip_suffix(name)?.strip_suffix("%(")?;
                return Some((opened, name, after));
            }
        }
        from = close.saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;
    use std::path::Path;

    fn read(text: &str, section: &str, key: &str) -> Result<Value, Unresolved> {
        let document = Document::parse(Path::new("x"), text.as_bytes()).unwrap();
        document.value(section, key).unwrap()
    }

    #[test]
    fn names_are_found_near_first() {
        let text = "x=root\nw=first\n[DEFAULT]\nx=default\ny=%(z)s\nz=far\nw=last\nu=%(x)s\n\
                    [A]\nx=near\nv=%(x)s,<%(y)s>,%(w)s\nz=own\nt=%(u)s\n";
        let members = ["near", "<own>", "first"].map(str::to_owned);
        assert_eq!(read(text, "A", "v"), Ok(Value::Many(members.to_vec())));
        assert_eq!(read(text, "A", "t"), Ok(Value::One("near".to_owned())));
        assert_eq!(read(text, "DEFAULT", "u"), Ok(Value::One("default".to_owned())));
        assert_eq!(names("%(a)s %(b) %(c)s %(").collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn circles_lists_and_explosions_are_refused() {
        let circle = Err(Unresolved::Circle("a".to_owned()));
        assert_eq!(read("a=%(b)s\nb=%(a)s", ROOT, "a"), circle);
        assert_eq!(read("a=%(b)s\nb=1,2", ROOT, "a"), Err(Unresolved::List("b".to_owned())));
        let mut bomb = "k0=".to_owned();
        for level in 1..9 {
            let twenty = format!("%(k{})s", level - 1).repeat(20);
            write!(bomb, "\nk{level}={twenty}").unwrap();
        }
        assert_eq!(read(&bomb, ROOT, "k8"), Err(Unresolved::TooLong));
        // No member is too long, but all of them are.
        let text = format!("a={}\nb={}", "x".repeat(MAX_VALUE_BYTES / 2), "%(a)s,".repeat(3));
        assert_eq!(read(&text, ROOT, "b"), Err(Unresolved::TooLong));
    }
}
