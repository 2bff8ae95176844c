//! The end: in order, at its deadline, and at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ostler_tests::controller::{Reply, usual};
use ostler_tests::process::wait_gone;
use ostler_tests::{Daemon, FakeBurp, PATIENCE, Question, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::Value;

use crate::{RELOADED, ask_aside, ready};

/// It ends with this signal, successfully, and its children with it.
fn ends_with(mut daemon: Daemon, signal: Signal) {
    let children = daemon.children();
    daemon.signal(signal);
    assert_eq!(daemon.ended().code(), Some(0), "{signal:?}");
    wait_gone(&children);
}

#[test]
fn an_idle_daemon_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let fake = FakeBurp::new();
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        let bind = format!("unix:{}", socket.display());
        let daemon = fake.settings().set("bind", &bind).start();
        daemon.wait_ready(2);
        assert!(socket.exists());
        ends_with(daemon, signal);
        assert!(!socket.exists(), "the socket's file is removed");
        wait_for("no child is left", || fake.alive().is_empty());
    }
}

#[test]
fn what_is_in_flight_is_answered() {
    let mut fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    let released = Arc::new(AtomicBool::new(false));
    let free = Arc::clone(&released);
    fake.rule(move |_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client") && !free.load(Ordering::Acquire) => {
            Reply::Hold
        }
        _ => usual(question),
    });
    let queries = ["c:client1", "c:client2", "c:client3", "c:client1:b:1", "c:client1:b:2"];
    let more = ["c:client2:b:1", "c:client2:b:2", "c:client3:b:1"];
    let clients: Vec<_> =
        queries.iter().chain(&more).map(|text| ask_aside(&daemon, text)).collect();
    assert_eq!(clients.len(), 8);
    wait_for("two are with children and six wait", || {
        let status = daemon.status();
        status["n_busy"] == 2 && status["queue"] == 6
    });
    // Both children are at their questions by now.
    let asked = |fake: &mut FakeBurp| {
        fake.wait("a child is held", |event| match event {
            ostler_tests::Event::Asked(pid, Question::Query(text))
                if text.starts_with(b"c:client") =>
            {
                Some(*pid)
            }
            _ => None,
        })
    };
    let held = [asked(&mut fake), asked(&mut fake)];
    daemon.signal(Signal::TERM);
    let address = daemon.address().clone();
    wait_for("new connections are refused", || Wire::try_connect(&address).is_err());
    released.store(true, Ordering::Release);
    for pid in held {
        fake.release(pid, &[Step::Answer]);
    }
    for (answer, client) in clients {
        let answer = answer.recv_timeout(PATIENCE).unwrap();
        assert_eq!(answer.status(), "OK", "{answer:?}");
        client.join();
    }
    assert_eq!(daemon.ended().code(), Some(0));
    wait_for("no child is left", || fake.alive().is_empty());
}

/// A daemon one of whose children will never answer, and the client that waits for it.
fn hung(fake: &mut FakeBurp, drain: &str) -> (Daemon, ostler_runtime::Thread) {
    fake.rule(|_, question| match question {
        Question::Start => Reply::Do(vec![Step::IgnoreTerm, Step::greet()]),
        _ if question.is_query("c:client1") => Reply::Do(vec![Step::Hang]),
        _ => usual(question),
    });
    let daemon = fake.settings().set("drain", drain).timeout(3600).start();
    daemon.wait_ready(2);
    let (_, client) = ask_aside(&daemon, "c:client1");
    fake.wait_query("c:client1");
    (daemon, client)
}

#[test]
fn a_hung_child_holds_the_end_up_for_no_longer_than_is_granted() {
    let mut fake = FakeBurp::new();
    let (daemon, client) = hung(&mut fake, "1");
    ends_with(daemon, Signal::TERM);
    wait_for("no child is left", || fake.alive().is_empty());
    client.join();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for second in [Signal::TERM, Signal::INT] {
        let mut fake = FakeBurp::new();
        // Longer than any test waits.
        let (mut daemon, client) = hung(&mut fake, "3600");
        daemon.signal(Signal::TERM);
        daemon.wait_log("stopping");
        ends_with(daemon, second);
        wait_for("no child is left", || fake.alive().is_empty());
        client.join();
    }
}

#[test]
fn it_can_be_stopped_while_its_children_start() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, _| Reply::Hold);
    let daemon = fake.settings().start();
    for _ in 0..2 {
        fake.wait_start();
    }
    ends_with(daemon, Signal::TERM);
    wait_for("no child is left", || fake.alive().is_empty());
}

#[test]
fn it_can_be_stopped_while_it_waits_for_the_next_attempt() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Exit(4)]);
    let daemon = fake.settings().start();
    daemon.wait_log("next attempt in");
    ends_with(daemon, Signal::TERM);
}

#[test]
fn it_can_be_stopped_while_it_reloads() {
    let mut fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    fake.forget();
    fake.rule(|_, _| Reply::Hold);
    daemon.configure(&fake.settings().set("pool", "4"));
    daemon.signal(Signal::HUP);
    for _ in 0..2 {
        fake.wait_start();
    }
    daemon.signal(Signal::HUP);
    ends_with(daemon, Signal::TERM);
    wait_for("no child is left", || fake.alive().is_empty());
}

#[test]
fn other_signals_do_no_harm() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake, 2);
    let children = daemon.children();
    for signal in [Signal::PIPE, Signal::CHILD, Signal::WINCH, Signal::URG, Signal::CONT] {
        daemon.signal(signal);
    }
    // Signals are handled in order of their weight: when this one is, they were.
    daemon.signal(Signal::HUP);
    daemon.wait_logged(RELOADED, 1);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.children(), children);
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
