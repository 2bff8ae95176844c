//! Reading JSON as Python's `json.loads` does: what is accepted, what is said of the rest, and the
//! character it is said of.
//!
//! What Python reads and then cannot write is refused, unless there is something else to refuse:
//! `NaN`, `Infinity` and numbers that become infinite, and halves of surrogate pairs. Values that
//! are nested too deeply and numbers with too many digits are refused as Python does. Whoever shows
//! values to people may ask for all that Python reads.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use thiserror::Error;

use crate::json::{Json, Object};
use crate::json_halves;

/// How deep arrays and objects may lie in each other. Python gives up at some 900; what fits into
/// the 512 characters of stored settings stays below 256.
pub const MAX_DEPTH: usize = 512;

/// The same for values that are shown. In the original's tool it is a few less than in Python itself.
pub(crate) const MAX_SHOWN_DEPTH: usize = 980;

/// How many digits a whole number may have: as many as Python takes.
pub const MAX_DIGITS: usize = 4300;

/// The byte order mark.
const MARK: char = '\u{feff}';

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{message}: character {offset}")]
pub struct Fault {
    /// Which character it is about, from 0.
    pub offset: usize,
    /// What is wrong there.
    pub message: &'static str,
    /// Which of Python's ways to fail it is.
    pub kind: FaultKind,
}

/// The ways in which Python refuses a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is no JSON: a `JSONDecodeError`, which has a place.
    Syntax,
    /// It is not in UTF-8, or more than Python takes: another exception, without a place.
    Refused,
}

impl Json {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Parser::new(text).whole(text)
    }

    /// Reads bytes: UTF-8, with or without a byte order mark.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        decoded(bytes).and_then(Self::parse)
    }

    /// The same, with `NaN`, `Infinity` and numbers that become infinite, for values that are shown and
    /// never written as JSON again.
    pub fn parse_any_number(bytes: &[u8]) -> Result<Self, Fault> {
        let text = decoded(bytes)?;
        Parser { taken: Taken::Numbers, ..Parser::new(text) }.whole(text)
    }

    /// The same, with halves of surrogate pairs, and nested as deeply as Python shows it. Texts and
    /// keys are to be read with [`code_points`](crate::code_points).
    pub fn parse_shown(text: &str) -> Result<Self, Fault> {
        Parser { taken: Taken::Everything, ..Parser::new(text) }.whole(text)
    }
}

fn decoded(bytes: &[u8]) -> Result<&str, Fault> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Fault { offset: 0, message: "Not UTF-8", kind: FaultKind::Refused });
    };
    Ok(text.strip_prefix(MARK).unwrap_or(text))
}

/// A fault at a byte.
struct Flaw {
    at: usize,
    message: &'static str,
    kind: FaultKind,
}

impl Flaw {
    fn new(message: &'static str, at: usize) -> Self {
        Self { at, message, kind: FaultKind::Syntax }
    }

    fn refused(message: &'static str, at: usize) -> Self {
        Self { at, message, kind: FaultKind::Refused }
    }
}

/// What is taken of that which Python reads and cannot write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Nothing,
    /// Numbers that JSON does not have.
    Numbers,
    /// Those, and halves of surrogate pairs.
    Everything,
}

/// A place in a text. Only bytes of ASCII are ever looked for, so that each place that is said to
/// be the end or the begin of something lies between two characters.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// The first thing that Python reads and cannot write.
    unwritable: Option<Flaw>,
    taken: Taken,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        Self { text, at: 0, depth: 0, unwritable: None, taken: Taken::Nothing }
    }

    fn whole(mut self, text: &str) -> Result<Json, Fault> {
        self.document().map_err(|flaw| {
            let before = text.get(..flaw.at).unwrap_or(text);
            Fault { offset: before.chars().count(), message: flaw.message, kind: flaw.kind }
        })
    }

    fn document(&mut self) -> Result<Json, Flaw> {
        if self.text.starts_with("\u{feff}".as_bytes()) {
            return Err(Flaw::new("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
        }
        self.blanks();
        let value = self.value()?;
        self.blanks();
        if self.at < self.text.len() {
            return Err(Flaw::new("Extra data", self.at));
        }
        self.unwritable.take().map_or(Ok(value), Err)
    }

    fn value(&mut self) -> Result<Json, Flaw> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.takes(b"null") => Ok(Json::Null),
            _ if self.takes(b"true") => Ok(Json::Bool(true)),
            _ if self.takes(b"false") => Ok(Json::Bool(false)),
            _ if self.takes(b"NaN") => {
                Ok(self.unwritable_number(f64::NAN, "NaN is not allowed", start))
            }
            _ if self.takes(b"Infinity") => {
                Ok(self.unwritable_number(f64::INFINITY, "Infinity is not allowed", start))
            }
            _ => Err(Flaw::new("Expecting value", start)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Flaw>) -> Result<Json, Flaw> {
        let is_shown = self.taken == Taken::Everything;
        if self.depth == if is_shown { MAX_SHOWN_DEPTH } else { MAX_DEPTH } {
            return Err(Flaw::refused("Nested too deeply", self.at));
        }
        self.depth = self.depth.saturating_add(1);
        self.step();
        self.blanks();
        let value = read(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    /// What follows a brace.
    fn object(&mut self) -> Result<Json, Flaw> {
        let mut members = Vec::new();
        if self.takes(b"}") {
            return Ok(Object::new().into());
        }
        loop {
            if self.peek() != Some(b'"') {
                let message = "Expecting property name enclosed in double quotes";
                return Err(Flaw::new(message, self.at));
            }
            let key = self.string()?;
            self.blanks();
            if !self.takes(b":") {
                return Err(Flaw::new("Expecting ':' delimiter", self.at));
            }
            self.blanks();
            members.push((key, self.value()?));
            self.blanks();
            if self.takes(b"}") {
                return Ok(Json::Object(members.into_iter().collect()));
            }
            self.comma()?;
        }
    }

    /// What follows a bracket.
    fn list(&mut self) -> Result<Json, Flaw> {
        let mut items = Vec::new();
        if self.takes(b"]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.takes(b"]") {
                return Ok(Json::List(items));
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Result<(), Flaw> {
        if !self.takes(b",") {
            return Err(Flaw::new("Expecting ',' delimiter", self.at));
        }
        self.blanks();
        Ok(())
    }

    /// A number: as much of the text as makes one.
    fn number(&mut self) -> Result<Json, Flaw> {
        let start = self.at;
        let negative = self.takes(b"-");
        if negative && self.takes(b"Infinity") {
            let message = "-Infinity is not allowed";
            return Ok(self.unwritable_number(f64::NEG_INFINITY, message, start));
        }
        if !self.takes(b"0") && self.digits() == 0 {
            return Err(Flaw::new("Expecting value", start));
        }
        let whole = self.at;
        self.optional(&[b"."], &[]);
        self.optional(&[b"e", b"E"], &[b"+", b"-"]);
        let text = self.since(start);
        if self.at == whole {
            let digits = text.strip_prefix('-').unwrap_or(text);
            if digits.len() > MAX_DIGITS {
                return Err(Flaw::refused("Number with too many digits", start));
            }
            return Ok(Json::Integer(if digits == "0" { digits } else { text }.into()));
        }
        match text.parse() {
            Ok(number) if f64::is_finite(number) => Ok(Json::Float(number)),
            other => {
                let number = other.unwrap_or(f64::NAN);
                Ok(self.unwritable_number(number, "Number out of range", start))
            }
        }
    }

    /// Takes one of `marks`, perhaps one of `signs`, and digits; nothing if there are none.
    fn optional(&mut self, marks: &[&[u8]], signs: &[&[u8]]) {
        let before = self.at;
        let marked = marks.iter().any(|mark| self.takes(mark));
        // The sign is optional.
        let _ = marked && signs.iter().any(|sign| self.takes(sign));
        if !marked || self.digits() == 0 {
            self.at = before;
        }
    }

    fn digits(&mut self) -> usize {
        let before = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        self.at.saturating_sub(before)
    }

    /// A text in quotes.
    fn string(&mut self) -> Result<String, Flaw> {
        let begin = self.at;
        self.step();
        let mut text = String::new();
        loop {
            let start = self.at;
            let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
            while self.peek().is_some_and(plain) {
                self.step();
            }
            self.push(&mut text, start);
            match self.peek() {
                Some(b'"') => {
                    self.step();
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.step();
                    self.escape(begin, &mut text)?;
                }
                Some(_) => return Err(Flaw::new("Invalid control character at", self.at)),
                None => return Err(Flaw::new("Unterminated string starting at", begin)),
            }
        }
    }

    /// Adds what was read since `start`.
    fn push(&self, text: &mut String, start: usize) {
        let read = self.since(start);
        if self.taken == Taken::Everything {
            json_halves::push_str(text, read);
        } else {
            text.push_str(read);
        }
    }

    /// Adds what follows a backslash in the text that begins at `begin`.
    fn escape(&mut self, begin: usize, text: &mut String) -> Result<(), Flaw> {
        let backslash = self.at.saturating_sub(1);
        let Some(letter) = self.peek() else {
            return Err(Flaw::new("Unterminated string starting at", begin));
        };
        let character = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(backslash, text),
            _ => return Err(Flaw::new("Invalid \\escape", backslash)),
        };
        self.step();
        text.push(character);
        Ok(())
    }

    /// Adds what follows a backslash if it is a `u`: four digits, or a surrogate pair of them.
    fn unicode(&mut self, backslash: usize, text: &mut String) -> Result<(), Flaw> {
        let high = self.unit()?;
        if let Some(character) = char::from_u32(high) {
            text.push(character);
            return Ok(());
        }
        let behind = self.at;
        if high < 0xdc00 && self.takes(b"\\") && self.peek() == Some(b'u') {
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = ((high & 0x3ff) << 10 | low & 0x3ff).saturating_add(0x1_0000);
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                if self.taken == Taken::Everything {
                    json_halves::push_str(text, character.encode_utf8(&mut [0; 4]));
                } else {
                    text.push(character);
                }
                return Ok(());
            }
        }
        // What follows is read by itself.
        self.at = behind;
        if self.taken == Taken::Everything {
            json_halves::push_half(text, high);
        } else {
            self.unwritable("Half of a surrogate pair", backslash);
        }
        Ok(())
    }

    /// The value of a `u` and four digits, behind which the text must go on.
    fn unit(&mut self) -> Result<u32, Flaw> {
        let end = self.at.saturating_add(5);
        let digits = self.text.get(self.at.saturating_add(1)..end).unwrap_or_default();
        let value = |digits: &[u8]| {
            digits
                .iter()
                .try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
        };
        match value(digits) {
            Some(unit) if end < self.text.len() => {
                self.at = end;
                Ok(unit)
            }
            _ => Err(Flaw::new("Invalid \\uXXXX escape", self.at)),
        }
    }

    fn unwritable_number(&mut self, number: f64, message: &'static str, at: usize) -> Json {
        if self.taken != Taken::Nothing {
            return Json::Float(number);
        }
        self.unwritable(message, at)
    }

    /// Notes what Python could not write; what stands in its place.
    fn unwritable(&mut self, message: &'static str, at: usize) -> Json {
        self.unwritable.get_or_insert(Flaw::new(message, at));
        Json::Null
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.step();
        }
    }

    /// Goes behind `token` if it is there.
    fn takes(&mut self, token: &[u8]) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(token));
        if found {
            self.at = self.at.saturating_add(token.len());
        }
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or("")
    }
}
