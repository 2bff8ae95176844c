//! What one line of an INI file is, by the rules of Python's `ConfigObj`.
//!
//! A line is blank, a comment (`#` only), a section header (`[name]`, `[[nested]]`) or a key with
//! `=`. Names may be quoted, lines may be indented. A header that is none, such as `[x = 1`, may
//! still be a key. Refused: keys that are blank or whose quote does not end before the `=`; but if
//! they are indented `ConfigObj` takes them, with the last blank of the indent as part of the key.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

/// One line, borrowed from the text.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Nothing but white space.
    Blank,
    /// A line that begins with `#`.
    Comment,
    /// `[name]`.
    Section {
        /// How many brackets: 1 for `[name]`, 2 for `[[name]]`.
        depth: usize,
        /// The name without brackets and quotes.
        name: &'a str,
    },
    /// `key = value`.
    Entry {
        /// The key without quotes.
        key: &'a str,
        /// What stands after the `=`, from the first character that is not white space.
        value: &'a str,
    },
}

/// Tells what `line` (without its line break) is, or what is wrong with it.
pub fn classify(line: &str) -> Result<Line<'_>, &'static str> {
    let text = trim(line);
    if text.is_empty() {
        return Ok(Line::Blank);
    }
    if text.starts_with('#') {
        return Ok(Line::Comment);
    }
    if let Some((opened, name, closed)) = header(text) {
        return if opened == closed {
            Ok(Line::Section { depth: opened, name })
        } else {
            Err("the brackets of this section do not match")
        };
    }
    entry(trim_start(line))
        .or_else(|| indented_entry(line))
        .ok_or("this is neither a section, nor a key with `=`, nor a comment")
}

/// White space as Python sees it.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

pub(crate) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

/// Whether nothing follows that counts.
pub(crate) fn is_end_or_comment(text: &str) -> bool {
    let text = trim_start(text);
    text.is_empty() || text.starts_with('#')
}

/// The quote that `text` begins with, if any.
pub(crate) fn leading_quote(text: &str) -> Option<char> {
    text.chars().next().filter(|c| matches!(c, '"' | '\''))
}

/// Takes `text` apart at its first `quote` after which `fits` holds for the rest: the inside of
/// the quotes, and that rest. `text` begins behind the opening quote.
pub(crate) fn unquote<'a>(
    text: &'a str,
    quote: &str,
    fits: impl Fn(&'a str) -> bool,
) -> Option<(&'a str, &'a str)> {
    let first = quote.chars().next()?;
    text.match_indices(first).find_map(|(at, _)| {
        let (inside, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix(quote)?;
        fits(rest).then_some((inside, rest))
    })
}

/// Brackets that open, name, brackets that close.
fn header(text: &str) -> Option<(usize, &str, usize)> {
    let mut opened: usize = 0;
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        opened = opened.saturating_add(1);
        rest = trim_start(inner);
    }
    if opened == 0 {
        return None;
    }
    if let Some(quote) = leading_quote(rest) {
        let inner = rest.strip_prefix(quote)?;
        let (name, rest) =
            unquote(inner, quote.encode_utf8(&mut [0; 4]), |rest| closing(rest).is_ok())?;
        return (!trim(name).is_empty()).then_some((opened, name, closing(rest).ok()?));
    }
    // The name ends at the first run of brackets that ends the header; a bracket right at its
    // beginning belongs to the name.
    let mut from = 0;
    while let Some(at) = rest.get(from..)?.find(']') {
        let (name, after) = rest.split_at_checked(from.saturating_add(at))?;
        let name = trim(name);
        if name.is_empty() {
            from = from.saturating_add(at).saturating_add(1);
            continue;
        }
        match closing(after) {
            Ok(closed) => return Some((opened, name, closed)),
            // None of the brackets before what is in the way can end it either.
            Err(in_the_way) => from = rest.len().saturating_sub(in_the_way.len()),
        }
    }
    None
}

/// How many brackets `text` begins with, if only a comment follows them; else what follows them.
fn closing(text: &str) -> Result<usize, &str> {
    let mut closed: usize = 0;
    let mut rest = trim_start(text);
    while let Some(inner) = rest.strip_prefix(']') {
        closed = closed.saturating_add(1);
        rest = trim_start(inner);
    }
    if closed > 0 && is_end_or_comment(rest) { Ok(closed) } else { Err(rest) }
}

fn entry(text: &str) -> Option<Line<'_>> {
    let (key, value) = if let Some(quote) = leading_quote(text) {
        let inner = text.strip_prefix(quote)?;
        let (key, rest) = unquote(inner, quote.encode_utf8(&mut [0; 4]), |rest| {
            trim_start(rest).starts_with('=')
        })?;
        (key, trim_start(rest).strip_prefix('=')?)
    } else {
        let (key, value) = text.split_once('=')?;
        let key = trim(key);
        if key.is_empty() {
            return None;
        }
        (key, value)
    };
    Some(Line::Entry { key, value: trim_start(value) })
}

/// A key that begins with the last blank before it.
fn indented_entry(line: &str) -> Option<Line<'_>> {
    let indent = line.strip_suffix(trim_start(line))?;
    let (start, _) = indent.char_indices().next_back()?;
    let (blank_and_key, value) = line.get(start..)?.split_once('=')?;
    let key = blank_and_key.trim_end_matches(is_blank);
    let key = if key.is_empty() { indent.get(start..)? } else { key };
    Some(Line::Entry { key, value: trim_start(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(depth: usize, name: &str) -> Line<'_> {
        Line::Section { depth, name }
    }

    fn key<'a>(key: &'a str, value: &'a str) -> Line<'a> {
        Line::Entry { key, value }
    }

    #[test]
    fn headers_may_be_quoted_indented_nested_and_commented() {
        assert_eq!(classify("  [ Global ]  # c"), Ok(section(1, "Global")));
        assert_eq!(classify("[ [ 'a ] b' ] ]"), Ok(section(2, "a ] b")));
        assert_eq!(classify("[a]]x]"), Ok(section(1, "a]]x")));
        assert_eq!(classify("[[a]"), Err("the brackets of this section do not match"));
        for wrong in ["[]", "[Global] x", "[Global", "[\"\"]", "[\"a\" b]"] {
            assert!(classify(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_of_brackets_that_ends_nothing_is_looked_at_once() {
        // Half a million of them, each looked at for each, would take minutes.
        let line = format!("[a {}x", "] ".repeat(500_000));
        assert!(classify(&line).is_err());
        assert_eq!(classify("[a ] ] x ]"), Ok(section(1, "a ] ] x")));
    }

    #[test]
    fn keys_end_at_the_first_equals_sign_outside_their_quotes() {
        assert_eq!(classify("a = b = c "), Ok(key("a", "b = c ")));
        assert_eq!(classify("'a = b'=c"), Ok(key("a = b", "c")));
        assert_eq!(classify("[x = 1"), Ok(key("[x", "1")));
        assert_eq!(classify("; x = 1"), Ok(key("; x", "1")));
        for wrong in ["= x", "a : b", "a b", "\"a = b", "'a' b = c", "; a", "  'a' b", " "] {
            assert!(!matches!(classify(wrong), Ok(Line::Entry { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_is_none_takes_a_blank_of_its_indent() {
        assert_eq!(classify("  == x"), Ok(key(" ", "= x")));
        assert_eq!(classify(" \t = x"), Ok(key(" ", "x")));
        assert_eq!(classify("  'a' b = c"), Ok(key(" 'a' b", "c")));
        assert_eq!(classify("  \"a = b"), Ok(key(" \"a", "b")));
    }

    #[test]
    fn only_a_hash_makes_a_comment() {
        assert_eq!(classify("\t# = [x]"), Ok(Line::Comment));
        assert_eq!(classify(" \u{a0}\r"), Ok(Line::Blank));
    }
}
