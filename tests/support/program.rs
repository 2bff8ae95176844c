//! A daemon with a configuration and a directory of its own: it surely ends with its test, and with
//! it whatever it has started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::log::Log;
use crate::process::{Identity, Process, descendants, wait_gone};
use crate::wait::wait_for;

/// What a reload logs when it has changed something.
pub const RELOADED: &str = "the configuration was read again";
/// What a reload logs when it has not.
pub const UNCHANGED: &str = "everything stays as it was";

/// See the module.
#[derive(Debug)]
pub struct Program {
    process: Process,
    log: Log,
    file: PathBuf,
    mode: u32,
    // Last, so that the directory outlives whoever uses it.
    directory: Option<TempDir>,
}

impl Program {
    /// Starts `command` with `-c` and a file of this name and these rights in `directory`, in which
    /// `text` stands.
    pub fn start(
        mut command: Command,
        directory: TempDir,
        (name, mode): (&str, u32),
        text: &str,
    ) -> Self {
        let file = directory.path().join(name);
        write(&file, mode, text);
        command.arg("-c").arg(&file).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command);
        let log = Log::of(&mut process);
        Self { process, log, file, mode, directory: Some(directory) }
    }

    /// Its directory, with its configuration.
    pub fn directory(&self) -> &Path {
        self.directory.as_ref().expect("it is taken at the end only").path()
    }

    /// Its configuration file.
    pub fn file(&self) -> PathBuf {
        self.file.clone()
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What it has started, and what that has.
    pub fn processes(&self) -> Vec<Identity> {
        descendants(self.pid())
    }

    /// Writes whatever into its configuration, which it learns of by the next reload.
    pub fn write(&self, text: &str) {
        // In one step, since it may be being read.
        let next = self.directory().join("next.cfg");
        write(&next, self.mode, text);
        fs::rename(next, &self.file).expect("the configuration");
    }

    /// Has it read its configuration again: whether with success.
    pub fn reload(&mut self) -> bool {
        let times = |log: &Log| [RELOADED, UNCHANGED].map(|words| log.count(words));
        let before = times(&self.log);
        self.signal(Signal::HUP);
        wait_for("a reload", || times(&self.log) != before);
        times(&self.log)[0] > before[0]
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.process.runs()
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.ended()
    }

    /// Ends it by this signal, and leaves its directory.
    pub(crate) fn end(mut self, signal: Signal) -> TempDir {
        self.signal(signal);
        self.ended();
        self.directory.take().expect("it is taken at the end only")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let family = self.processes();
        self.process.signal(Signal::KILL);
        self.process.ended();
        if !std::thread::panicking() {
            // They have lost their parent, whose death ends them, whatever they are doing.
            wait_gone(&family);
        }
        self.log.finish();
    }
}

fn write(path: &Path, mode: u32, text: &str) {
    fs::write(path, text).expect("the configuration");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its rights");
}
