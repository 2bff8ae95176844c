//! A daemon as a package installs it, run by a systemd of one's own under its shipped units.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::binaries::workspace;
use crate::process::{Identity, Process, children, command};
use crate::systemd::PrivateSystemd;
use crate::unit::shipped;

/// What is installed, and where.
#[derive(Clone, Debug)]
pub struct Package {
    /// The program, as it was built.
    pub binary: &'static Path,
    /// What it is called, and its account.
    pub name: &'static str,
    /// The units that are shipped.
    pub units: &'static [&'static str],
    /// The one that is run, with its instance if it has some.
    pub service: &'static str,
}

/// An installation. Nothing runs before it is started.
#[derive(Debug)]
pub struct Packaged {
    systemd: PrivateSystemd,
    package: Package,
    account: u32,
    group: u32,
}

impl Packaged {
    /// The program, the units and the account; or why this machine grants no systemd of one's own.
    /// The service's drop-in gets these lines, beside one for its standard error, since no journal
    /// runs there.
    pub fn new(package: Package, lines: &str) -> Result<Self, String> {
        let systemd = PrivateSystemd::boot()?;
        let mut packaged = Self { systemd, package, account: 0, group: 0 };
        let Package { binary, name, units, service } = packaged.package.clone();
        let program = packaged.path(&format!("/usr/sbin/{name}"));
        // A program that this process writes itself might be "busy" when it is started.
        let copied = Process::start(command("cp").arg(binary).arg(program)).ended();
        assert!(copied.success(), "a copy of the daemon");
        for unit in units {
            fs::copy(shipped(unit), packaged.systemd.unit(unit)).expect("a unit");
        }
        let accounts = format!("{name}.conf");
        let account = fs::read(workspace().join("packaging/sysusers").join(&accounts));
        let file = packaged.path(&format!("/usr/lib/sysusers.d/{accounts}"));
        fs::write(file, account.expect("the account's file")).expect("the account's file");
        let made = packaged.systemd.command("systemd-sysusers").arg(&accounts).output();
        assert!(made.is_ok_and(|output| output.status.success()), "the account");
        packaged.account = packaged.number("/etc/passwd");
        packaged.group = packaged.number("/etc/group");
        let lines = format!("[Service]\n{lines}StandardError=append:{}\n", packaged.log_file());
        packaged.unit(&format!("{service}.d/aaa.conf"), &lines);
        Ok(packaged)
    }

    /// The number of its account, or of its group, by the third field of this file.
    fn number(&self, file: &str) -> u32 {
        let text = fs::read_to_string(self.path(file)).expect("accounts");
        let mark = format!("{}:", self.package.name);
        let entry = text.lines().find_map(|line| line.strip_prefix(&mark));
        entry.and_then(|rest| rest.split(':').nth(1)?.parse().ok()).expect("the account")
    }

    fn log_file(&self) -> String {
        format!("/run/{}.log", self.package.name)
    }

    /// The systemd that runs it.
    pub fn systemd(&self) -> &PrivateSystemd {
        &self.systemd
    }

    /// What is at this absolute path of its root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.systemd.path(path)
    }

    /// Makes a file that is root's, and that the account can read.
    pub fn give(&self, path: &str, bytes: &[u8]) {
        let file = self.path(path);
        self.keep(path, bytes);
        chown(&file, None, Some(self.group)).expect("another group");
        mode(&file, 0o640);
    }

    /// Makes a file that root alone can read.
    pub fn keep(&self, path: &str, bytes: &[u8]) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(&file, bytes).expect("a file");
        mode(&file, 0o600);
    }

    /// Makes this file among the units, such as `UNIT.d/NAME.conf`, and has systemd read it.
    pub fn unit(&self, name: &str, text: &str) {
        let file = self.systemd.unit(name);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, text).expect("a unit");
        self.succeed(&["daemon-reload"]);
    }

    /// Adds a drop-in of the service as it is shipped.
    pub fn drop_in(&self, name: &str) {
        let text = fs::read_to_string(shipped(name)).expect("a drop-in");
        self.unit(&format!("{}.d/{name}", self.package.service), &text);
    }

    /// Runs `systemctl`, which must succeed.
    pub fn succeed(&self, words: &[&str]) {
        let output = self.systemd.systemctl(words);
        assert!(output.status.success(), "systemctl {words:?}: {}", self.told(&output));
    }

    /// All that is known of a command that failed.
    fn told(&self, output: &Output) -> String {
        let service = self.package.service;
        let status = self.systemd.systemctl(&["status", "--full", "--no-pager", service]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}\n{}\n{}", text(&output.stderr), text(&status.stdout), self.log())
    }

    /// The number of its account.
    pub fn account(&self) -> u32 {
        self.account
    }

    /// The number of its account's group.
    pub fn group(&self) -> u32 {
        self.group
    }

    /// A property that systemd has of the service.
    pub fn property(&self, name: &str) -> String {
        let service = self.package.service;
        let output = self.systemd.systemctl(&["show", "--property", name, "--value", service]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The process number, here, of the daemon, if it runs.
    pub fn daemon(&self) -> Option<u32> {
        let named = |process: &Identity| {
            let name = fs::read_to_string(format!("/proc/{}/comm", process.pid));
            name.is_ok_and(|name| name.trim() == self.package.name)
        };
        children(self.systemd.pid()).into_iter().find(named).map(|process| process.pid)
    }

    /// Holds a process of the service to this: it is the account's, has no right of root's, and
    /// cannot get any.
    pub fn confines(&self, pid: u32) {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
        let (nothing, account) = ("0000000000000000", self.account);
        for line in [
            "NoNewPrivs:\t1".to_owned(),
            "Seccomp:\t2".to_owned(),
            format!("CapPrm:\t{nothing}"),
            format!("CapBnd:\t{nothing}"),
            format!("Uid:\t{account}\t{account}\t{account}\t{account}"),
            format!("Groups:\t{} ", self.group),
        ] {
            assert!(status.lines().any(|other| other == line), "{line}\n{status}");
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path(&self.log_file())).unwrap_or_default()
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}
