//! Values as CAF's configuration has them, and how they are written.

use std::collections::BTreeMap;
use std::fmt;

/// A value of a configuration or of a command line option.
#[derive(Clone, Debug, PartialEq)]
pub enum CafValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number, also in hexadecimal (`0x1f`), binary (`0b101`) or octal (`017`).
    Integer(i64),
    /// A number with a point or an exponent.
    Real(f64),
    /// A span of time in nanoseconds: a whole number before `ns`, `us`, `ms`, `s`, `min` or `h`.
    Timespan(i64),
    /// A text in double quotes, or an atom in single ones.
    Text(String),
    /// A URI in angle brackets, as it stands there.
    Uri(String),
    /// Values in square brackets.
    List(Vec<CafValue>),
    /// Keys with values in braces.
    Map(BTreeMap<String, CafValue>),
}

impl CafValue {
    /// What kind of value it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Real(_) => "a number",
            Self::Timespan(_) => "a span of time",
            Self::Text(_) => "a text",
            Self::Uri(_) => "a URI",
            Self::List(_) => "a list",
            Self::Map(_) => "a group",
        }
    }
}

/// As it is read again.
impl fmt::Display for CafValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            // With a point or an exponent always.
            Self::Real(value) => fmt::Debug::fmt(value, f),
            Self::Timespan(nanos) => write!(f, "{nanos}ns"),
            Self::Text(text) => write_text(text, f),
            Self::Uri(uri) => write!(f, "<{uri}>"),
            Self::List(values) => {
                f.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (place, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { ", " })?;
                    write_text(key, f)?;
                    write!(f, " = {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            '"' => f.write_str("\\\"")?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}
