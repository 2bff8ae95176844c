//! Writing JSON as Python's `json.dumps` does: compact, as the service answers, and with the
//! defaults, as settings are stored.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::fmt::Write as _;

use crate::json::Json;

/// How a value is written.
struct Style {
    comma: &'static str,
    colon: &'static str,
    ascii: bool,
}

impl Json {
    /// Without blanks, and characters as they are.
    pub fn compact(&self) -> String {
        self.written(&Style { comma: ",", colon: ":", ascii: false })
    }

    /// With a blank behind commas and colons, in ASCII.
    pub fn dumps(&self) -> String {
        self.written(&Style { comma: ", ", colon: ": ", ascii: true })
    }

    fn written(&self, style: &Style) -> String {
        let mut out = String::new();
        add(self, style, &mut out);
        out
    }
}

fn add(value: &Json, style: &Style, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Integer(digits) => out.push_str(digits),
        Json::Float(number) => out.push_str(&float(*number)),
        Json::Text(text) => quote(text, style, out),
        Json::List(items) => {
            out.push('[');
            let mut comma = "";
            for item in items {
                out.push_str(comma);
                add(item, style, out);
                comma = style.comma;
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            let mut comma = "";
            for (key, value) in members.iter() {
                out.push_str(comma);
                quote(key, style, out);
                out.push_str(style.colon);
                add(value, style, out);
                comma = style.comma;
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, style: &Style, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            ' '.. if !style.ascii => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a text cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A number as Python's `repr` has it: the fewest digits that give it back, and an exponent where
/// it is below 0.0001 or not below 10¹⁶.
pub(crate) fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        // Neither is JSON, and what is read with one is not written.
        return if number.is_nan() { "NaN".into() } else { scientific.replace("inf", "Infinity") };
    };
    match exponent.parse::<i16>().unwrap_or_default() {
        -4..16 => {
            let plain = number.to_string();
            if plain.contains('.') { plain } else { plain + ".0" }
        }
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}
