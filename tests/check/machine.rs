//! A machine of one's own: the same programs, with another `/etc` and so with other users.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use ostler_tests::process::command;

/// The user that the packages make, with a group of its own.
pub(crate) const SERVICE: &str = "bui-monitor";
pub(crate) const SERVICE_NUMBER: u32 = 61_001;
/// A group that is there to read keys.
pub(crate) const KEYS: u32 = 61_002;

/// Only root can have one, and only in a mount namespace: nothing outside of its directory changes.
pub(crate) struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    /// One with the user [`SERVICE`] and the group `ssl-cert`, whose directory of keys is as Debian
    /// makes it.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let machine = Self { directory };
        let copied = command("cp").args(["-a", "/etc"]).arg(machine.directory.path()).status();
        assert!(copied.unwrap().success());
        let (user, keys) = (SERVICE_NUMBER, KEYS);
        machine.replace("passwd", SERVICE, &format!("x:{user}:{user}::/nonexistent:/bin/false"));
        machine.replace("group", SERVICE, &format!("x:{user}:"));
        machine.replace("group", "ssl-cert", &format!("x:{keys}:"));
        let _ = fs::remove_dir_all(machine.etc("ssl/private"));
        fs::create_dir_all(machine.etc("ssl/private")).unwrap();
        machine.give("ssl/private", 0o710, 0, keys);
        machine
    }

    /// Where a path below `/etc` lies outside.
    pub(crate) fn etc(&self, path: &str) -> PathBuf {
        self.directory.path().join("etc").join(path)
    }

    /// A directory that is the same inside and outside.
    pub(crate) fn place(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file below `/etc`, for its owner only.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.etc(path).parent().unwrap()).unwrap();
        fs::write(self.etc(path), bytes).unwrap();
        self.give(path, 0o600, 0, 0);
    }

    /// Gives something below `/etc` a mode and an owner.
    pub(crate) fn give(&self, path: &str, mode: u32, user: u32, group: u32) {
        chown(self.etc(path), Some(user), Some(group)).unwrap();
        fs::set_permissions(self.etc(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A command that runs on this machine.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut inside = command("unshare");
        inside.args(["--mount", "sh", "-ec", "mount --bind \"$0\" /etc; exec \"$@\""]);
        inside.arg(self.etc("")).arg(program);
        inside
    }

    /// The same as [`SERVICE`], with the groups that the machine has for it, as a service manager
    /// starts it.
    pub(crate) fn service(&self, program: impl AsRef<OsStr>) -> Command {
        let mut service = self.command("setpriv");
        service.args(["--reuid", SERVICE, "--regid", SERVICE, "--init-groups", "--"]).arg(program);
        service
    }

    /// Puts a line of a file of users or groups in place of what the host may have.
    fn replace(&self, file: &str, name: &str, fields: &str) {
        let text = fs::read_to_string(self.etc(file)).unwrap();
        let others = text.lines().filter(|line| !line.starts_with(&format!("{name}:")));
        let own = format!("{name}:{fields}");
        let lines: Vec<&str> = others.chain([own.as_str(), ""]).collect();
        fs::write(self.etc(file), lines.join("\n")).unwrap();
    }
}
