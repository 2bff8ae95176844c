//! The syntax of CAF's configuration, which the original's configuration files and some of its
//! options are written in.
//!
//! ```text
//! # a comment
//! broker {                  # or: broker = { … }, or broker.ssl.cafile = …
//!   disable-ssl = true
//!   ssl { cafile = "ca.pem" }
//! }
//! topics = ["/a", '/b'],    # a comma after an entry may stand or not
//! peers = [<tcp://localhost:9999>]
//! ```
//!
//! Entries stand on lines of their own, or with a comma between them. A key that stands twice has
//! its last value; groups of the same name are one.

use std::collections::BTreeMap;

use crate::caf_number::number;
use crate::caf_value::CafValue;

/// How deep groups, maps and lists may stand in one another.
const MAX_DEPTH: usize = 64;

/// What is wrong, and in which line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) words: String,
}

/// A key in its groups, with dots between them, and what it is set to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) value: CafValue,
}

/// Reads a whole file: every key that is set, in the order of the lines.
pub(crate) fn read_file(text: &str) -> Result<Vec<Entry>, SyntaxError> {
    let mut parser = Parser { text, line: 1, depth: 0 };
    parser.blank();
    let is_braced = parser.accept('{');
    let mut entries = Vec::new();
    let end = if is_braced { Some('}') } else { None };
    parser.entries("", end, &mut entries)?;
    parser.blank();
    if parser.text.is_empty() { Ok(entries) } else { Err(parser.wrong("nothing may follow this")) }
}

/// Reads one value, which is all of `text`.
pub(crate) fn read_value(text: &str) -> Result<CafValue, SyntaxError> {
    let mut parser = Parser { text, line: 1, depth: 0 };
    parser.blank();
    let value = parser.value()?;
    parser.blank();
    if parser.text.is_empty() { Ok(value) } else { Err(parser.wrong("nothing may follow a value")) }
}

struct Parser<'a> {
    /// What is still to be read.
    text: &'a str,
    line: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Entries up to `end`, or up to the end of the text. Groups become prefixes of their keys.
    fn entries(
        &mut self,
        group: &str,
        end: Option<char>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), SyntaxError> {
        self.deeper()?;
        loop {
            self.blank();
            match (self.peek(), end) {
                (None, None) => break,
                (Some(next), Some(end)) if next == end => {
                    self.take();
                    break;
                }
                (None, Some(end)) => return Err(self.wrong(&format!("{end:?} is missing"))),
                _ => self.entry(group, entries)?,
            }
            self.separator(end)?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn entry(&mut self, group: &str, entries: &mut Vec<Entry>) -> Result<(), SyntaxError> {
        let line = self.line;
        let mut key = group.to_owned();
        loop {
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(&self.key()?);
            self.spaces();
            if !self.accept('.') {
                break;
            }
            self.spaces();
        }
        let is_assigned = self.accept('=') || self.accept(':');
        self.spaces();
        if self.accept('{') {
            return self.entries(&key, Some('}'), entries);
        }
        if !is_assigned {
            return Err(self.wrong("`=` or `{` must follow a key"));
        }
        let value = self.value()?;
        entries.push(Entry { key, line, value });
        Ok(())
    }

    fn key(&mut self) -> Result<String, SyntaxError> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.quoted();
        }
        let name = self.while_is(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if name.is_empty() {
            Err(self.wrong("no key begins like this"))
        } else {
            Ok(name.to_owned())
        }
    }

    /// A comma or the end of the line, unless the group ends.
    fn separator(&mut self, end: Option<char>) -> Result<(), SyntaxError> {
        let line = self.line;
        self.blank();
        let is_over = self.peek().is_none() || end.is_some() && self.peek() == end;
        if self.accept(',') || self.line > line || is_over {
            return Ok(());
        }
        Err(self.wrong("a comma or a new line must follow a value"))
    }

    fn value(&mut self) -> Result<CafValue, SyntaxError> {
        match self.peek() {
            Some('"' | '\'') => self.quoted().map(CafValue::Text),
            Some('<') => self.uri(),
            Some('[') => self.list(),
            Some('{') => self.map(),
            _ => self.word(),
        }
    }

    fn list(&mut self) -> Result<CafValue, SyntaxError> {
        self.deeper()?;
        self.take();
        let mut values = Vec::new();
        loop {
            self.blank();
            if self.accept(']') {
                self.depth = self.depth.saturating_sub(1);
                return Ok(CafValue::List(values));
            }
            values.push(self.value()?);
            self.blank();
            if !self.accept(',') && self.peek() != Some(']') {
                return Err(self.wrong("`,` or `]` must follow a value of a list"));
            }
        }
    }

    /// A group as a value of a list.
    fn map(&mut self) -> Result<CafValue, SyntaxError> {
        self.take();
        let mut entries = Vec::new();
        self.entries("", Some('}'), &mut entries)?;
        let entries = entries.into_iter().map(|entry| (entry.key, entry.value));
        Ok(CafValue::Map(entries.collect::<BTreeMap<_, _>>()))
    }

    fn uri(&mut self) -> Result<CafValue, SyntaxError> {
        self.take();
        let inside = self.while_is(|c| c != '>' && c != '\n');
        if !self.accept('>') {
            return Err(self.wrong("`>` must end a URI"));
        }
        let uri = inside.trim();
        if !uri.contains(':') || uri.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(self.wrong("this is no URI"));
        }
        Ok(CafValue::Uri(uri.to_owned()))
    }

    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let quote = self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                None | Some('\n') => return Err(self.unended()),
                end if end == quote => return Ok(text),
                Some('\\') => text.push(match self.take() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('\\') => '\\',
                    Some(escaped) if Some(escaped) == quote => escaped,
                    _ => return Err(self.wrong("there is no such escape in a text")),
                }),
                Some(other) => text.push(other),
            }
        }
    }

    fn unended(&mut self) -> SyntaxError {
        // The line break is taken already.
        let line = self.line.saturating_sub(usize::from(!self.text.is_empty())).max(1);
        SyntaxError { line, words: "a text must end in its line".to_owned() }
    }

    /// A boolean, a number or a span of time.
    fn word(&mut self) -> Result<CafValue, SyntaxError> {
        let word = self.while_is(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        let value = match word {
            "true" => Some(CafValue::Boolean(true)),
            "false" => Some(CafValue::Boolean(false)),
            _ => number(word),
        };
        value.ok_or_else(|| {
            self.wrong("a value is a boolean, number, span of time, text, URI, list or group")
        })
    }

    fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(&format!("groups and lists stand more than {MAX_DEPTH} deep")));
        }
        Ok(())
    }

    /// Skips white space, line breaks and comments.
    fn blank(&mut self) {
        loop {
            self.while_is(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
            if self.peek() != Some('#') {
                return;
            }
            self.while_is(|c| c != '\n');
        }
    }

    fn spaces(&mut self) {
        self.while_is(|c| matches!(c, ' ' | '\t'));
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let end = self.text.find(|c| !is(c)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at_checked(end).unwrap_or((self.text, ""));
        let breaks = taken.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(breaks);
        self.text = rest;
        taken
    }

    fn peek(&self) -> Option<char> {
        self.text.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.text.chars();
        let taken = characters.next()?;
        self.text = characters.as_str();
        self.line = self.line.saturating_add(usize::from(taken == '\n'));
        Some(taken)
    }

    fn accept(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.take();
        }
        is_there
    }

    fn wrong(&self, words: &str) -> SyntaxError {
        SyntaxError { line: self.line, words: words.to_owned() }
    }
}

#[cfg(test)]
#[path = "caf_syntax_cases.rs"]
mod cases;
