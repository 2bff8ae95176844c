//! JSON made readable without being read: order, numbers and spelling stay as burp has them.
//!
//! Bytes that are not UTF-8 become `�`; characters that a terminal would obey become escapes,
//! which mean the same in JSON.

use std::fmt::Write;

use ostler_runtime::terminal::is_dangerous;

/// Deeper than this nothing is indented further, so that nested brackets cannot grow without bound.
const MAX_INDENT: usize = 32;

/// The same JSON with a line for each member, without a newline at the end.
pub(crate) fn indented(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let mut shown = String::with_capacity(text.len().saturating_mul(2));
    let mut characters = text.trim().chars().peekable();
    let (mut depth, mut in_string) = (0_usize, false);
    while let Some(c) = characters.next() {
        if in_string {
            push(&mut shown, c);
            match c {
                '"' => in_string = false,
                '\\' => characters.next().into_iter().for_each(|c| push(&mut shown, c)),
                _ => {}
            }
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                shown.push(c);
            }
            '{' | '[' => {
                shown.push(c);
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = characters.next_if(|c| matches!(c, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth = depth.saturating_add(1);
                    line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut shown, depth);
                shown.push(c);
            }
            ',' => {
                shown.push(c);
                line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => push(&mut shown, c),
        }
    }
    shown
}

/// The same JSON in its own layout, fit for a terminal.
pub(crate) fn harmless(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let mut shown = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        // Between members these may stand unescaped; inside strings they cannot.
        if matches!(c, '\n' | '\t') { shown.push(c) } else { push(&mut shown, c) }
    }
    shown
}

fn push(shown: &mut String, c: char) {
    if is_dangerous(c) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    } else {
        shown.push(c);
    }
}

fn line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth.min(MAX_INDENT)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_get_lines_and_keep_order_and_spelling() {
        let json = br#"{"b":[1.50, {"x":"a,{\"b\\"}],"a":{},"e":[ ]}"#;
        let shown = "{\n  \"b\": [\n    1.50,\n    {\n      \"x\": \"a,{\\\"b\\\\\"\n    }\n  ],\n  \
                     \"a\": {},\n  \"e\": []\n}";
        assert_eq!(indented(json), shown);
        assert_eq!(indented(b" 3.1.4\n"), "3.1.4");
    }

    #[test]
    fn what_is_shown_is_valid_and_harmless() {
        let json = "{\"n\":\"\u{9b}31m\u{e0001}\u{7f}\"}".as_bytes();
        for shown in [indented(json), harmless(json)] {
            assert!(!shown.contains(|c| is_dangerous(c) && c != '\n'), "{shown:?}");
            let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
            assert_eq!(value(shown.as_bytes()), value(json));
        }
        assert_eq!(indented(b"[\"\xff\"]"), "[\n  \"\u{fffd}\"\n]");
        assert!(indented(&vec![b'['; 100_000]).len() < 100_000 * 70);
    }
}
