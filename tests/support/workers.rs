//! A `boefjes` of one's own, which surely ends with its test, and its plugin hosts with it.

use std::ffi::OsString;
use std::ops::{Deref, DerefMut};

use crate::binaries::boefjes;
use crate::keys::Keys;
use crate::openkat::OpenKat;
use crate::plugin_hosts::plugins;
use crate::process::{Identity, children, command};
use crate::program::Program;

/// How workers are to be started.
#[derive(Clone, Debug)]
pub struct WorkersSettings {
    keys: Keys,
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
        let settings =
            Self { keys: Keys::default(), arguments: Vec::new(), environment: Vec::new() };
        settings
            .set("Global", "poll_interval", "0.05")
            .set("Plugins", "directory", &plugins().display().to_string())
            .set("Containers", "port", "0")
    }

    /// Sets a key of the configuration.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: &str) -> Self {
        self.keys.set(section, key, value);
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
}

/// Running workers.
#[derive(Debug)]
pub struct Workers {
    settings: WorkersSettings,
    program: Program,
}

impl Workers {
    fn start(settings: WorkersSettings) -> Self {
        let mut start = command(boefjes());
        // What plugins say is told at this level only.
        if !settings.arguments.iter().any(|argument| argument == "--log-level") {
            start.args(["--log-level", "DEBUG"]);
        }
        start.args(&settings.arguments);
        start.envs(settings.environment.iter().map(|(name, value)| (name, value)));
        let directory = tempfile::tempdir().expect("a directory");
        let program =
            Program::start(start, directory, ("boefjes.cfg", 0o600), &settings.keys.text());
        Self { settings, program }
    }

    /// Writes another configuration, which they learn of by the next reload.
    pub fn configure(&mut self, change: impl FnOnce(WorkersSettings) -> WorkersSettings) {
        self.settings = change(self.settings.clone());
        self.write(&self.settings.keys.text());
    }

    /// Waits until the boefje `slow`, or another that says so, runs.
    pub fn wait_running(&self, task: &str) {
        self.log().wait(&format!("job {task}: running"));
    }

    /// Waits until so many hosts have become ready.
    pub fn wait_hosts(&self, count: usize) {
        self.log().wait_count("is ready", count);
    }

    /// The plugin hosts.
    pub fn hosts(&self) -> Vec<Identity> {
        children(self.pid())
    }

    /// The processes of jobs.
    pub fn jobs(&self) -> Vec<Identity> {
        self.hosts().iter().flat_map(|host| children(host.pid)).collect()
    }
}

impl Deref for Workers {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Workers {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}
