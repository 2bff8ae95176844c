//! What `bui-monitor` tells: states of clients, finished backups, incidents of the pool.

use ostler_runtime::utc::unix_millis;
use ostler_tests::controller::{Reply, usual};
use ostler_tests::{Caller, Daemon, FakeBurp, Settings, Step, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::heard::{Heard, address, greeted, listen, next};

/// A daemon that publishes as soon as it can to WebSocket clients.
pub(crate) fn settings(fake: &FakeBurp) -> Settings {
    let settings = fake.settings().status("port", "0");
    settings.events("websocket_port", "0").events("interval", "0.25").events("source", "here")
}

fn start(fake: &FakeBurp) -> Daemon {
    let daemon = settings(fake).start();
    daemon.wait_ready(2);
    daemon
}

/// What `/metrics` has under this name and label.
fn figure(daemon: &Daemon, name: &str) -> u64 {
    let line = daemon.wait_log("status on ");
    let mut caller = Caller::new(line.rsplit_once(' ').unwrap().1.parse().unwrap());
    caller.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let heard = caller.one();
    let text = heard.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.trim().parse().expect("a number")
}

/// So many events have come to this.
pub(crate) fn count(daemon: &Daemon, what: &str) -> u64 {
    figure(daemon, &format!("bui_monitor_events_total{{result=\"{what}\"}}"))
}

/// Waits until there was a first look, against which changes are told: the second question is asked
/// only once the first one's answer has been seen.
pub(crate) fn wait_looked(daemon: &Daemon) {
    let asked =
        |result| figure(daemon, &format!("bui_monitor_cache_queries_total{{result=\"{result}\"}}"));
    wait_for("there were two looks", || {
        ["hit", "shared", "executed"].map(asked).iter().sum::<u64>() >= 2
    });
}

/// Has burp show one client so from now on.
pub(crate) fn show(fake: &FakeBurp, state: &str, phase: Option<&str>, backups: &Value) {
    let mut client = json!({"name": "client1", "run_status": state, "backups": backups});
    if let Some(phase) = phase {
        client["children"] = json!([{"pid": 7, "action": "backup", "phase": phase}]);
    }
    let steps = vec![Step::body(&json!({ "clients": [client] }).to_string())];
    fake.rule(move |_, question| {
        let is_asked = question.is_query("c:") || question.is_query("c:client1");
        if is_asked { Reply::Do(steps.clone()) } else { usual(question) }
    });
}

/// A backup in a summary.
pub(crate) fn backup(number: u64, started: u64, flags: &[&str]) -> Value {
    json!({"number": number, "timestamp": started, "flags": flags})
}

#[test]
fn a_client_of_the_daemon_sees_a_backup_from_its_beginning_to_its_end() {
    let fake = FakeBurp::new();
    let old = backup(1, 1_700_000_000, &["current", "manifest"]);
    show(&fake, "idle", None, &json!([old]));
    let daemon = start(&fake);
    let mut all = listen(address(&daemon), &["burp/client/"]);
    let mut other = listen(address(&daemon), &["burp/client/client10/"]);
    greeted(&mut all, "idle");
    let started = unix_millis() / 1000;
    let working = json!([backup(2, started, &["working"]), old]);
    show(&fake, "running", None, &working);
    let state = |was, is, phase| ["here", "client1", was, is, phase].map(Value::from).to_vec();
    let running = next(&mut all);
    assert_eq!(running.arguments, state("idle", "running", ""));
    assert_eq!(running.topic, "burp/client/client1/state");
    assert_eq!(running.name, "Burp::client_state");
    assert_eq!(running.types, ["string"; 5]);
    assert!(running.time.starts_with("20"), "{running:?}");
    show(&fake, "running", Some("scanning"), &working);
    assert_eq!(next(&mut all).arguments, state("running", "running", "scanning"));
    let done = json!([backup(2, started, &["current", "manifest"]), old]);
    show(&fake, "idle", None, &done);
    let Heard { topic, name, arguments, types, .. } = next(&mut all);
    assert_eq!(
        (topic.as_str(), name.as_str()),
        ("burp/client/client1/backup", "Burp::backup_finished")
    );
    assert_eq!(types, ["string", "string", "count", "timestamp", "vector"]);
    assert_eq!(arguments[1], "client1");
    assert_eq!(arguments[2], 2);
    let flags: Vec<&Value> = arguments[4].as_array().unwrap().iter().map(|f| &f["data"]).collect();
    assert_eq!(flags, ["current", "manifest"]);
    assert_eq!(next(&mut all).arguments, state("running", "idle", ""));
    // Whoever wants another client's events hears nothing of this one's.
    other.hears_nothing();
    wait_for("all have been counted", || count(&daemon, "published") == 5);
    assert_eq!(count(&daemon, "dropped"), 0);
}

#[test]
fn a_child_that_is_lost_and_a_pool_that_cannot_answer_are_told() {
    let fake = FakeBurp::new();
    let daemon = start(&fake);
    let mut pool = listen(address(&daemon), &["burp/pool"]);
    wait_looked(&daemon);
    let child = daemon.children()[0].pid;
    kill(child);
    // That the children are ready may be news too.
    let lost =
        std::iter::repeat_with(|| next(&mut pool)).find(|event| event.arguments[1] == "lost");
    let Heard { topic, name, arguments, types, .. } = lost.unwrap();
    assert_eq!((topic.as_str(), name.as_str()), ("burp/pool", "Burp::pool_incident"));
    assert_eq!(types, ["string", "string", "count", "string"]);
    assert_eq!(arguments[..3].to_vec(), [json!("here"), json!("lost"), json!(child)]);
    assert!(arguments[3].as_str().unwrap().contains("signal 9"), "{arguments:?}");
    daemon.wait_ready(2);
    fake.at_start(vec![Step::Exit(1)]);
    for child in daemon.children() {
        kill(child.pid);
    }
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "down") {
        kinds.push(next(&mut pool).arguments[1].as_str().unwrap().to_owned());
    }
    assert!(kinds.iter().any(|kind| kind == "lost"), "{kinds:?}");
    let failed = |event: &Heard| event.arguments[1] == "failed_start";
    while !failed(&next(&mut pool)) {}
    fake.behave();
    while next(&mut pool).arguments[1] != "up" {}
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}
