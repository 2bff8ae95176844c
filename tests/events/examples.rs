//! The examples of listeners, in front of a real daemon, with `websockets` and Node.js from `PyPI`,
//! which `tests/websocket/run` installs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use ostler_tests::binaries::workspace;
use ostler_tests::process::{Process, command};
use ostler_tests::websocket::python;
use ostler_tests::{FakeBurp, wait_for};
use serde_json::json;

use crate::heard::address;
use crate::monitor::{backup, count, settings, show};

/// Has a listener hear how a client is and of a backup that begins, and returns what it prints.
fn printed(listener: impl FnOnce(SocketAddr) -> Command) -> [String; 2] {
    let fake = FakeBurp::new();
    show(&fake, "idle", None, &json!([]));
    let daemon = settings(&fake).start();
    daemon.wait_ready(2);
    let mut listener = listener(address(&daemon));
    let mut listener = Process::start(listener.stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut printed = BufReader::new(listener.streams().stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        line
    };
    wait_for("an event", || count(&daemon, "published") == 1);
    let present = line();
    show(&fake, "running", None, &json!([backup(1, 1, &["working"])]));
    wait_for("another event", || count(&daemon, "published") == 2);
    [present, line()]
}

const PRINTED: [&str; 2] = [
    "Burp::client_state here client1 idle idle \n",
    "Burp::client_state here client1 idle running \n",
];

#[test]
fn the_example_in_javascript_prints_what_happens() {
    let lines = printed(|at| {
        let mut node = command(Path::new(python().get_program()).with_file_name("node"));
        node.arg(workspace().join("packaging/examples/events.js")).arg(format!("ws://{at}"));
        node.arg("burp/client/");
        node
    });
    assert_eq!(lines, PRINTED);
}

#[test]
fn the_example_in_python_prints_what_happens() {
    let lines = printed(|at| {
        let mut client = python();
        client.arg(workspace().join("packaging/examples/events.py")).arg(format!("ws://{at}"));
        client.arg("burp/client/");
        client
    });
    assert_eq!(lines, PRINTED);
}
