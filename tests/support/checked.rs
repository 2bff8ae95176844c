//! `bui-monitor --check` of a text or a file, and what came of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use bui_monitor::Config;
use ostler_runtime::{Document, Key};

use crate::binaries::bui_monitor;
use crate::process::command;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The exit code.
    pub code: i32,
    /// What becomes of each key of the file, one a line.
    pub report: String,
    /// The configuration in effect.
    pub shown: String,
    /// Errors and warnings, one a line.
    pub told: String,
}

impl Checked {
    /// Runs in `directory`, which it makes the working directory. Whether this machine has a user
    /// who is to run the daemon makes no difference.
    pub fn run(directory: &Path, arguments: &[&str]) -> Self {
        let mut check = command(bui_monitor());
        check.current_dir(directory).arg("--check").args(arguments);
        if rustix::process::getuid().is_root() {
            check.args(["--account", "root"]);
        }
        Self::of(&mut check)
    }

    /// What this command comes to.
    pub fn of(check: &mut Command) -> Self {
        let output = check.output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let lines = printed.split_inclusive('\n');
        let (report, shown) = lines.partition::<Vec<&str>, _>(|line| line.starts_with('#'));
        Self {
            code: output.status.code().unwrap(),
            report: report.concat(),
            shown: shown.concat(),
            told: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What is printed for `key`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.shown.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
    }

    /// The report as it is on every machine, however many cores this one has.
    pub fn report_anywhere(&self) -> String {
        let (start, end) = ("is more than this machine's ", " cores, which is rarely of use");
        let lines = self.report.lines().map(|line| {
            let Some((before, rest)) = line.split_once(start) else { return format!("{line}\n") };
            let (_, after) = rest.split_once(end).unwrap();
            let after = after.strip_prefix("; ").unwrap_or(after);
            format!("{}\n", format!("{before}{after}").trim_end_matches("; "))
        });
        lines.collect()
    }

    /// The lines of what was told that begin so.
    pub fn lines(&self, start: &str) -> Vec<&str> {
        self.told.lines().filter(|line| line.starts_with(start)).collect()
    }
}

/// Checks this text, in a file that only its owner can read.
pub fn check(text: &str, arguments: &[&str]) -> Checked {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("x.cfg"), text);
    Checked::run(directory.path(), &[&["-c", "x.cfg"], arguments].concat())
}

/// Writes a file that only its owner can read.
pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Every key that the daemon reads.
pub fn known_keys() -> Vec<Key> {
    // What has every one of them looked at.
    let text = "[Global]\nssl = true\n";
    let document = Document::parse(Path::new("every.cfg"), text.as_bytes());
    Config::keys(&document.expect("a configuration"))
}

/// A section of a burp that need not be there.
pub const BURP: &str = "[Burp]\nburpbin = /usr/sbin/burp\nbconfcli = /etc/burp/burp.conf\n";

/// A configuration about which nothing is to be said: what it names is there for everybody.
pub fn clean() -> String {
    let burp = "[Burp]\nburpbin = /bin/true\nbconfcli = /etc/passwd\n";
    format!("[Global]\npassword = one of our own\npool = 1\n{burp}")
}
