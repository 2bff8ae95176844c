//! Work that was done in vain, one byte at a time, or while everybody else stood still.

use std::fs;

use ostler_tests::FakeBurp;
use ostler_tests::aside::{ask_aside, ready};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::process::kill;
use ostler_tests::wire::PASSWORD;
use ostler_tests::{PATIENCE, Question, Step, wait_for};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn bug_13_statistics_that_wait_for_a_child_hold_up_nobody() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("threads", "1").start();
    daemon.wait_ready(2);
    fake.forget();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    for child in daemon.children() {
        kill(child.pid, Signal::KILL);
    }
    let successors = [fake.wait_start(), fake.wait_start()];
    let mut waiting = daemon.connect();
    let request = json!({ "func": "statistics", "password": PASSWORD });
    waiting.frame(request.to_string().as_bytes());
    wait_for("it waits", || daemon.status()["queue"] == 1);
    for _ in 0..10 {
        assert_eq!(daemon.call("monitor_version").text(), "1.1.1");
    }
    assert_eq!(daemon.status()["queue"], 1, "it waits all the same");
    fake.behave();
    for successor in successors {
        fake.release(successor, &[Step::greet()]);
    }
    assert_eq!(waiting.answer().json()["alive"], true);
}

/// How many times a process has asked the kernel for bytes. Of a daemon, only root is told.
fn reads(pid: u32) -> Option<usize> {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("syscr: "))?.parse().ok()
}

#[test]
fn bug_17_a_long_answer_is_read_in_large_pieces_and_asked_for_in_one_line() {
    const BYTES: usize = 4_000_000;
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    let quiet = fake.asked("j:pretty-print-off");
    assert_eq!(quiet.len(), 1, "what is in many lines must be parsed to find its end");
    fake.at_query("c:client1", vec![Step::Filler(BYTES)]);
    let before = reads(daemon.pid());
    assert_eq!(daemon.query("c:client1").body().len(), BYTES);
    let (Some(before), Some(after)) = (before, reads(daemon.pid())) else {
        assert!(!rustix::process::getuid().is_root(), "the kernel does not count");
        return;
    };
    let each = BYTES / (after - before);
    // A pipe gives at least a page at a time; the rest of the reads are the daemon's others.
    assert!(each > 1000, "{each} bytes a read");
}

#[test]
fn bug_19_a_queued_request_whose_client_has_gone_is_dropped() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    fake.hold_at("c:client1:b:1");
    let (first, a) = ask_aside(&daemon, "c:client1:b:1");
    let holder = fake.wait_query("c:client1:b:1");
    let mut gone = daemon.connect();
    let request = json!({ "query": "c:client2:b:1", "cache": false, "password": PASSWORD });
    gone.frame(request.to_string().as_bytes());
    wait_for("it waits", || daemon.status()["queue"].as_u64() >= Some(1));
    drop(gone);
    fake.release(holder, &[Step::Answer]);
    assert_eq!(first.recv_timeout(PATIENCE).unwrap().status(), "OK");
    a.join();
    assert_eq!(daemon.query("c:client3:b:1").status(), "OK");
    assert_eq!(fake.asked("c:client2:b:1"), [0; 0], "nobody wants the answer");
}
