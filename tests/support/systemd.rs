//! A systemd of one's own, which runs units as the machine's own would: see `tests/private-systemd`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ostler_runtime::Deadline;
use rustix::process::Signal;

use crate::binaries::workspace;
use crate::process::{Process, command, descendants, kill, wait_gone};
use crate::wait::{PATIENCE, wait_for, wait_until};

/// How the script ends where a systemd of one's own cannot be had.
const NOT_GRANTED: i32 = 69;

/// Where its units lie.
const UNITS: &str = "/usr/lib/private-systemd";

/// A running systemd.
#[derive(Debug)]
pub struct PrivateSystemd {
    script: Process,
    pid: u32,
    _directory: tempfile::TempDir,
}

impl PrivateSystemd {
    /// Boots one, or says why this machine does not grant it.
    pub fn boot() -> Result<Self, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let (place, said) = (directory.path().join("place"), directory.path().join("said"));
        fs::create_dir(&place).expect("a directory");
        let said_to = || File::options().create(true).append(true).open(&said).expect("a file");
        let mut script = Process::start(
            command("setpriv")
                .args(["--pdeathsig", "KILL"])
                .arg(workspace().join("tests/private-systemd"))
                .arg(&place)
                .stdin(Stdio::null())
                .stdout(said_to())
                .stderr(said_to()),
        );
        let found = wait_until(Deadline::after(PATIENCE), "systemd boots", || {
            if !script.runs() {
                return Some(Err(fs::read_to_string(&said).unwrap_or_default()));
            }
            booted(script.pid()).map(Ok)
        });
        match found {
            Ok(pid) => Ok(Self { script, pid, _directory: directory }),
            Err(why) if script.ended().code() == Some(NOT_GRANTED) => Err(why.trim().to_owned()),
            Err(why) => panic!("tests/private-systemd has ended: {why}"),
        }
    }

    /// Its process number here.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What is at this absolute path of its root.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.pid))
    }

    /// The unit file, or the directory of drop-ins, of this name.
    pub fn unit(&self, name: &str) -> PathBuf {
        self.path(UNITS).join(name)
    }

    /// A command to be run beside it, in its root and as its root.
    pub fn command(&self, program: &str) -> Command {
        let mut nsenter = command("nsenter");
        nsenter.args(["--target", &self.pid.to_string(), "--all", "--"]).arg(program);
        nsenter.env_remove("NOTIFY_SOCKET").stdin(Stdio::null());
        nsenter
    }

    /// Runs `systemctl`.
    pub fn systemctl(&self, words: &[&str]) -> Output {
        self.command("systemctl").args(words).output().expect("systemctl starts")
    }
}

impl Drop for PrivateSystemd {
    fn drop(&mut self) {
        let family = descendants(self.pid);
        // All that it has started ends with process 1; the script then takes its group away.
        kill(self.pid, Signal::KILL);
        wait_gone(&family);
        wait_for("the script of systemd ends", || !self.script.runs());
    }
}

/// The process number of the systemd that a script has started, once it has booted.
fn booted(script: u32) -> Option<u32> {
    let is_systemd = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "systemd")
    };
    let pid = descendants(script).into_iter().map(|process| process.pid).find(is_systemd)?;
    // Before, there is nobody to ask.
    let target = pid.to_string();
    let process = Path::new("/proc").join(&target);
    process.join("root").join("run/systemd/private").exists().then_some(())?;
    let arguments = ["--target", &target, "--all", "--", "systemctl", "is-active", "basic.target"];
    let output = command("nsenter").args(arguments).output().ok()?;
    output.status.success().then_some(pid)
}
