//! A `boefjes` of one's own, which surely ends with its test, and its plugin hosts with it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::Signal;

use crate::binaries::boefjes;
use crate::daemon::{RELOADED, UNCHANGED};
use crate::log::Log;
use crate::openkat::OpenKat;
use crate::plugin_hosts::plugins;
use crate::process::{Identity, Process, children, command, descendants, wait_gone};

/// How workers are to be started.
#[derive(Clone, Debug)]
pub struct WorkersSettings {
    /// Lines of the configuration, by section.
    keys: Vec<(String, String, String)>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
}

impl WorkersSettings {
    /// Of this kind, with the services of `openkat`, and with the plugins of `tests/boefjes`. They
    /// look for tasks often.
    pub fn new(openkat: &OpenKat, kind: &str) -> Self {
        let settings = openkat
            .variables()
            .into_iter()
            .fold(Self::bare(), |settings, (name, value)| settings.environment(name, value));
        settings.arguments([kind])
    }

    /// The same without services and without a command.
    pub fn bare() -> Self {
        let settings = Self { keys: Vec::new(), arguments: Vec::new(), environment: Vec::new() };
        settings
            .set("Global", "poll_interval", "0.05")
            .set("Plugins", "directory", &plugins().display().to_string())
            .set("Containers", "port", "0")
    }

    /// Sets a key of the configuration.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: &str) -> Self {
        self.keys.retain(|(other, name, _)| (other.as_str(), name.as_str()) != (section, key));
        self.keys.push((section.to_owned(), key.to_owned(), value.to_owned()));
        self
    }

    /// Has them started with these arguments and no others but `-c`.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a variable of their environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Starts them and waits for nothing.
    pub fn start(self) -> Workers {
        Workers::start(self)
    }

    fn text(&self) -> String {
        let mut sections: Vec<&str> =
            self.keys.iter().map(|(section, ..)| section.as_str()).collect();
        sections.sort_unstable();
        sections.dedup();
        let section = |section: &&str| {
            let own = self.keys.iter().filter(|(of, ..)| of == section);
            let lines = own.map(|(_, key, value)| format!("{key} = {value}\n"));
            format!("[{section}]\n{}", lines.collect::<String>())
        };
        sections.iter().map(section).collect()
    }
}

/// Running workers.
#[derive(Debug)]
pub struct Workers {
    settings: WorkersSettings,
    process: Process,
    log: Log,
    // Last, so that the directory outlives whoever uses it.
    directory: tempfile::TempDir,
}

impl Workers {
    fn start(settings: WorkersSettings) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("boefjes.cfg");
        crate::checked::write(&file, &settings.text());
        let mut start = command(boefjes());
        // What plugins say is told at this level only.
        if !settings.arguments.iter().any(|argument| argument == "--log-level") {
            start.args(["--log-level", "DEBUG"]);
        }
        start.args(&settings.arguments).arg("-c").arg(&file);
        start.envs(settings.environment.iter().map(|(name, value)| (name, value)));
        start.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process::start(&mut start);
        let log = Log::of(&mut process);
        Self { settings, process, log, directory }
    }

    /// Their configuration file.
    pub fn file(&self) -> PathBuf {
        self.directory().join("boefjes.cfg")
    }

    /// Their own directory, with their configuration.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Writes another configuration, which they learn of by the next reload.
    pub fn configure(&mut self, change: impl FnOnce(WorkersSettings) -> WorkersSettings) {
        self.settings = change(self.settings.clone());
        self.write(&self.settings.text());
    }

    /// Writes whatever into the configuration.
    pub fn write(&self, text: &str) {
        // In one step, since it may be being read.
        let next = self.directory().join("next.cfg");
        crate::checked::write(&next, text);
        fs::rename(next, self.file()).expect("the configuration");
    }

    /// Has the configuration read again: whether with success.
    pub fn reload(&mut self) -> bool {
        let times = |log: &Log| [RELOADED, UNCHANGED].map(|words| log.count(words));
        let before = times(&self.log);
        self.signal(Signal::HUP);
        crate::wait::wait_for("a reload", || times(&self.log) != before);
        times(&self.log)[0] > before[0]
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Whether they have not ended.
    pub fn runs(&mut self) -> bool {
        self.process.runs()
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.ended()
    }

    /// Waits until the boefje `slow`, or another that says so, runs.
    pub fn wait_running(&self, task: &str) {
        self.log.wait(&format!("job {task}: running"));
    }

    /// Waits until so many hosts have become ready.
    pub fn wait_hosts(&self, count: usize) {
        self.log.wait_count("is ready", count);
    }

    /// The plugin hosts.
    pub fn hosts(&self) -> Vec<Identity> {
        children(self.pid())
    }

    /// The processes of jobs.
    pub fn jobs(&self) -> Vec<Identity> {
        self.hosts().iter().flat_map(|host| children(host.pid)).collect()
    }

    /// The hosts, the jobs, and what these have started.
    pub fn processes(&self) -> Vec<Identity> {
        descendants(self.pid())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let left = self.processes();
        self.process.signal(Signal::KILL);
        self.process.ended();
        self.log.finish();
        if !std::thread::panicking() {
            wait_gone(&left);
        }
    }
}
