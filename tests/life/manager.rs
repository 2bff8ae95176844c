//! What the service manager is told, and when.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use ostler_runtime::{Deadline, Thread};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::{FakeBurp, PATIENCE, Question, Settings, Step, Wire};
use rustix::process::Signal;

use crate::{RELOADED, ask_aside, wait_logged};

/// A service manager that only listens.
pub(crate) struct Manager {
    messages: Receiver<String>,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Manager {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
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
    pub(crate) fn watched(&self, settings: Settings) -> Settings {
        settings.environment("NOTIFY_SOCKET", &self.path).environment("WATCHDOG_USEC", "100000")
    }

    fn next(&self, deadline: Deadline) -> String {
        let left = deadline.remaining().unwrap_or(PATIENCE);
        self.messages.recv_timeout(left).expect("a message")
    }

    /// Waits for a message that begins so; signs of life may come before it, and nothing else.
    pub(crate) fn wait(&self, start: &str) {
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
    fn lives(&self, times: usize) {
        let deadline = Deadline::after(PATIENCE);
        for _ in 0..times {
            assert_eq!(self.next(deadline), "WATCHDOG=1");
        }
    }
}

#[test]
fn it_is_ready_when_a_child_is() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    let manager = Manager::new();
    // After this time it would be ready in any case.
    let settings = fake.settings().set("start_deadline", "3600");
    let mut daemon = manager.watched(settings).start();
    let first = fake.wait_start();
    let second = fake.wait_start();
    manager.lives(3);
    // It listens, and says that it lives, but not that it is ready; a reload changes nothing.
    drop(Wire::connect(daemon.address()));
    daemon.signal(Signal::HUP);
    wait_logged(&daemon, RELOADED, 1);
    manager.lives(3);
    fake.release(first, &[Step::greet()]);
    manager.wait("READY=1");
    daemon.wait_ready(1);
    manager.lives(2);
    fake.release(second, &[Step::greet()]);
    daemon.wait_ready(2);
}

#[test]
fn it_is_ready_without_a_child_once_a_child_had_its_time() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Hang]);
    let manager = Manager::new();
    let daemon = manager.watched(fake.settings().set("start_deadline", "0.3")).start();
    manager.wait("READY=1");
    assert_eq!(daemon.status()["n_ready"], 0);
    assert_eq!(daemon.call("monitor_version").status(), "OK");
}

#[test]
fn reloads_are_told_from_their_beginning_to_their_end() {
    let fake = FakeBurp::new();
    let manager = Manager::new();
    let mut daemon = manager.watched(fake.settings()).start();
    manager.wait("READY=1");
    for _ in 0..2 {
        daemon.signal(Signal::HUP);
        manager.wait("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait("READY=1");
    }
}

#[test]
fn it_is_alive_until_its_last_answer_is_given() {
    let mut fake = FakeBurp::new();
    let manager = Manager::new();
    let mut daemon = manager.watched(fake.settings()).start();
    manager.wait("READY=1");
    fake.hold_at("c:client1");
    let (answer, client) = ask_aside(&daemon, "c:client1");
    let pid = fake.wait_query("c:client1");
    daemon.signal(Signal::TERM);
    manager.wait("STOPPING=1");
    manager.lives(3);
    fake.release(pid, &[Step::Answer]);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
    client.join();
    assert_eq!(daemon.ended().code(), Some(0));
}
