//! Unit files, as `systemd.syntax(7)` has them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::binaries::workspace;

/// What a unit file says, in its order.
#[derive(Clone, Debug)]
pub struct Unit(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    section: String,
    key: String,
    value: String,
}

impl Unit {
    /// Reads a file that is shipped.
    ///
    /// # Panics
    /// When there is none.
    pub fn shipped(name: &str) -> Self {
        let path = shipped(name);
        Self::parse(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    fn parse(text: &str) -> Self {
        let text = text.replace("\\\n", " ");
        let mut section = "";
        let mut lines = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !is_comment(line)) {
                let [section, key, value] = [section, key.trim_end(), value.trim_start()];
                lines.push(Line {
                    section: section.to_owned(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
        Self(lines)
    }

    /// The account of this service, which must also be that of its socket unit and stand in this file
    /// of `packaging/sysusers`.
    ///
    /// # Panics
    /// When there are several.
    pub fn one_account(&self, socket: &Self, accounts: &str) -> &str {
        let account = self.one("Service", "User");
        for name in [
            self.one("Service", "Group"),
            socket.one("Socket", "SocketUser"),
            socket.one("Socket", "SocketGroup"),
        ] {
            assert_eq!(name, account);
        }
        let path = workspace().join("packaging/sysusers").join(accounts);
        let line = fs::read_to_string(path).expect("accounts");
        assert!(line.starts_with(&format!("u {account} - ")), "{line}");
        account
    }

    /// The values of all lines with this key.
    pub fn all(&self, section: &str, key: &str) -> Vec<&str> {
        let named = |line: &&Line| line.section == section && line.key == key;
        self.0.iter().filter(named).map(|line| line.value.as_str()).collect()
    }

    /// The value of the only line with this key.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn one(&self, section: &str, key: &str) -> &str {
        match self.all(section, key).as_slice() {
            [one] => one,
            other => panic!("[{section}] {key}= stands {} times", other.len()),
        }
    }
}

fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';'])
}

/// The path of what is shipped for systemd under this name.
pub fn shipped(name: &str) -> PathBuf {
    workspace().join(Path::new("packaging/systemd")).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_comments_and_continued_lines() {
        let unit = Unit::parse("[A]\n# K=0\nK = 1\nL=x \\\n  y\n;K=2\n[B]\nK=\nK=3=4\n");
        assert_eq!(unit.one("A", "K"), "1");
        assert_eq!(unit.one("A", "L").split_whitespace().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(unit.all("B", "K"), ["", "3=4"]);
        assert!(unit.all("B", "L").is_empty());
    }
}
