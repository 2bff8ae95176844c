//! A service manager that only listens.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};

use crate::{PATIENCE, Settings};

/// What the manager sends to itself, and no daemon does.
const PASSED: &str = "passed";

/// A service manager that only listens.
pub struct Manager {
    messages: Receiver<String>,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Manager {
    /// Listens at a socket of its own.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        // For daemons that run as another user.
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777));
        open(directory.path()).and_then(|()| open(&path)).unwrap();
        let (sender, messages) = channel();
        // The kernel keeps few messages, and a daemon does not wait until there is room for more.
        let listener = Thread::spawn("manager", move || {
            let mut bytes = [0; 4096];
            while let Ok(size) = socket.recv(&mut bytes) {
                let message = String::from_utf8_lossy(&bytes[..size]).into_owned();
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        // Nothing wakes it when its test is over: it ends with the process.
        std::mem::forget(listener);
        Self { messages, path, _directory: directory }
    }

    /// A daemon with these settings will tell this manager, and give it signs of life.
    pub fn watched(&self, settings: Settings) -> Settings {
        settings.environment("NOTIFY_SOCKET", &self.path).environment("WATCHDOG_USEC", "100000")
    }

    /// Its socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn next(&self, deadline: Deadline) -> String {
        let left = deadline.remaining().unwrap_or(PATIENCE);
        self.messages.recv_timeout(left).expect("a message")
    }

    /// Waits for a message that begins so; signs of life may come before it, and nothing else.
    pub fn wait(&self, start: &str) {
        let deadline = Deadline::after(PATIENCE);
        loop {
            let message = self.next(deadline);
            if message.starts_with(start) {
                return;
            }
            assert_eq!(message, "WATCHDOG=1", "while {start} was waited for");
        }
    }

    /// Takes so many signs of life, and nothing else comes meanwhile.
    pub fn lives(&self, times: usize) {
        let deadline = Deadline::after(PATIENCE);
        for _ in 0..times {
            assert_eq!(self.next(deadline), "WATCHDOG=1");
        }
    }

    /// Passes over every message that has been sent so far, also those that its own thread has not
    /// read yet: messages come in order, and the last one is its own.
    pub fn passed(&self) {
        UnixDatagram::unbound().unwrap().send_to(PASSED.as_bytes(), &self.path).unwrap();
        let deadline = Deadline::after(PATIENCE);
        while self.next(deadline) != PASSED {}
    }

    /// Whether nothing comes for so long.
    pub fn is_silent(&self, time: Duration) -> bool {
        self.messages.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
    }
}

impl Default for Manager {
    fn default() -> Self {
        Self::new()
    }
}
