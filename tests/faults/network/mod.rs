//! N: the network and frames.

mod accepting;
mod endings;
mod frames;
mod places;
mod silence;
mod traffic;

use std::path::Path;
use std::process::Command;

use ostler_tests::process::command;
use ostler_tests::wire::PASSWORD;
use ostler_tests::{Daemon, FakeBurp, Settings};
use serde_json::{Value, json};

/// The pool of the standard set-up.
const POOL: u64 = 3;
/// The clients of the standard set-up.
const CLIENTS: usize = 8;

/// The standard set-up, with the usual patience for burp.
fn standard(burp: &FakeBurp) -> Settings {
    burp.settings().set("pool", "3").set("threads", "16")
}

/// A request's body, with the password.
fn body(fields: &Value) -> Vec<u8> {
    let mut fields = fields.clone();
    fields["password"] = PASSWORD.into();
    fields.to_string().into_bytes()
}

/// An uncached query's.
fn query(text: &str) -> Vec<u8> {
    body(&json!({ "query": text, "cache": false }))
}

/// How many connections the daemon reports that this happened to.
fn counted(daemon: &Daemon, what: &str) -> u64 {
    let status = daemon.status();
    status["connections"][what].as_u64().unwrap_or_else(|| panic!("{what} is not in {status}"))
}

/// Has the daemon run under strace with this expression. What strace says goes into the file
/// `trace` of the daemon's directory.
fn strace(daemon: &Path, expression: &str) -> Command {
    let mut strace = command("strace");
    // The daemon stays this test's child, and strace watches from aside.
    strace.args(["-D", "-f", "-qq", "-e", expression, "-o"]);
    strace.arg(daemon.with_file_name("trace")).arg(daemon);
    strace
}
