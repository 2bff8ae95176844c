//! A `bui-monitor` of one's own, which surely ends with its test, and its children with it.

use std::ffi::OsString;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ostler_runtime::Deadline;
use serde_json::{Value, json};

use crate::binaries::{bui_monitor, bui_monitor_with_events};
use crate::keys::Keys;
use crate::process::{Identity, Process, UNPRIVILEGED, command, monitors};
use crate::program::Program;
use crate::wait::{PATIENCE, wait_until};
use crate::wire::{self, Address, Answer, PASSWORD, Wire};

/// How a daemon is to be started.
#[derive(Clone, Debug)]
pub struct Settings {
    burp: PathBuf,
    conf: PathBuf,
    keys: Keys,
    timeout: u64,
    runner: Option<fn(&Path) -> Command>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
}

impl Settings {
    /// For this burp and this client configuration: two children, a port that the kernel chooses.
    pub fn new(burp: impl Into<PathBuf>, conf: impl Into<PathBuf>) -> Self {
        let settings = Self {
            burp: burp.into(),
            conf: conf.into(),
            keys: Keys::default(),
            timeout: 30,
            runner: None,
            arguments: vec!["-vvv".into()],
            environment: Vec::new(),
        };
        settings
            .set("bind", "127.0.0.1")
            .set("port", "0")
            .set("password", PASSWORD)
            .set("pool", "2")
    }

    /// Sets a key of `[Global]`.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.keys.set("Global", key, value);
        self
    }

    /// Sets a key of `[Status]`.
    #[must_use]
    pub fn status(mut self, key: &str, value: &str) -> Self {
        self.keys.set("Status", key, value);
        self
    }

    /// Sets a key of `[Events]`, for a daemon that has them.
    #[must_use]
    pub fn events(mut self, key: &str, value: &str) -> Self {
        self.keys.set("Events", key, value);
        self
    }

    /// Sets a key of `[Cache]`, for a daemon that shares its answers.
    #[must_use]
    pub fn cache(mut self, key: &str, value: &str) -> Self {
        self.keys.set("Cache", key, value);
        self
    }

    /// Leaves a key of `[Global]` out.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.keys.remove("Global", key);
        self
    }

    /// Sets the seconds that burp has for an answer.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = seconds;
        self
    }

    /// Has the daemon started by a command made from its path.
    #[must_use]
    pub fn through(mut self, runner: fn(&Path) -> Command) -> Self {
        self.runner = Some(runner);
        self
    }

    /// Has the daemon started with these arguments and no others but `-c`; usually with `-vvv`.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a variable of the daemon's environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Starts the daemon and waits until it listens.
    pub fn start(self) -> Daemon {
        let daemon = self.launch();
        daemon.address();
        daemon
    }

    /// Starts the daemon and waits for nothing.
    pub fn launch(self) -> Daemon {
        Daemon::launch(&self)
    }

    fn text(&self, directory: &Path) -> String {
        let Self { keys, burp, conf, timeout, .. } = self;
        let mut global = keys.lines("Global");
        if keys.value("Global", "runtime_dir").is_none() {
            global = format!("{global}runtime_dir = {}\n", directory.display());
        }
        let (burp, conf) = (burp.display(), conf.display());
        let status = keys.lines("Status");
        let events = keys.lines("Events");
        let events = if events.is_empty() { events } else { format!("[Events]\n{events}") };
        let cache = keys.lines("Cache");
        let cache = if cache.is_empty() { cache } else { format!("[Cache]\n{cache}") };
        format!(
            "[Global]\n{global}[Burp]\nburpbin = {burp}\nbconfcli = {conf}\ntimeout = {timeout}\n\
             [Status]\n{status}{events}{cache}"
        )
    }
}

/// A running daemon. Its directory is its `runtime_dir` too.
#[derive(Debug)]
pub struct Daemon {
    address: OnceLock<Address>,
    password: String,
    program: Program,
}

impl Daemon {
    fn launch(settings: &Settings) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut start = match settings.runner {
            None if ["Events", "Cache"].iter().all(|name| settings.keys.lines(name).is_empty()) => {
                command(bui_monitor())
            }
            None => command(bui_monitor_with_events()),
            Some(runner) => runner(&handed_over(directory.path())),
        };
        start.args(&settings.arguments);
        start.envs(settings.environment.iter().map(|(name, value)| (name, value)));
        let text = settings.text(directory.path());
        let program = Program::start(start, directory, ("buimonitor.cfg", 0o644), &text);
        let password = settings.keys.value("Global", "password").unwrap_or_default().to_owned();
        Self { address: OnceLock::new(), password, program }
    }

    /// Where it listens. Waits until its log says so, which it does from `-vvv` on.
    pub fn address(&self) -> &Address {
        self.address.get_or_init(|| self.program.log().address())
    }

    /// Writes another configuration, which the daemon learns of by its next reload.
    pub fn configure(&self, settings: &Settings) {
        self.write(&settings.text(self.directory()));
    }

    /// Its living burp monitors. Others, such as one that is asked for its version, do not count.
    pub fn children(&self) -> Vec<Identity> {
        monitors(self.pid())
    }

    /// Waits until these are so many.
    pub fn wait_children(&self, wanted: usize) -> Vec<Identity> {
        wait_until(Deadline::after(PATIENCE), &format!("there are {wanted} children"), || {
            Some(self.children()).filter(|children| children.len() == wanted)
        })
    }

    /// A new connection.
    pub fn connect(&self) -> Wire {
        Wire::connect(self.address())
    }

    /// Asks with one connection of its own; adds the password.
    pub fn ask(&self, request: &Value) -> Answer {
        let mut request = request.clone();
        if let Some(fields) = request.as_object_mut() {
            fields.entry("password").or_insert_with(|| Value::from(self.password.as_str()));
        }
        wire::ask(self.address(), &request)
    }

    /// Asks an uncached query.
    pub fn query(&self, text: &str) -> Answer {
        self.ask(&json!({ "query": text, "cache": false }))
    }

    /// Calls a function.
    pub fn call(&self, function: &str) -> Answer {
        self.ask(&json!({ "func": function }))
    }

    /// The answer of the function `status`.
    pub fn status(&self) -> Value {
        self.call("status").json()
    }

    /// Waits until this many children are ready.
    pub fn wait_ready(&self, wanted: u64) -> Value {
        wait_until(Deadline::after(PATIENCE), &format!("{wanted} children are ready"), || {
            let status = self.status();
            (status.get("n_ready").and_then(Value::as_u64) == Some(wanted)).then_some(status)
        })
    }

    /// What it has logged.
    pub fn log(&self) -> Vec<String> {
        self.program.log().lines()
    }

    /// Waits for a line of the log that has `words` in it, from the first line on.
    pub fn wait_log(&self, words: &str) -> String {
        self.program.log().wait(words)
    }

    /// How many lines of the log have `words` in them.
    pub fn logged(&self, words: &str) -> usize {
        self.program.log().count(words)
    }

    /// Waits until the log has so many lines with `words` in them.
    pub fn wait_logged(&self, words: &str, times: usize) {
        self.program.log().wait_count(words, times);
    }

    /// Has it read its configuration again, with success.
    pub fn reload(&mut self) {
        assert!(self.program.reload(), "the new configuration is in force");
    }
}

impl Deref for Daemon {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Daemon {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

/// Gives the directory to the user that [`crate::process::unprivileged`] starts processes as, and a copy of the
/// daemon into it, since the target directory may be closed to that user.
fn handed_over(directory: &Path) -> PathBuf {
    let binary = directory.join("bui-monitor");
    // A program that this process writes itself might be "busy" when it is started.
    let copied = Process::start(command("cp").arg(bui_monitor()).arg(&binary)).ended();
    assert!(copied.success(), "a copy of the daemon");
    if rustix::process::getuid().is_root() {
        chown(directory, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("another owner");
    }
    binary
}
