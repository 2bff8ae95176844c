//! JSON for people: keys in order, indented, and coloured as the original's tools colour it.

use katalogus::{Json, Object};

const RESET: &str = "\u{1b}[39;49;00m";
const BLANK: &str = "\u{1b}[37m";
const KEY: &str = "\u{1b}[94m";
const TEXT: &str = "\u{1b}[33m";
const NUMBER: &str = "\u{1b}[34m";
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
        Json::Text(_) => out.push_str(&paint(TEXT, &value.dumps())),
        _ => out.push_str(&paint(NUMBER, &value.dumps())),
    }
}

fn members_of(members: &Object, depth: usize, out: &mut String) {
    let mut members: Vec<(&str, &Json)> = members.iter().collect();
    members.sort_by_key(|(key, _)| *key);
    enclose(['{', '}'], depth, &members, out, |(key, value), out| {
        out.push_str(&paint(KEY, &Json::from(*key).dumps()));
        out.push(':');
        out.push_str(&paint(BLANK, " "));
        add(value, depth.saturating_add(1), out);
    });
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
