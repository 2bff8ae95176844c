//! Those who watch: they are told once there is something new, and burp is asked once for all.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::wire::PASSWORD;
use ostler_tests::{Daemon, FakeBurp, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Longer than a summary is kept, and than what was seen is remembered without viewers.
const SILENCE: Duration = Duration::from_secs(6);

/// The shortest interval, and no end of patience.
fn question(after: &Value, clients_only: bool) -> Value {
    json!({
        "func": "live", "password": PASSWORD, "keep": true,
        "after": after, "interval": 0.25, "hold": 60, "clients_only": clients_only,
    })
}

fn look(wire: &mut Wire, after: &Value, clients_only: bool) -> Value {
    wire.frame(question(after, clients_only).to_string().as_bytes());
    wire.kept_answer().json()
}

fn watched(fake: &FakeBurp) -> Daemon {
    let daemon = fake.settings().start();
    daemon.wait_ready(2);
    daemon
}

fn viewers(daemon: &Daemon, wanted: u64) {
    wait_for("so many watch", || daemon.status()["viewers"] == wanted);
}

fn summary(name: &str) -> Vec<Step> {
    vec![Step::body(&format!(r#"{{"clients":[{{"name":"{name}","backups":[]}}]}}"#))]
}

#[test]
fn a_viewer_is_told_when_the_summary_has_changed() {
    let fake = FakeBurp::new();
    let daemon = watched(&fake);
    let mut wire = daemon.connect();
    let first = look(&mut wire, &json!(0), true);
    assert_eq!(first["summary"]["clients"][0]["name"], "client1", "{first}");
    assert_eq!(first["status"]["pool"], 2);
    assert_eq!(first["trouble"], Value::Null);
    wire.frame(question(&first["tick"], true).to_string().as_bytes());
    viewers(&daemon, 1);
    fake.at_query("c:", summary("new"));
    let second = wire.kept_answer().json();
    assert_eq!(second["summary"]["clients"][0]["name"], "new", "{second}");
    assert!(second["tick"].as_u64() > first["tick"].as_u64());
    // Everything else goes on, and the summary is told once.
    let mut tick = second["tick"].clone();
    wait_for("there is an interval", || {
        let next = look(&mut wire, &tick, false);
        assert_eq!(next.get("summary"), None, "{next}");
        tick = next["tick"].clone();
        // A look that comes much later than the one before it has none.
        let seconds = next["interval"]["seconds"].as_f64();
        assert!(seconds.is_none_or(|seconds| seconds > 0.0), "{next}");
        seconds.is_some()
    });
    // Numbers of another daemon mean nothing.
    let other = look(&mut wire, &json!(u64::MAX), true);
    assert_eq!(other["summary"]["clients"][0]["name"], "new");
}

#[test]
fn burp_is_asked_once_for_all_and_not_at_all_while_nobody_looks() {
    let mut fake = FakeBurp::new();
    let daemon = watched(&fake);
    fake.hold_at("c:");
    fake.forget();
    let mut wires: Vec<Wire> = (0..20).map(|_| daemon.connect()).collect();
    for wire in &mut wires {
        wire.frame(question(&json!(0), true).to_string().as_bytes());
    }
    let child = fake.wait_query("c:");
    viewers(&daemon, 20);
    assert!(fake.asked("c:").is_empty(), "asked more than once");
    let (sender, asked) = channel();
    fake.rule(move |_, question| {
        if question.is_query("c:") {
            // The test may have ended.
            let _ = sender.send(());
            return Reply::Do(summary("late"));
        }
        usual(question)
    });
    fake.release(child, &summary("late"));
    for wire in &mut wires {
        assert_eq!(wire.kept_answer().json()["summary"]["clients"][0]["name"], "late");
    }
    // One who watches everything has burp asked again and again; without one it is not.
    let mut last = wires.pop().unwrap();
    drop(wires);
    let mut seen = look(&mut last, &json!(0), false);
    while asked.try_recv().is_err() {
        seen = look(&mut last, &seen["tick"], false);
    }
    last.frame(question(&seen["tick"], true).to_string().as_bytes());
    drop(last);
    viewers(&daemon, 0);
    // What was asked until then was asked for one who looked, and one question may be on its way.
    while asked.try_recv().is_ok() {}
    let _ = asked.recv_timeout(SILENCE);
    assert_eq!(asked.recv_timeout(SILENCE), Err(RecvTimeoutError::Timeout));
}

#[test]
fn what_was_asked_for_earlier_viewers_is_not_told_to_later_ones() {
    let mut fake = FakeBurp::new();
    let daemon = watched(&fake);
    let mut wire = daemon.connect();
    let mut seen = look(&mut wire, &json!(0), false);
    fake.hold_at("c:");
    fake.forget();
    while fake.asked("c:").is_empty() {
        seen = look(&mut wire, &seen["tick"], false);
    }
    let child = fake.wait_query("c:");
    wire.frame(question(&seen["tick"], false).to_string().as_bytes());
    drop(wire);
    viewers(&daemon, 0);
    let (sender, asked) = channel();
    fake.rule(move |_, question| {
        if question.is_query("c:") {
            // The test may have ended.
            let _ = sender.send(());
            return Reply::Do(summary("new"));
        }
        usual(question)
    });
    fake.release(child, &summary("old"));
    assert_eq!(asked.recv_timeout(SILENCE), Err(RecvTimeoutError::Timeout));
    let later = look(&mut daemon.connect(), &json!(0), true);
    assert_eq!(later["summary"]["clients"][0]["name"], "new", "{later}");
}

#[test]
fn an_eager_viewer_hurries_nobody_else() {
    let fake = FakeBurp::new();
    let daemon = watched(&fake);
    let (mut eager, mut patient) = (daemon.connect(), daemon.connect());
    let mut seen = look(&mut eager, &json!(0), false);
    let mut hourly = question(&seen["tick"], false);
    hourly["interval"] = json!(3600);
    patient.frame(hourly.to_string().as_bytes());
    viewers(&daemon, 1);
    for _ in 0..4 {
        seen = look(&mut eager, &seen["tick"], false);
        assert_eq!(seen["status"]["viewers"], 2, "{seen}");
    }
    assert_eq!(daemon.status()["viewers"], 1, "the patient one still waits");
}

#[test]
fn what_is_wrong_with_burp_is_news_too() {
    let fake = FakeBurp::new();
    let daemon = watched(&fake);
    let mut wire = daemon.connect();
    let first = look(&mut wire, &json!(0), true);
    fake.at_query("c:", vec![Step::Die(9)]);
    let second = look(&mut wire, &first["tick"], true);
    assert!(second["trouble"].as_str().unwrap().starts_with("The burp monitor was lost"));
    assert_eq!(second["summary"]["clients"][0]["name"], "client1", "the last that was known");
    fake.behave();
    let third = look(&mut wire, &second["tick"], true);
    assert_eq!(third["trouble"], Value::Null, "{third}");
}

#[test]
fn nothing_new_is_told_after_a_while_and_a_slow_burp_holds_back_only_its_own() {
    let mut fake = FakeBurp::new();
    let daemon = watched(&fake);
    let mut wire = daemon.connect();
    let first = look(&mut wire, &json!(0), true);
    let mut short = question(&first["tick"], true);
    short["hold"] = json!(0.3);
    wire.frame(short.to_string().as_bytes());
    let second = wire.kept_answer().json();
    assert_eq!(second.get("summary"), None, "{second}");
    fake.hold_at("c:");
    fake.forget();
    let mut seen = second;
    loop {
        seen = look(&mut wire, &seen["tick"], false);
        let holds = |event: &Event| matches!(event, Event::Asked(_, q) if q.is_query("c:"));
        if fake.untaken().iter().any(holds) {
            break;
        }
    }
    // The child has the question now and keeps it.
    let tick = look(&mut wire, &seen["tick"], false)["tick"].clone();
    assert!(look(&mut wire, &tick, false)["tick"].as_u64() > tick.as_u64());
}

#[test]
fn there_is_room_for_so_many() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().status("max_viewers", "2").start();
    daemon.wait_ready(2);
    let mut wires: Vec<Wire> = (0..3).map(|_| daemon.connect()).collect();
    let tick = look(&mut wires[0], &json!(0), true)["tick"].clone();
    let question = question(&tick, true).to_string();
    for (wire, there) in wires.iter_mut().zip([1, 2]) {
        wire.frame(question.as_bytes());
        viewers(&daemon, there);
    }
    let mut refused = wires.pop().unwrap();
    refused.frame(question.as_bytes());
    assert_eq!(refused.kept_answer().error(), "Too many are watching already (2)");
    // The place of one who has left is free.
    drop(wires.pop());
    refused.frame(question.as_bytes());
    fake.at_query("c:", summary("new"));
    assert_eq!(refused.kept_answer().json()["summary"]["clients"][0]["name"], "new");
}

#[test]
fn who_watches_is_told_of_the_end() {
    let fake = FakeBurp::new();
    let mut daemon = watched(&fake);
    let mut wire = daemon.connect();
    let first = look(&mut wire, &json!(0), true);
    wire.frame(question(&first["tick"], true).to_string().as_bytes());
    viewers(&daemon, 1);
    daemon.signal(Signal::TERM);
    assert_eq!(wire.kept_answer().error(), "The monitor is being stopped");
    assert!(daemon.ended().success());
}

#[test]
fn a_wrong_question_is_refused_in_words() {
    let fake = FakeBurp::new();
    let daemon = watched(&fake);
    let mut wrong = question(&json!("x"), true);
    wrong["keep"] = json!(false);
    assert_eq!(daemon.ask(&wrong).error(), "'after' is not a whole number");
}
