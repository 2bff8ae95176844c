//! JSON for people: keys in order, indented, and coloured as the original's tools colour it.
//!
//! Values are those of [`Json::parse_shown`]: all that Python reads.

use std::fmt::Write as _;

use katalogus::{Json, Object, code_points};

const RESET: &str = "\u{1b}[39;49;00m";
const BLANK: &str = "\u{1b}[37m";
const KEY: &str = "\u{1b}[94m";
const TEXT: &str = "\u{1b}[33m";
const NUMBER: &str = "\u{1b}[34m";
/// What Pygments takes for no JSON, which is half of what Python writes for other numbers.
const WRONG: &str = "\u{1b}[04m\u{1b}[91m";
const NOT_A_NUMBER: [(&str, &str); 3] = [(WRONG, "N"), (WRONG, "a"), (WRONG, "N")];
const INFINITY: [(&str, &str); 7] = [
    (WRONG, "I"),
    (NUMBER, "nf"),
    (WRONG, "i"),
    (NUMBER, "n"),
    (WRONG, "i"),
    (NUMBER, "t"),
    (WRONG, "y"),
];
const INDENT: usize = 4;

/// The text, with the end of its last line.
pub(crate) fn coloured(value: &Json) -> String {
    let mut out = String::new();
    add(value, 0, &mut out);
    out.push_str(&paint(BLANK, ""));
    out.push('\n');
    out
}

fn add(value: &Json, depth: usize, out: &mut String) {
    match value {
        Json::List(items) if !items.is_empty() => {
            let inner = depth.saturating_add(1);
            enclose(['[', ']'], depth, items, out, |item, out| add(item, inner, out));
        }
        Json::Object(members) if !members.is_empty() => members_of(members, depth, out),
        Json::List(_) => out.push_str("[]"),
        Json::Object(_) => out.push_str("{}"),
        Json::Text(text) => out.push_str(&paint(TEXT, &literal(text))),
        Json::Float(number) if !number.is_finite() => odd(*number, out),
        _ => out.push_str(&paint(NUMBER, &value.dumps())),
    }
}

fn members_of(members: &Object, depth: usize, out: &mut String) {
    let mut members: Vec<(&str, &Json)> = members.iter().collect();
    members.sort_by(|(one, _), (other, _)| code_points(one).cmp(code_points(other)));
    enclose(['{', '}'], depth, &members, out, |(key, value), out| {
        out.push_str(&paint(KEY, &literal(key)));
        out.push(':');
        out.push_str(&paint(BLANK, " "));
        add(value, depth.saturating_add(1), out);
    });
}

/// A text in quotes, in ASCII.
fn literal(text: &str) -> String {
    let (mut whole, mut characters) = ("\"".to_owned(), String::new());
    for point in code_points(text) {
        if let Some(character) = char::from_u32(point) {
            characters.push(character);
        } else {
            add_escaped(&std::mem::take(&mut characters), &mut whole);
            // Writing to a text cannot fail.
            let _ = write!(whole, "\\u{point:04x}");
        }
    }
    add_escaped(&characters, &mut whole);
    whole.push('"');
    whole
}

fn add_escaped(text: &str, out: &mut String) {
    let quoted = Json::from(text).dumps();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    out.push_str(inner.unwrap_or_default());
}

/// `NaN` and `Infinity`, as Pygments takes them to pieces.
fn odd(number: f64, out: &mut String) {
    if number < 0.0 {
        out.push_str(&paint(NUMBER, "-"));
    }
    let pieces: &[_] = if number.is_nan() { &NOT_A_NUMBER } else { &INFINITY };
    for (colour, piece) in pieces {
        out.push_str(&paint(colour, piece));
    }
}

fn enclose<T>(
    [open, close]: [char; 2],
    depth: usize,
    items: &[T],
    out: &mut String,
    mut each: impl FnMut(&T, &mut String),
) {
    out.push(open);
    let mut comma = "";
    for item in items {
        out.push_str(comma);
        line(depth.saturating_add(1), out);
        each(item, out);
        comma = ",";
    }
    line(depth, out);
    out.push(close);
}

/// Begins a new line.
fn line(depth: usize, out: &mut String) {
    out.push_str(&paint(BLANK, ""));
    out.push('\n');
    if depth > 0 {
        out.push_str(&paint(BLANK, &" ".repeat(depth.saturating_mul(INDENT))));
    }
}

fn paint(colour: &str, text: &str) -> String {
    format!("{colour}{text}{RESET}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Pygments makes of what Python's `json.dumps` makes of this.
    #[test]
    fn the_colours_are_those_of_pygments() {
        let value = r#"{"b": [1, 2.5, true, null, "x\né", [], {}], "a": {"c": "d"}}"#;
        let lines = [
            "{[37m[39;49;00m",
            r#"[37m    [39;49;00m[94m"a"[39;49;00m:[37m [39;49;00m{[37m[39;49;00m"#,
            r#"[37m        [39;49;00m[94m"c"[39;49;00m:[37m [39;49;00m[33m"d"[39;49;00m[37m[39;49;00m"#,
            "[37m    [39;49;00m},[37m[39;49;00m",
            r#"[37m    [39;49;00m[94m"b"[39;49;00m:[37m [39;49;00m[[37m[39;49;00m"#,
            "[37m        [39;49;00m[34m1[39;49;00m,[37m[39;49;00m",
            "[37m        [39;49;00m[34m2.5[39;49;00m,[37m[39;49;00m",
            "[37m        [39;49;00m[34mtrue[39;49;00m,[37m[39;49;00m",
            "[37m        [39;49;00m[34mnull[39;49;00m,[37m[39;49;00m",
            r#"[37m        [39;49;00m[33m"x\n\u00e9"[39;49;00m,[37m[39;49;00m"#,
            "[37m        [39;49;00m[],[37m[39;49;00m",
            "[37m        [39;49;00m{}[37m[39;49;00m",
            "[37m    [39;49;00m][37m[39;49;00m",
            "}[37m[39;49;00m",
        ];
        let shown = coloured(&Json::parse(value).unwrap());
        let shown = shown.replace('\u{1b}', "");
        assert_eq!(shown.lines().collect::<Vec<_>>(), lines);
        assert!(shown.ends_with('\n'));
        assert_eq!(
            coloured(&Json::Null).replace('\u{1b}', ""),
            "[34mnull[39;49;00m[37m[39;49;00m\n"
        );
    }
}
