//! HUP: what each key changes, and from when on. That a wrong file changes nothing, and that
//! nobody is disturbed, is shown by the scoreboard of faults.

use std::fs;

use ostler_tests::controller::usual;
use ostler_tests::{Answer, Daemon, FakeBurp, Load, Reply, Step, wait_for};
use serde_json::json;

use crate::ready;

/// So many clients ask while it reloads.
const CLIENTS: usize = 6;

#[test]
fn a_password_holds_from_its_reload_on() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    let ask = |daemon: &Daemon, password: &str| {
        daemon.ask(&json!({ "query": "c:client1", "password": password })).status()
    };
    daemon.configure(&fake.settings().set("password", "another one"));
    assert_eq!(ask(&daemon, "another one"), "KO", "it was not told yet");
    daemon.reload();
    assert_eq!(ask(&daemon, "another one"), "OK");
    assert_eq!(ask(&daemon, ostler_tests::wire::PASSWORD), "KO");
}

#[test]
fn a_timeout_holds_from_its_reload_on() {
    let fake = FakeBurp::new();
    let mut daemon = fake.settings().timeout(3600).start();
    daemon.wait_ready(2);
    fake.at_query("c:client1", vec![Step::Hang]);
    daemon.configure(&fake.settings().timeout(1));
    daemon.reload();
    let Answer::Er(_) = daemon.query("c:client1") else { panic!("it cannot be answered") };
}

#[test]
fn another_burp_takes_over_under_load_without_an_error() {
    let before = FakeBurp::new();
    let after = FakeBurp::new();
    after.rule(|_, question| {
        if question.is_query("c:client1") {
            return Reply::Do(vec![Step::body("{\"clients\":[\"the other burp\"]}")]);
        }
        usual(question)
    });
    let mut daemon = ready(&before, 3);
    let load = Load::start(daemon.address(), CLIENTS);
    daemon.configure(&after.settings().set("pool", "3"));
    daemon.reload();
    wait_for("every child is the other burp's", || {
        before.alive().is_empty() && after.alive().len() == 3
    });
    assert_eq!(daemon.query("c:client1").json()["clients"][0], "the other burp");
    load.end();
}

#[test]
fn another_client_configuration_is_taken_up() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    let before = fake.alive();
    let other = fake.directory().join("other.conf");
    fs::copy(fake.conf(), &other).unwrap();
    let settings = ostler_tests::Settings::new(fake.program(), &other).set("transport", "plain");
    daemon.configure(&settings);
    daemon.reload();
    // Idle children are looked after too, but a request may be what makes the daemon look.
    wait_for("every child is a new one", || {
        assert_eq!(daemon.query("c:client1").status(), "OK");
        let now = fake.alive();
        now.len() == 2 && !now.iter().any(|pid| before.contains(pid))
    });
    let child = daemon.children().first().unwrap().pid;
    let command = fs::read(format!("/proc/{child}/cmdline")).unwrap();
    assert!(String::from_utf8_lossy(&command).contains("other.conf"));
}

#[test]
fn what_a_reload_cannot_change_is_told() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    daemon.configure(&fake.settings().set("bind", "127.0.0.2").set("threads", "7"));
    daemon.reload();
    for key in ["bind or port", "threads"] {
        daemon.wait_log(&format!("{key} has changed, which takes effect at the next start only"));
    }
    assert_eq!(daemon.query("c:client1").status(), "OK");
}
