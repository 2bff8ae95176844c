//! What stands after the `=`, by the rules of Python's `ConfigObj`.
//!
//! A value is one text, or a list if it has a comma outside quotes: `a,` is a list of one, `,` an
//! empty one. A `#` outside quotes begins a comment wherever it stands. Quotes count only at the
//! beginning of a member and know no escapes: such a member ends at the first equal quote after
//! which a comma, a comment or nothing comes. Three quotes begin a text that may go on over
//! several lines. Refused: text after a closing quote, a quote that does not end, and members that
//! are missing (`a,,b`; `ConfigObj` takes them when blanks stand between).

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use crate::ini_line::{is_end_or_comment, leading_quote, trim, trim_start, unquote};

/// A value as it is written, quotes and comments removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text, perhaps empty.
    One(String),
    /// A list, perhaps of one or none.
    Many(Vec<String>),
}

/// A text in three quotes that begins in this line, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Long<'a> {
    /// It also ends here.
    Whole(&'a str),
    /// It goes on in the next lines, up to these quotes.
    Open(&'static str, &'a str),
}

/// Reads the value of one line.
pub(crate) fn parse(text: &str) -> Result<Value, &'static str> {
    let mut rest = trim(text);
    let mut members = Vec::new();
    if let Some(after) = rest.strip_prefix(',') {
        return if is_end_or_comment(after) {
            Ok(Value::Many(members))
        } else {
            Err("a member of this list is missing")
        };
    }
    if is_end_or_comment(rest) {
        return Ok(Value::One(String::new()));
    }
    loop {
        let (member, tail) = member(rest)?;
        let tail = trim_start(tail);
        let Some(after) = tail.strip_prefix(',') else {
            return Ok(if members.is_empty() {
                Value::One(member.to_owned())
            } else {
                members.push(member.to_owned());
                Value::Many(members)
            });
        };
        members.push(member.to_owned());
        rest = trim_start(after);
        if is_end_or_comment(rest) {
            return Ok(Value::Many(members));
        }
    }
}

/// The beginning of a text in three quotes; `None` if `value` is something else.
pub(crate) fn long(value: &str) -> Option<Result<Long<'_>, &'static str>> {
    let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| value.starts_with(quotes))?;
    let inner = value.strip_prefix(quotes)?;
    Some(match unquote(inner, quotes, is_end_or_comment) {
        Some((text, _)) => Ok(Long::Whole(text)),
        None if inner.contains(quotes) => Err("something stands after the closing quotes"),
        None => Ok(Long::Open(quotes, inner)),
    })
}

/// Whether `line` ends a text in `quotes`, and with which last piece; `None` if it goes on.
pub(crate) fn long_end<'a>(line: &'a str, quotes: &str) -> Option<Result<&'a str, &'static str>> {
    if !line.contains(quotes) {
        return None;
    }
    let end = unquote(line, quotes, is_end_or_comment);
    Some(end.map(|(text, _)| text).ok_or("something stands after the closing quotes"))
}

/// The first member of a list, and what follows it: a comma, a comment or nothing.
fn member(text: &str) -> Result<(&str, &str), &'static str> {
    if let Some(quote) = leading_quote(text) {
        let inner = text.strip_prefix(quote).unwrap_or_default();
        return unquote(inner, quote.encode_utf8(&mut [0; 4]), |rest| {
            is_end_or_comment(rest) || trim_start(rest).starts_with(',')
        })
        .ok_or("a quote does not end, or something stands after it");
    }
    let end = text.find([',', '#']).unwrap_or(text.len());
    let (member, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let member = trim(member);
    if member.is_empty() { Err("a member of this list is missing") } else { Ok((member, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Value {
        Value::One(text.to_owned())
    }

    fn many<const N: usize>(members: [&str; N]) -> Value {
        Value::Many(members.map(str::to_owned).to_vec())
    }

    #[test]
    fn a_comma_outside_quotes_makes_a_list() {
        assert_eq!(parse("a, 'b,c' ,\"d\" # e, f"), Ok(many(["a", "b,c", "d"])));
        assert_eq!(parse("'a',"), Ok(many(["a"])));
        assert_eq!(parse("\"\", # x"), Ok(many([""])));
        assert_eq!(parse(" , # none"), Ok(many([])));
        for wrong in ["a,,b", ",a", "a, ,b", "'a' b, c"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_quoted_text_ends_at_the_first_quote_that_can_end_it() {
        assert_eq!(parse("\"a\"b\""), Ok(one("a\"b")));
        assert_eq!(parse("\"a\" # \"b\""), Ok(one("a")));
        assert_eq!(parse("# nothing"), Ok(one("")));
    }

    #[test]
    fn three_quotes_hold_several_lines() {
        assert_eq!(long("'''a'b''' # c"), Some(Ok(Long::Whole("a'b"))));
        assert_eq!(long("\"\"\"a "), Some(Ok(Long::Open("\"\"\"", "a "))));
        assert_eq!(long("'''a''''"), Some(Ok(Long::Whole("a'"))));
        assert!(matches!(long("'''a''' b"), Some(Err(_))));
        assert_eq!(long("''"), None);
        assert_eq!(long_end("b''' # c", "'''"), Some(Ok("b")));
        assert!(matches!(long_end("b''' c", "'''"), Some(Err(_))));
        assert_eq!(long_end("b\"\"\"", "'''"), None);
    }
}
