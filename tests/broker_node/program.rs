//! A node in a process of its own, with a directory to work in.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use ostler_tests::binaries::broker_node;
use ostler_tests::log::Log;
use ostler_tests::process::{Process, command};
use rustix::process::Signal;
use tempfile::TempDir;

/// See the module.
pub(crate) struct Node {
    process: Process,
    log: Log,
    directory: TempDir,
}

/// A node to be started.
pub(crate) struct Setup {
    command: Command,
    directory: TempDir,
}

impl Setup {
    /// With this `broker.conf` in its directory.
    pub(crate) fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("broker.conf"), config).unwrap();
        let mut command = command(broker_node());
        command.current_dir(directory.path()).stdin(Stdio::null());
        command.env("BROKER_CONSOLE_VERBOSITY", "info");
        Self { command, directory }
    }

    /// With this `broker.cfg`, as the service has one.
    pub(crate) fn service(config: &str) -> Self {
        let setup = Self::new("");
        fs::write(setup.directory.path().join("broker.cfg"), config).unwrap();
        setup.arguments(&["-c", "broker.cfg"])
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn start(mut self) -> Node {
        let mut process =
            Process::start(self.command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let log = Log::of(&mut process);
        Node { process, log, directory: self.directory }
    }

    /// Waits for its end: the exit code, standard output and standard error.
    pub(crate) fn output(mut self) -> (Option<i32>, String, String) {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

impl Node {
    /// Where it listens for these.
    pub(crate) fn port(&self, what: &str) -> u16 {
        let line = self.log.wait(&format!(" for {what}"));
        let (_, rest) = line.rsplit_once(" port ").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Has it read another `broker.cfg`.
    pub(crate) fn reload(&mut self, config: &str) {
        fs::write(self.directory.path().join("broker.cfg"), config).unwrap();
        self.process.signal(Signal::HUP);
    }

    /// Has it end, with success: what it has printed.
    pub(crate) fn stop(mut self) -> String {
        self.process.signal(Signal::TERM);
        self.ended()
    }

    /// Has it end, with success, while nobody reads what it prints.
    pub(crate) fn stop_unread(mut self) {
        self.process.signal(Signal::TERM);
        assert_eq!(self.process.ended().code(), Some(0), "{:?}", self.log.lines());
    }

    /// Waits for its end, with success: what it has printed.
    pub(crate) fn ended(&mut self) -> String {
        let mut printed = String::new();
        self.process.streams().stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert_eq!(self.process.ended().code(), Some(0), "{:?}", self.log.lines());
        printed
    }
}
