//! A plugin host of the test's own: a script in the place of the interpreter.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

/// The host. It looks up what it is to do at the moment at which it does it.
const SCRIPT: &str = r#"#!/usr/bin/env python3
import json, os, subprocess, sys, time
def read(count):
    data = b""
    while len(data) < count:
        data += os.read(0, count - len(data)) or os._exit(0)
    return data
def frame():
    header = json.loads(read(int.from_bytes(read(4), "big")))
    for size in header.get("blobs", ()):
        read(size)
    return header
def say(text, blob=b""):
    data = len(text).to_bytes(4, "big") + text + blob
    while data:
        data = data[os.write(1, data) :]
def tell(blob=b"", **header):
    if blob:
        header["blobs"] = [len(blob)]
    say(json.dumps(header).encode(), blob)
def end(code):
    tell(type="end", id=order["id"], code=code, why=None, dropped=0, cpu=0, memory=0)
def act(moment):
    with open(os.path.join(os.path.dirname(__file__), moment)) as file:
        exec(file.read(), globals())
act("start")
frame(), frame()
tell(type="ready", proto=1, python="3", pid=os.getpid())
while True:
    act("idle")
    order = frame()
    act("job")
"#;

/// See the module. What it does is said in Python, with the words of the script: `frame` hears,
/// `tell` and `say` speak, `end` ends a job, `order` is the job at hand.
#[derive(Debug)]
pub struct ScriptedHost(TempDir);

impl ScriptedHost {
    /// One that starts as it should, and never ends a job.
    pub fn new() -> Self {
        let host = Self(tempfile::tempdir().expect("a directory"));
        host.at_start("");
        host.when_idle("");
        host.at_job("");
        fs::write(host.python(), SCRIPT).expect("the script");
        fs::set_permissions(host.python(), fs::Permissions::from_mode(0o755)).expect("its rights");
        host
    }

    /// What is to be started as the interpreter.
    pub fn python(&self) -> PathBuf {
        self.0.path().join("python")
    }

    /// What the next ones do before they hear and say anything.
    pub fn at_start(&self, words: &str) {
        self.write("start", words);
    }

    /// What it does before it hears of its next job.
    pub fn when_idle(&self, words: &str) {
        self.write("idle", words);
    }

    /// What it does with the next job.
    pub fn at_job(&self, words: &str) {
        self.write("job", words);
    }

    /// Those that start from now on are as they should be.
    pub fn heal(&self) {
        let next = self.0.path().join("next");
        symlink("/usr/bin/python3", &next).expect("a link");
        fs::rename(next, self.python()).expect("the interpreter");
    }

    /// The path of a file beside it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, moment: &str, words: &str) {
        // In one step, since it may be being read.
        let next = self.0.path().join("next");
        fs::write(&next, words).expect("what it does");
        fs::rename(next, self.0.path().join(moment)).expect("what it does");
    }
}

impl Default for ScriptedHost {
    fn default() -> Self {
        Self::new()
    }
}
