//! The burp server that the daemons stand in front of. It is made by `tests/private-burp`, lies in
//! a temporary directory and has ended when its value is dropped.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::failure::{Context, Failure};
use crate::process::{command, step};

/// A private burp server with clients and backups.
#[derive(Debug)]
pub(crate) struct PrivateBurp {
    directory: TempDir,
}

impl PrivateBurp {
    /// Makes the server; `options` are those of `private-burp up`.
    pub(crate) fn up(options: &[&str]) -> Result<Self, Failure> {
        let directory = TempDir::with_prefix("bench-burp-")
            .context(|| "cannot make a temporary directory".to_owned())?;
        let burp = Self { directory };
        // From here on an early return takes the half made server down as well.
        step(script().arg("up").arg(burp.path()).args(options), "private-burp up")?;
        Ok(burp)
    }

    /// The configuration for `burp -a m`.
    pub(crate) fn monitor_conf(&self) -> PathBuf {
        self.path().join("monitor.conf")
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("burp")
    }
}

impl Drop for PrivateBurp {
    fn drop(&mut self) {
        if let Err(error) = step(script().arg("down").arg(self.path()), "private-burp down") {
            eprintln!("bench: {error}");
        }
    }
}

/// The burp that is installed here.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    ["/usr/sbin/burp", "/usr/bin/burp", "/usr/local/sbin/burp"]
        .iter()
        .map(PathBuf::from)
        .find(|path| fs::metadata(path).is_ok())
        .ok_or_else(|| Failure::Unavailable("burp is not installed (package burp)".to_owned()))
}

/// The top of the repository, where the benchmark was built.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn script() -> std::process::Command {
    command(repository().join("tests/private-burp"))
}
