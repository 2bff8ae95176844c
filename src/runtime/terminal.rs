//! Text for a terminal: names come from other machines, and a terminal obeys what it is sent.
//!
//! Control characters, and characters that are invisible or turn the direction of writing, are
//! shown as `\x1b` or `\u{202e}`. A table is escaped here, cell by cell, and nowhere else.

use std::borrow::Cow;
use std::fmt::Write;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// `text` without anything that a terminal would obey.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        if is_dangerous(c) {
            let code = u32::from(c);
            // Writing to a String cannot fail.
            let _ = match code {
                0..=0xff => write!(escaped, "\\x{code:02x}"),
                _ => write!(escaped, "\\u{{{code:x}}}"),
            };
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether a terminal would do something else than show it.
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A table: each column as wide as its widest cell, two blanks between them.
///
/// `widest` is the longest line in characters; what is longer ends in `…`.
pub fn table(head: &[&str], rows: &[Vec<String>], widest: Option<usize>) -> Vec<String> {
    let head: Vec<Cow<'_, str>> = head.iter().map(|cell| escape(cell)).collect();
    let rows: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    let lines = || std::iter::once(&head).chain(&rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            lines().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    lines().map(|row| line(row, &widths, widest)).collect()
}

/// `text`, or as much of it as has room in `widest` characters.
pub fn cut(text: &str, widest: usize) -> String {
    if width(text) <= widest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(widest.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn line(row: &[Cow<'_, str>], widths: &[usize], widest: Option<usize>) -> String {
    let mut line = String::new();
    for (cell, room) in row.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', room.saturating_sub(width(cell)).saturating_add(2)));
    }
    let line = line.trim_end();
    widest.map_or_else(|| line.to_owned(), |widest| cut(line, widest))
}

/// An age in its largest unit that is at least two, such as `31 h` or `2 d`.
pub fn age(seconds: u64) -> String {
    let units = [("w", WEEK), ("d", DAY), ("h", HOUR), ("min", MINUTE)];
    let fit = units.iter().find(|(_, unit)| seconds >= 2 * unit);
    match fit {
        Some((name, unit)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} s"),
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(escape("client é 日本"), "client é 日本");
        assert_eq!(escape("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
        assert_eq!(escape("\u{9b}31m\u{7f}"), "\\x9b31m\\x7f");
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        for code in 0..=0x0002_0000_u32 {
            let Some(c) = char::from_u32(code) else { continue };
            assert!(!escape(&c.to_string()).contains(char::is_control), "{code:x}");
        }
    }

    #[test]
    fn ages_are_shown_in_their_largest_unit() {
        let shown: Vec<String> =
            [0, 119, 120, 7199, 7200, 111_600, 172_800, 1_209_600].map(age).into();
        assert_eq!(shown, ["0 s", "119 s", "2 min", "119 min", "2 h", "31 h", "2 d", "2 w"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [vec!["é\t".to_owned(), "1".to_owned()], vec!["longest".to_owned(), String::new()]];
        let shown = table(&["NAME", "N"], &rows, None);
        assert_eq!(shown, ["NAME     N", "é\\x09    1", "longest"]);
        let shown = table(&["NAME", "N"], &rows, Some(8));
        assert_eq!(shown, ["NAME   …", "é\\x09  …", "longest"]);
        assert_eq!(table(&["A"], &[], None), ["A"]);
    }
}
