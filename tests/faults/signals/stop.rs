//! The end: in order, at its deadline, and at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ostler_runtime::Thread;
use ostler_tests::aside::ask_aside;
use ostler_tests::controller::usual;
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::{Daemon, Event, FakeBurp, PATIENCE, Question, Reply, Step, Wire, wait_for};
use rustix::process::Signal;

use super::{CLIENTS, POOL, ends_with, ready};

#[test]
fn s01_an_idle_daemon_leaves_nothing_behind() {
    let mut fault = Fault::begin("S01");
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let fake = FakeBurp::new();
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        let bind = format!("unix:{}", socket.display());
        let daemon = fake.settings().set("bind", &bind).set("pool", "3").start();
        daemon.wait_ready(POOL);
        assert!(socket.exists());
        fault.injected();
        ends_with(daemon, signal);
        fault.within(&format!("exit 0 upon {name}"), fault.elapsed(), 0.5);
        assert!(!socket.exists(), "the socket's file is removed");
        wait_for("no child is left", || fake.alive().is_empty());
    }
    fault.saw("no child and no socket's file left");
}

#[test]
fn s02_what_is_in_flight_is_answered() {
    let mut fake = FakeBurp::new();
    let mut daemon = ready(&fake);
    let released = Arc::new(AtomicBool::new(false));
    let free = Arc::clone(&released);
    fake.rule(move |_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client") && !free.load(Ordering::Acquire) => {
            Reply::Hold
        }
        _ => usual(question),
    });
    let numbers = (1..=2).flat_map(|backup| (1..=3).map(move |client| (client, backup)));
    let queries = numbers.map(|(client, backup)| format!("c:client{client}:b:{backup}"));
    let queries: Vec<String> =
        queries.chain(["c:client1", "c:client2"].map(str::to_owned)).collect();
    assert_eq!(queries.len(), CLIENTS);
    let clients: Vec<_> = queries.iter().map(|text| ask_aside(&daemon, text)).collect();
    wait_for("three are with children and five wait", || {
        let status = daemon.status();
        status["n_busy"] == POOL && status["queue"] == CLIENTS as u64 - POOL
    });
    // The children are at their questions by now.
    let held = [(); 3].map(|()| {
        fake.wait("a child is held", |event| match event {
            Event::Asked(pid, Question::Query(text)) if text.starts_with(b"c:client") => Some(*pid),
            _ => None,
        })
    });
    let address = daemon.address().clone();
    let mut fault = Fault::begin("S02");
    daemon.signal(Signal::TERM);
    wait_for("new connections are refused", || Wire::try_connect(&address).is_err());
    fault.within("new connections refused", fault.elapsed(), 0.05);
    released.store(true, Ordering::Release);
    for pid in held {
        fake.release(pid, &[Step::Answer]);
    }
    for (answer, client) in clients {
        let answer = answer.recv_timeout(PATIENCE).unwrap();
        assert_eq!(answer.status(), "OK", "{answer:?}");
        client.join();
    }
    fault.saw("all 8 answered");
    fault.injected();
    assert_eq!(daemon.ended().code(), Some(0));
    fault.within("exit 0 after the last answer", fault.elapsed(), 0.5);
    wait_for("no child is left", || fake.alive().is_empty());
}

/// A daemon one of whose children will never answer, and the client that waits for it.
fn hung(fake: &mut FakeBurp, drain: &str) -> (Daemon, Thread) {
    fake.rule(|_, question| match question {
        Question::Start => Reply::Do(vec![Step::IgnoreTerm, Step::greet()]),
        _ if question.is_query("c:client1") => Reply::Do(vec![Step::Hang]),
        _ => usual(question),
    });
    let daemon = fake.settings().set("pool", "3").set("drain", drain).timeout(3600).start();
    daemon.wait_ready(POOL);
    let (_, client) = ask_aside(&daemon, "c:client1");
    fake.wait_query("c:client1");
    (daemon, client)
}

#[test]
fn s03_a_hung_child_holds_the_end_up_for_no_longer_than_is_granted() {
    let mut fake = FakeBurp::new();
    // The long form waits for the default.
    let (drain, seconds) = if is_long() { ("20", 20.0) } else { ("1", 1.0) };
    let (daemon, client) = hung(&mut fake, drain);
    let mut fault = Fault::begin("S03");
    ends_with(daemon, Signal::TERM);
    let what = format!("exit 0 with a drain limit of {seconds} s");
    fault.within(&what, fault.elapsed(), seconds + 0.5);
    wait_for("no child is left", || fake.alive().is_empty());
    client.join();
    fault.saw("no child left");
}

#[test]
fn s04_a_second_signal_ends_it_at_once() {
    let mut fault = Fault::begin("S04");
    for (second, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let mut fake = FakeBurp::new();
        // Longer than any test waits.
        let (mut daemon, client) = hung(&mut fake, "3600");
        daemon.signal(Signal::TERM);
        daemon.wait_log("stopping");
        fault.injected();
        ends_with(daemon, second);
        fault.within(&format!("exit 0 upon {name} after TERM"), fault.elapsed(), 0.5);
        wait_for("no child is left", || fake.alive().is_empty());
        client.join();
    }
    fault.saw("no child left");
}

#[test]
fn s08_it_can_be_stopped_while_it_starts_or_reloads_or_waits() {
    let mut fault = Fault::begin("S08");
    let mut stops = |what: &str, daemon: Daemon| {
        fault.injected();
        ends_with(daemon, Signal::TERM);
        fault.within(&format!("exit 0 during {what}"), fault.elapsed(), 1.0);
    };
    let mut fake = FakeBurp::new();
    fake.rule(|_, _| Reply::Hold);
    let daemon = fake.settings().set("pool", "3").start();
    for _ in 0..POOL {
        fake.wait_start();
    }
    stops("start-up", daemon);
    wait_for("no child is left", || fake.alive().is_empty());

    fake.behave();
    let mut daemon = ready(&fake);
    fake.forget();
    fake.rule(|_, _| Reply::Hold);
    daemon.configure(&fake.settings().set("pool", "5"));
    daemon.signal(Signal::HUP);
    for _ in 0..2 {
        fake.wait_start();
    }
    daemon.signal(Signal::HUP);
    stops("a reload", daemon);
    wait_for("no child is left", || fake.alive().is_empty());

    fake.at_start(vec![Step::Exit(4)]);
    let daemon = fake.settings().set("pool", "3").start();
    daemon.wait_log("next attempt in");
    stops("a wait for the next attempt", daemon);
}
