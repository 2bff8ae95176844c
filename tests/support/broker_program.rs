//! `broker-node` in a process of its own, with a directory to work in.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::binaries::broker_node;
use crate::log::Log;
use crate::process::{Process, command};

/// See the module.
pub struct Node {
    process: Process,
    log: Log,
    directory: TempDir,
}

/// A node to be started.
pub struct Setup {
    command: Command,
    directory: TempDir,
}

impl Setup {
    /// With this `broker.conf` in its directory.
    pub fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("broker.conf"), config).unwrap();
        let mut command = command(broker_node());
        command.current_dir(directory.path()).stdin(Stdio::null());
        command.env("BROKER_CONSOLE_VERBOSITY", "info");
        Self { command, directory }
    }

    /// With this `broker.cfg`, as the service has one.
    pub fn service(config: &str) -> Self {
        Self::new("").file("broker.cfg", config).arguments(&["-c", "broker.cfg"])
    }

    /// With this file in its directory.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    /// Started by a command that is made from its path. To be said before anything else.
    #[must_use]
    pub fn through(mut self, runner: impl FnOnce(&Path) -> Command) -> Self {
        let mut command = runner(Path::new(self.command.get_program()));
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        command.args(self.command.get_args());
        let set = |(name, value): (_, Option<_>)| value.map(|value| (name, value));
        command.envs(self.command.get_envs().filter_map(set));
        self.command = command;
        self
    }

    /// With these arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// With this variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The directory that it will work in.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts it.
    pub fn start(mut self) -> Node {
        let mut process =
            Process::start(self.command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let log = Log::of(&mut process);
        Node { process, log, directory: self.directory }
    }

    /// Waits for its end: the exit code, standard output and standard error.
    pub fn output(mut self) -> (Option<i32>, String, String) {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

impl Node {
    /// Where it listens for these.
    pub fn port(&self, what: &str) -> u16 {
        let line = self.log.wait(&format!(" for {what}"));
        let (_, rest) = line.rsplit_once(" port ").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    /// What it logs.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its configuration.
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("broker.conf")
    }

    /// The directory that it works in.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends it a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Ends it by SIGKILL.
    pub fn kill(mut self) {
        self.process.signal(Signal::KILL);
        self.process.ended();
    }

    /// Has it read another `broker.cfg`.
    pub fn reload(&mut self, config: &str) {
        fs::write(self.directory.path().join("broker.cfg"), config).unwrap();
        self.process.signal(Signal::HUP);
    }

    /// Has it end, with success: what it has printed.
    pub fn stop(mut self) -> String {
        self.process.signal(Signal::TERM);
        self.ended()
    }

    /// Has it end, with success, while nobody reads what it prints.
    pub fn stop_unread(mut self) {
        self.process.signal(Signal::TERM);
        assert_eq!(self.process.ended().code(), Some(0), "{:?}", self.log.lines());
    }

    /// Waits for its end, with success: what it has printed.
    pub fn ended(&mut self) -> String {
        let mut printed = String::new();
        self.process.streams().stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert_eq!(self.process.ended().code(), Some(0), "{:?}", self.log.lines());
        printed
    }
}
