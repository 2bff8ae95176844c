//! What is logged, and where to. What never is logged is on the scoreboard of faults, as A03.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ostler_tests::program::RELOADED;
use ostler_tests::wire::ask;
use ostler_tests::{Address, FakeBurp, Settings, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

const PASSWORD: &str = "another one";

/// A daemon that says where it listens in no other way than this path.
fn quiet(settings: Settings, place: &Path) -> (Settings, Address) {
    let socket = place.join("socket");
    let bind = format!("unix:{}", socket.display());
    (settings.set("bind", &bind).set("password", PASSWORD), Address::Unix(socket))
}

fn wait_served(address: &Address) {
    wait_for("it serves", || {
        let Ok(wire) = Wire::try_connect(address) else { return false };
        drop(wire);
        let status = ask(address, &json!({ "func": "status", "password": PASSWORD }));
        status.status() == "OK" && status.json()["n_ready"] == 2
    });
}

#[test]
fn children_see_nothing_of_the_daemons_environment() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().environment("OSTLER_SECRET", "env-canary").start();
    daemon.wait_ready(2);
    for child in daemon.children() {
        let environment = fs::read(format!("/proc/{}/environ", child.pid)).unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains("env-canary"));
    }
}

#[test]
fn a_log_file_is_private_appended_to_and_begun_anew_when_it_was_moved() {
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let (settings, address) = quiet(fake.settings(), place.path());
    let at = |name: &str| place.path().join(name);
    let settings = settings.arguments(["-vvv".into(), "-l".into(), at("log").into_os_string()]);
    let read = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
    let count = |name: &str, words: &str| read(name).matches(words).count();
    for times in 1..=2 {
        let mut daemon = settings.clone().launch();
        wait_served(&address);
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        assert_eq!(daemon.log(), [""; 0], "standard error stays silent");
        assert_eq!(count("log", "listening on"), times);
    }
    let mode = fs::metadata(at("log")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & !0o640, 0, "{mode:o}");

    let mut daemon = settings.launch();
    wait_served(&address);
    fs::rename(at("log"), at("old")).unwrap();
    daemon.signal(Signal::HUP);
    wait_for("the new file is used", || count("log", RELOADED) == 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    assert_eq!((count("old", "listening on"), count("old", RELOADED)), (3, 0));
    assert_eq!((count("old", "stopped"), count("log", "stopped")), (2, 1));
}

#[test]
fn usr1_tells_the_state_of_every_slot() {
    let fake = FakeBurp::new();
    // Told at any level.
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("socket");
    let settings = fake.settings().set("bind", &format!("unix:{}", socket.display()));
    let mut daemon = settings.set("pool", "3").start();
    daemon.wait_ready(3);
    daemon.signal(Signal::USR1);
    let line = daemon.wait_log("status: {");
    let (_, json) = line.split_once("status: ").unwrap();
    let status: Value = serde_json::from_str(json).unwrap();
    let slots = status["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 3, "{line}");
    for slot in slots {
        assert_eq!(slot["state"], "ready", "{line}");
        assert!(slot["pid"].as_u64().is_some(), "{line}");
    }
}
