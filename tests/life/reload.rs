//! HUP: what it changes at once, what it never disturbs, and that a wrong file changes nothing.

use std::fs;
use std::path::Path;

use ostler_tests::controller::usual;
use ostler_tests::{Answer, Daemon, FakeBurp, Load, Manager, Reply, Step, wait_for};
use rustix::process::Signal;
use serde_json::json;

use crate::{UNCHANGED, ready};

/// So many clients ask while it reloads.
const CLIENTS: usize = 6;

#[test]
fn a_pool_grows_and_shrinks_under_load_without_an_error() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 3);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(20);
    for pool in [5, 2] {
        daemon.configure(&fake.settings().set("pool", &pool.to_string()));
        daemon.reload();
        daemon.wait_ready(pool);
        wait_for("no child is too many", || daemon.children().len() as u64 == pool);
        load.pass(50);
    }
    load.end();
}

#[test]
fn a_hundred_reloads_under_load_cost_no_request() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    let load = Load::start(daemon.address(), CLIENTS);
    for _ in 1..=100 {
        daemon.reload();
    }
    load.end();
    assert_eq!(daemon.wait_ready(2)["totals"]["losses"], 0);
}

#[test]
fn a_wrong_file_changes_nothing_and_is_told_in_one_line() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "a line that is none",
            |file| fs::write(file, "[Global]\nport = 0\nthis is nothing\n").unwrap(),
            ":3: this is neither",
        ),
        (
            "a value out of range",
            |file| {
                let text = fs::read_to_string(file).unwrap();
                fs::write(file, text.replace("pool = 2", "pool = 0")).unwrap();
            },
            "[Global] pool: must be from 1",
        ),
        ("no file", |file| fs::remove_file(file).unwrap(), "cannot be read"),
        (
            "a directory",
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
            "cannot be read",
        ),
    ];
    for (what, spoil, words) in cases {
        let fake = FakeBurp::new();
        let manager = Manager::new();
        let mut daemon = manager.watched(fake.settings()).start();
        daemon.wait_ready(2);
        manager.wait("READY=1");
        let children = daemon.children();
        spoil(&daemon.file());
        daemon.signal(Signal::HUP);
        manager.wait("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait("READY=1");
        daemon.wait_logged(UNCHANGED, 1);
        let errors: Vec<String> =
            daemon.log().into_iter().filter(|line| line.contains(" ERROR ")).collect();
        assert_eq!(errors.len(), 1, "{what}: {errors:?}");
        let file = daemon.file().display().to_string();
        assert!(errors[0].contains(&file) && errors[0].contains(words), "{what}: {errors:?}");
        assert_eq!(daemon.children(), children, "{what}");
        assert_eq!(daemon.query("c:client1").status(), "OK", "{what}");
    }
}

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
