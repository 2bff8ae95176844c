//! Patterns as Python has them, for a library that has others: where their languages differ in what
//! manifests may well use. `\d`, `\w` and `\s` stay those of the library.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use serde_json::{Map, Value};

/// The end of a text, as the library writes it.
const END: &str = "$";

/// The end of a text, or what is before its last newline.
const END_OR_NEWLINE: &str = r"(?=\n?$)";

/// The same pattern for texts that do not end with a newline.
pub(crate) fn usual(pattern: &str) -> String {
    translated(pattern, END)
}

/// The same pattern for texts that do, if that is another.
pub(crate) fn before_newline(pattern: &str) -> Option<String> {
    let other = translated(pattern, END_OR_NEWLINE);
    (other != usual(pattern)).then_some(other)
}

/// Puts the usual form in the place of all patterns of a schema.
pub(crate) fn translate(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(translate),
        Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("pattern", Value::String(pattern)) => *pattern = usual(pattern),
                    ("patternProperties", Value::Object(schemas)) => {
                        let each = std::mem::take(schemas).into_iter();
                        *schemas =
                            each.map(|(key, value)| (usual(&key), value)).collect::<Map<_, _>>();
                        schemas.iter_mut().for_each(|(_, value)| translate(value));
                    }
                    (_, value) => translate(value),
                }
            }
        }
        _ => {}
    }
}

fn translated(pattern: &str, end: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    let (mut in_class, mut groups) = (false, Vec::new());
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some('Z') if !in_class => out.push_str(END),
                escaped => {
                    out.push('\\');
                    out.extend(escaped);
                }
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if rest.as_str().starts_with('^') {
                    out.extend(rest.next());
                }
                // There it is one of the class, and does not end it.
                if rest.as_str().starts_with(']') {
                    out.push('\\');
                    out.extend(rest.next());
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '$' if !in_class => out.push_str(end),
            '{' if !in_class && is_open_range(rest.as_str()) => out.push_str("{0"),
            '(' if !in_class => {
                if let Some((number, behind)) = reference(rest.as_str(), &groups) {
                    // In a group, as a digit may follow.
                    out.extend(["(?:\\", &number.to_string(), ")"]);
                    rest = behind.chars();
                } else {
                    groups.extend(group(rest.as_str()));
                    out.push('(');
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// Whether it goes on as a number of times without its lower end.
fn is_open_range(rest: &str) -> bool {
    let range = rest.strip_prefix(',').and_then(|rest| rest.split_once('}'));
    range.is_some_and(|(most, _)| most.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The name of a group that opens here, empty if it has none; `None` if it is not counted.
fn group(rest: &str) -> Option<&str> {
    let Some(kind) = rest.strip_prefix('?') else { return Some("") };
    kind.strip_prefix("P<")?.split_once('>').map(|(name, _)| name)
}

/// The number of a group that is referred to by name, and what is behind the reference.
fn reference<'p>(rest: &'p str, groups: &[&str]) -> Option<(usize, &'p str)> {
    let (name, behind) = rest.strip_prefix("?P=")?.split_once(')')?;
    let place = groups.iter().position(|group| *group == name)?;
    Some((place.checked_add(1)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_otherwise_is_translated() {
        for (pattern, expected) in [
            (r"^a\Z", r"^a$"),
            (r"\\Z[\Z]\$", r"\\Z[\Z]\$"),
            ("(?:a)((?P<x>a))(?P=x)1(?P=y)", r"(?:a)((?P<x>a))(?:\2)1(?P=y)"),
            ("a{,3}b{1,2}{,x}", "a{0,3}b{1,2}{,x}"),
            ("[]$(?P=x){,3}]", r"[\]$(?P=x){,3}]"),
            ("[^]]$", r"[^\]]$"),
            ("\\", "\\"),
        ] {
            assert_eq!(usual(pattern), expected, "{pattern}");
        }
        assert_eq!(before_newline("^[$]$").as_deref(), Some(r"^[$](?=\n?$)"));
        assert_eq!(before_newline(r"^\$\Z"), None);
    }
}
