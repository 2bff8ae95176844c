//! What is logged, where to, and what never is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ostler_tests::wire::ask;
use ostler_tests::{Address, Daemon, FakeBurp, Settings, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

const PASSWORD: &str = "pass-canary-1";
const NEXT_PASSWORD: &str = "pass-canary-2";
const GUESS: &str = "pass-canary-3";
/// Something that only an answer holds.
const CONTENT: &str = "content-canary";
/// What no level shows.
const SECRET: &str = "pass-canary";

/// A daemon that says where it listens in no other way than this path.
fn quiet(settings: Settings, place: &Path) -> (Settings, Address) {
    let socket = place.join("socket");
    let bind = format!("unix:{}", socket.display());
    (settings.set("bind", &bind).set("password", PASSWORD), Address::Unix(socket))
}

fn wait_served(address: &Address, password: &str) {
    wait_for("it serves", || {
        let Ok(wire) = Wire::try_connect(address) else { return false };
        drop(wire);
        let status = ask(address, &json!({ "func": "status", "password": password }));
        status.status() == "OK" && status.json()["n_ready"] == 2
    });
}

/// Everything that might make a daemon say too much.
fn provoke(fake: &FakeBurp, daemon: &mut Daemon, address: &Address, settings: &Settings) {
    fake.at_query("c:client1", vec![Step::body(&json!({ "clients": [CONTENT] }).to_string())]);
    let query = |password: &str, query: &str| {
        ask(address, &json!({ "query": query, "password": password, "cache": false }))
    };
    assert_eq!(query(PASSWORD, "c:client1").status(), "OK");
    assert_eq!(query(GUESS, "c:client1").status(), "KO");
    assert_eq!(query(PASSWORD, "c:nosuch").status(), "KO");
    assert_eq!(query(PASSWORD, "j:pretty-print-on").status(), "ER");
    for body in [format!("{{\"password\":\"{PASSWORD}\""), format!("\"{PASSWORD}\"")] {
        let mut wire = Wire::connect(address);
        wire.frame(body.as_bytes());
        assert_eq!(wire.answer().status(), "ER");
    }
    // An answer that is none, with content in it.
    fake.at_query("c:client2", vec![Step::raw(&format!("{{\"{CONTENT}\":\n")), Step::Exit(1)]);
    assert_eq!(query(PASSWORD, "c:client2").status(), "ER");
    fake.behave();
    daemon.signal(Signal::USR1);
    // Wrong files, with the password where it belongs and where it does not.
    let spoiled = [
        format!("[Global]\npassword = \"{SECRET}\n"),
        format!("[Global]\n{SECRET}\n"),
        format!("[Global]\nport = {SECRET}\npool = {SECRET}\nssl = {SECRET}\nbind = ({SECRET})\n"),
        format!("[Global]\npassword = {SECRET}#x\ntransport = {SECRET}\ndrain = {SECRET}\n"),
    ];
    for text in spoiled {
        fs::write(daemon.file(), text).unwrap();
        daemon.signal(Signal::HUP);
        // Nothing is told at some levels, so the next step is what shows that it was seen.
    }
    daemon.configure(&settings.clone().set("password", NEXT_PASSWORD));
    wait_for("the password is changed", || {
        daemon.signal(Signal::HUP);
        query(NEXT_PASSWORD, "c:client3").status() == "OK"
    });
}

#[test]
fn no_level_shows_a_password_and_none_below_debug_an_answer() {
    for level in ["", "-v", "-vv", "-vvv", "-vvvv", "-vvvvv"] {
        let fake = FakeBurp::new();
        let place = tempfile::tempdir().unwrap();
        let (settings, address) = quiet(fake.settings(), place.path());
        let arguments = Some(level).filter(|level| !level.is_empty());
        let mut daemon = settings.clone().arguments(arguments).launch();
        wait_served(&address, PASSWORD);
        provoke(&fake, &mut daemon, &address, &settings);
        let processes = daemon.children().into_iter().map(|child| child.pid);
        for pid in processes.chain([daemon.pid()]) {
            for file in ["cmdline", "environ"] {
                let shown = fs::read(format!("/proc/{pid}/{file}")).unwrap();
                assert!(!String::from_utf8_lossy(&shown).contains(SECRET), "{pid}/{file}");
            }
        }
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        let log = daemon.log();
        assert!(log.iter().any(|line| line.contains("wrong password from")), "{level}: warnings");
        let informed = log.iter().any(|line| line.contains(" INFO "));
        assert_eq!(informed, level.len() >= 4, "{level}: information");
        for line in log {
            assert!(!line.contains(SECRET), "{level}: {line}");
            assert!(level.len() > 4 || !line.contains(CONTENT), "{level}: {line}");
        }
    }
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
        wait_served(&address, PASSWORD);
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        assert_eq!(daemon.log(), [""; 0], "standard error stays silent");
        assert_eq!(count("log", "listening on"), times);
    }
    let mode = fs::metadata(at("log")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & !0o640, 0, "{mode:o}");

    let mut daemon = settings.launch();
    wait_served(&address, PASSWORD);
    fs::rename(at("log"), at("old")).unwrap();
    daemon.signal(Signal::HUP);
    wait_for("the new file is used", || count("log", crate::RELOADED) == 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    assert_eq!((count("old", "listening on"), count("old", crate::RELOADED)), (3, 0));
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
