//! Configuration files that nobody would write, from a seed: always the same ones.

use std::fmt::Write as _;

use ostler_tests::random::Random;

const HEADERS: [&str; 22] = [
    "[A]",
    "[A]",
    "[B]",
    "[B]",
    "[Global]",
    "[DEFAULT]",
    "[ A ]",
    "  [B]  ",
    "['B']",
    "[\"A b\"]",
    "[A] # c",
    "[B]#c",
    "[[C]]",
    "[[D]]",
    "  [[ 'E' ]]",
    "[[[F]]]",
    "[[E]]",
    "[A",
    "[]",
    "[A] x",
    "[A]]",
    "[ [G] ]",
];
const KEYS: [&str; 16] =
    ["a", "b", "c", "d", "e", "x", "y", "port", "k k", "\"a\"", "'b'", "A", "a.b", "ä", "[q", "="];
const EQUALS: [&str; 8] = [" = ", " = ", " = ", "=", "=", " =", "\t=\t", " : "];
const WORDS: [&str; 12] = [
    "a",
    "one",
    "two words",
    "1",
    "::1",
    "/usr/sbin/burp",
    "é漢",
    "a\tb",
    "a;b",
    "$x",
    "\\",
    "[x]",
];
const MARKS: [&str; 24] = [
    ",", ", ", " , ", "#", " # c", "\"", "'", "\"\"", "''", "\"\"\"", "'''", "\"q\"", "'q, r'",
    "\"#\"", "%(a)s", "%(b)s", "%(x)s", "%(none)s", "%", "%%", "%(", "\u{a0}", " ", "=",
];
const OTHERS: [&str; 10] =
    ["", "", "  ", "# comment", "  # [A]", "; x", "nothing", "// x", "'''", "more\"\"\""];

/// One file: mostly lines of any kind, sometimes such that refer to each other.
pub(crate) fn file(random: &mut Random) -> String {
    if random.one_in(6) {
        return references(random);
    }
    let end = if random.one_in(8) { "\r\n" } else { "\n" };
    let count = 1 + random.below(9);
    let lines: Vec<String> = (0..count).map(|_| line(random)).collect();
    let last = if random.one_in(8) { "" } else { end };
    lines.join(end) + last
}

/// Few names in few sections, and most values refer to some of them.
fn references(random: &mut Random) -> String {
    let mut text = String::new();
    for header in ["", "[DEFAULT]\n", "[A]\n", "[[C]]\n", "[B]\n"] {
        if random.one_in(3) {
            continue;
        }
        text.push_str(header);
        for key in ["x", "y", "z"] {
            let value = match random.below(8) {
                0..2 => continue,
                2..4 => key.to_owned() + header.trim(),
                4 => format!("%({})s, 1", random.pick(&["x", "y", "z"])),
                _ => format!("<%({})s>", random.pick(&["x", "y", "z"])),
            };
            writeln!(text, "{key} = {value}").unwrap();
        }
    }
    text
}

fn line(random: &mut Random) -> String {
    match random.below(20) {
        0..4 => random.pick(&HEADERS).to_owned(),
        4..6 => random.pick(&OTHERS).to_owned(),
        _ => entry(random),
    }
}

fn entry(random: &mut Random) -> String {
    let indent = if random.one_in(6) { "  " } else { "" };
    let mut text = format!("{indent}{}{}", random.pick(&KEYS), random.pick(&EQUALS));
    // Mostly what people write, and sometimes what they do not.
    for _ in 0..random.below(5) {
        let piece = if random.one_in(2) { random.pick(&WORDS) } else { random.pick(&MARKS) };
        text.push_str(piece);
    }
    text
}
