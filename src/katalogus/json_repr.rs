//! Values as Python's `repr` shows them, which is how they stand in the messages of a schema check.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::fmt::{self, Display, Formatter, Write as _};

use crate::json::Json;
use crate::json_write::float;

impl Json {
    /// The value as Python shows it: `{'a': [1, 2.5, True, None]}`.
    pub fn repr(&self) -> impl Display {
        Repr(self)
    }

    /// The value as Python's `str` has it: a text as it is, anything else as [`Json::repr`].
    pub fn python_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            value => value.repr().to_string(),
        }
    }
}

struct Repr<'a>(&'a Json);

impl Display for Repr<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Json::Null => f.write_str("None"),
            Json::Bool(true) => f.write_str("True"),
            Json::Bool(false) => f.write_str("False"),
            Json::Integer(digits) => f.write_str(digits),
            Json::Float(number) if number.is_nan() => f.write_str("nan"),
            Json::Float(number) if number.is_infinite() => write!(f, "{number}"),
            Json::Float(number) => f.write_str(&float(*number)),
            Json::Text(text) => Quoted(text).fmt(f),
            Json::List(items) => {
                f.write_char('[')?;
                let mut comma = "";
                for item in items {
                    write!(f, "{comma}{}", Repr(item))?;
                    comma = ", ";
                }
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                let mut comma = "";
                for (key, value) in members.iter() {
                    write!(f, "{comma}{}: {}", Quoted(key), Repr(value))?;
                    comma = ", ";
                }
                f.write_char('}')
            }
        }
    }
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        f.write_char(quote)?;
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ if character == quote => write!(f, "\\{quote}")?,
                _ if is_printable(character) => f.write_char(character)?,
                _ => match u32::from(character) {
                    code @ 0..=0xff => write!(f, "\\x{code:02x}")?,
                    code @ 0x100..=0xffff => write!(f, "\\u{code:04x}")?,
                    code => write!(f, "\\U{code:08x}")?,
                },
            }
        }
        f.write_char(quote)
    }
}

/// Whether the character is shown as it is: all are but controls, formats, surrogates, private and
/// unassigned ones, and separators other than the space. Rust's own escapes have the same rule,
/// except for the first character of a text, which must not join with what stands before it.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        _ => String::from_iter(['a', character]).escape_debug().nth(1) == Some(character),
    }
}
