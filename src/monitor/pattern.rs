//! Patterns in paths, as burp's includes may have them: `*`, `?` and `[a-z]` in every part of a path,
//! none of which stands for a dot at the beginning of a name.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The most paths that one pattern may stand for.
const MAX_PATHS: usize = 4096;

/// What a pattern stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Matches {
    /// The paths that there are, sorted. Without a character that makes a pattern, the path itself,
    /// whether it is there or not.
    pub(crate) paths: Vec<PathBuf>,
    /// The directories whose names had to be compared.
    pub(crate) listed: Vec<PathBuf>,
}

impl Matches {
    /// Looks for what `pattern` stands for.
    pub(crate) fn of(pattern: &Path) -> Self {
        let mut found = Self { paths: vec![PathBuf::new()], listed: Vec::new() };
        for part in pattern.components() {
            match part {
                Component::Normal(name) if is_pattern(name) => found.narrow(name.as_bytes()),
                part => found.paths.iter_mut().for_each(|path| path.push(part)),
            }
        }
        if !found.listed.is_empty() {
            found.paths.retain(|path| path.symlink_metadata().is_ok());
        }
        found
    }

    /// Goes on with the names in each of the directories that match.
    fn narrow(&mut self, pattern: &[u8]) {
        let mut paths = Vec::new();
        for directory in std::mem::take(&mut self.paths) {
            let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
            let matching = entries.filter(|entry| is_match(pattern, entry.file_name().as_bytes()));
            paths.extend(matching.map(|entry| entry.path()));
            self.listed.push(directory);
        }
        paths.sort();
        paths.truncate(MAX_PATHS);
        self.paths = paths;
    }
}

fn is_pattern(name: &OsStr) -> bool {
    name.as_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

fn is_match(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on when a `*` has to stand for one byte more.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some((b'*', rest)) = pattern.split_first() {
            (again, pattern) = (Some((rest, name)), rest);
            continue;
        }
        if let Some((byte, left)) = name.split_first() {
            if let Some(rest) = one(pattern, *byte) {
                (pattern, name) = (rest, left);
                continue;
            }
        } else if pattern.is_empty() {
            return true;
        }
        let Some((rest, (_, left))) = again.and_then(|(rest, at)| Some((rest, at.split_first()?)))
        else {
            return false;
        };
        (again, pattern, name) = (Some((rest, left)), rest, left);
    }
}

/// The pattern after its first element, if that stands for `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let (first, rest) = pattern.split_first()?;
    match first {
        b'?' => Some(rest),
        b'[' => match class(rest, byte) {
            Some((is_in, after)) => is_in.then_some(after),
            // A bracket that nothing closes is itself.
            None => (byte == b'[').then_some(rest),
        },
        _ => (*first == byte).then_some(rest),
    }
}

/// Whether `byte` is in the class that begins here, behind its bracket, and what follows it.
fn class(text: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let mut rest = if negated { text.get(1..)? } else { text };
    let (mut is_in, mut is_first) = (false, true);
    loop {
        let (from, after) = rest.split_first()?;
        if *from == b']' && !is_first {
            return Some((is_in != negated, after));
        }
        is_first = false;
        rest = after;
        let mut to = from;
        if let [b'-', end, after @ ..] = rest {
            if *end != b']' {
                (to, rest) = (end, after);
            }
        }
        is_in |= (*from..=*to).contains(&byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_a_shell() {
        for (pattern, name) in [
            ("*", "abc"),
            ("*.conf", "a.conf"),
            ("a*b*c", "aXbYbZc"),
            ("?b?", "abc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]-]", "]"),
            ("[]-]", "-"),
            ("[ab", "[ab"),
            (".*", ".hidden"),
        ] {
            assert!(is_match(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*", ".hidden"),
            ("[.]h", ".h"),
            ("*.conf", "a.config"),
            ("a*b*c", "aXcYb"),
            ("?", ""),
            ("[!a-c]x", "ax"),
            ("[ab", "a"),
        ] {
            assert!(!is_match(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        // No pattern takes long.
        assert!(!is_match(&b"*a".repeat(2000), &b"a".repeat(1999)));
    }

    #[test]
    fn every_part_of_a_path_may_be_a_pattern() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["d1", "d2", "e"] {
            fs::create_dir(at(name)).unwrap();
        }
        for name in ["d1/x", "d2/x", "d2/y"] {
            fs::write(at(name), "").unwrap();
        }
        let matches = Matches::of(&at("d?/x"));
        assert_eq!(matches.paths, [at("d1/x"), at("d2/x")]);
        assert_eq!(matches.listed, [directory.path()]);
        let matches = Matches::of(&at("*/[y]"));
        assert_eq!(matches.paths, [at("d2/y")]);
        assert_eq!(matches.listed, [directory.path(), &at("d1"), &at("d2"), &at("e")]);
        assert!(Matches::of(&at("no*")).paths.is_empty());
        assert_eq!(Matches::of(&at("no")).paths, [at("no")]);
    }
}
