//! A daemon that cannot have a thread which it wants at its start says so and ends, whichever thread it
//! is, or serves without it; and then a signal ends it as usual.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::ops::DerefMut;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use ostler_tests::binaries::{broker_node, workspace};
use ostler_tests::process::{Process, command};
use ostler_tests::program::Program;
use ostler_tests::wait::wait_for;
use ostler_tests::{CatalogueSettings, FakeBurp, WorkersSettings};
use rustix::process::Signal;

/// More threads than any of them starts.
const MOST: usize = 100;

type Variables = Vec<(&'static str, OsString)>;

/// Builds what denies threads, in `directory`.
fn library(directory: &Path) -> OsString {
    let library = directory.join("denied_thread.so");
    let source = workspace().join("tests/starts/denied_thread.c");
    let mut compiler = command("cc");
    compiler.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library);
    assert!(Process::start(compiler.arg(source).arg("-ldl")).ended().success());
    library.into()
}

/// Starts the daemon with its first thread denied, its second, and so on, until it has all it wants.
fn ends_or_serves(start: impl Fn(Variables) -> Box<dyn DerefMut<Target = Program>>) {
    let directory = tempfile::tempdir().unwrap();
    let library = library(directory.path());
    let mut refused = 0;
    for number in 1..MOST {
        let told = directory.path().join(format!("{number}.denied"));
        let place = directory.path().join(format!("{number}.socket"));
        let manager = UnixDatagram::bind(&place).unwrap();
        manager.set_nonblocking(true).unwrap();
        let mut daemon = start(vec![
            ("LD_PRELOAD", library.clone()),
            ("DENIED_THREAD", number.to_string().into()),
            ("DENIED_TOLD", told.as_os_str().into()),
            ("NOTIFY_SOCKET", place.into()),
        ]);
        let is_ready = || {
            let mut bytes = [0; 512];
            manager.recv(&mut bytes).is_ok_and(|size| bytes[..size].starts_with(b"READY=1"))
        };
        let mut ready = false;
        wait_for("readiness or an end", || {
            ready |= is_ready();
            ready || !daemon.runs()
        });
        if ready {
            daemon.signal(Signal::TERM);
            let code = daemon.ended().code();
            // That of the farewell may be the one that is denied.
            assert!(matches!(code, Some(0 | 71)), "thread {number}: {:?}", daemon.log().lines());
            if !told.exists() {
                assert_eq!(code, Some(0), "{:?}", daemon.log().lines());
                assert!(refused > 0, "no thread was denied");
                return;
            }
        } else {
            let code = daemon.ended().code();
            assert!(matches!(code, Some(69 | 71)), "thread {number}: {code:?}");
            assert!(told.exists());
            daemon.log().wait("Resource temporarily unavailable");
            refused += 1;
        }
    }
    panic!("{MOST} threads were denied");
}

#[test]
fn a_monitor_does_without_a_thread_or_ends() {
    let fake = FakeBurp::new();
    ends_or_serves(|variables| {
        let settings = variables
            .into_iter()
            .fold(fake.settings(), |settings, (name, value)| settings.environment(name, value));
        Box::new(settings.set("pool", "2").launch())
    });
}

#[test]
fn a_catalogue_does_without_a_thread_or_ends() {
    ends_or_serves(|variables| {
        let settings = CatalogueSettings::default();
        let settings = variables
            .into_iter()
            .fold(settings, |settings, (name, value)| settings.environment(name, value));
        Box::new(settings.launch())
    });
}

#[test]
fn workers_do_without_a_thread_or_end() {
    let machine = tempfile::tempdir().unwrap();
    ends_or_serves(|variables| {
        let settings = WorkersSettings::bare();
        let local = machine.path().as_os_str();
        let settings = variables
            .into_iter()
            .fold(settings, |settings, (name, value)| settings.environment(name, value));
        Box::new(settings.arguments(["--local".as_ref(), local, "boefje".as_ref()]).start())
    });
}

#[test]
fn a_node_does_without_a_thread_or_ends() {
    let config = "[node]\nport = 0\naddress = 127.0.0.1\ntopics = /a\n\
                  [broker]\ndisable-ssl = true\n[store:kept]\nrole = master\n";
    ends_or_serves(|variables| {
        let mut node = command(broker_node());
        node.envs(variables).arg("--verbose");
        let directory = tempfile::tempdir().unwrap();
        Box::new(Box::new(Program::start(node, directory, ("broker.cfg", 0o600), config)))
    });
}
