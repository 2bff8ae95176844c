//! Children that are killed, and the daemon that is.

use std::fs;

use ostler_tests::aside::ask_aside;
use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::{Answer, Daemon, FakeBurp, Load, PATIENCE, Question, Step, process};
use rustix::process::Signal;

use super::{CLIENTS, POOL, QUERY, healed, total, whole};

/// The beginning of an answer to [`QUERY`].
const HALF: &str = "{\"response-start\":\"c:client1:b:1\"}\n{\"clients\":[{\"name\":\"cli";

#[test]
fn c01_an_idle_child_is_killed() {
    let burp = FakeBurp::new();
    let daemon = whole(&burp);
    let before = daemon.children();
    let mut fault = Fault::begin("C01");
    process::kill(before[0].pid, Signal::KILL);
    for _ in 0..POOL * 2 {
        assert!(daemon.query("c:").status() == "OK");
    }
    process::wait_gone(&before[..1]);
    healed(&daemon, 1);
    fault.within("the pool is whole", fault.elapsed(), 1.5);
    fault.saw("no client saw it");
}

#[test]
fn c02_a_busy_child_is_killed_before_it_says_anything() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    burp.hold_at(QUERY);
    let (answer, client) = ask_aside(&daemon, QUERY);
    let killed = burp.wait_query(QUERY);
    burp.behave();
    let mut fault = Fault::begin("C02");
    process::kill(killed, Signal::KILL);
    let answer = answer.recv_timeout(PATIENCE).unwrap();
    fault.within("another child's answer", fault.elapsed(), 2.0);
    client.join();
    assert_eq!(answer.json()["clients"][0]["name"], "client1");
    assert_ne!(burp.wait_query(QUERY), killed, "another child was asked");
    let status = healed(&daemon, 1);
    fault.within("the pool is whole", fault.elapsed(), 1.5);
    assert_eq!(total(&status, "retries"), 1);
    assert_eq!(status["losses"]["exited"], 1, "{status}");

    // A request that kills whoever is asked is not tried for ever.
    burp.forget();
    burp.at_query(QUERY, vec![Step::Die(9)]);
    fault.injected();
    let answer = daemon.query(QUERY);
    fault.within("the error after a second loss", fault.elapsed(), 2.0);
    assert_eq!(answer.status(), "ER", "{answer:?}");
    let asked = |event: &Event| matches!(event, Event::Asked(_, q) if q.is_query(QUERY));
    assert_eq!(burp.untaken().iter().filter(|event| asked(event)).count(), 2);
    burp.behave();
    healed(&daemon, 3);
}

#[test]
fn c03_a_busy_child_is_killed_in_the_middle_of_its_answer() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut halves = 1;
    burp.rule(move |_, question| match question {
        Question::Again => Reply::Hold,
        _ if question.is_query(QUERY) && halves > 0 => {
            halves -= 1;
            Reply::Do(vec![Step::raw(HALF), Step::Ask])
        }
        _ => usual(question),
    });
    let (answer, client) = ask_aside(&daemon, QUERY);
    let killed = burp.wait("half an answer is out", |event| match event {
        Event::Asked(pid, Question::Again) => Some(*pid),
        _ => None,
    });
    let mut fault = Fault::begin("C03");
    process::kill(killed, Signal::KILL);
    let answer = answer.recv_timeout(PATIENCE).unwrap();
    client.join();
    assert_eq!(answer.json()["clients"][0]["backups"][0]["number"], 1, "whole, from another child");
    fault.saw("one retry gave the whole answer");
    burp.at_query(QUERY, vec![Step::raw(HALF), Step::Die(9)]);
    let answer = daemon.query(QUERY);
    let Answer::Er(text) = &answer else { panic!("{answer:?}") };
    assert!(text.contains("lost"), "{text}");
    fault.saw("ER when the second child died so too");
    burp.behave();
    healed(&daemon, 3);
}

#[test]
fn c04_all_children_are_killed_at_once_under_load() {
    let burp = FakeBurp::new();
    let daemon = whole(&burp);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(CLIENTS * 10);
    let before = daemon.children();
    let mut fault = Fault::begin("C04");
    for child in &before {
        process::kill(child.pid, Signal::KILL);
    }
    healed(&daemon, POOL);
    fault.within("the pool is whole", fault.elapsed(), 3.0);
    process::wait_gone(&before);
    load.pass(CLIENTS * 10);
    // Ends only if every client has its answer, and each right answer is the client's own.
    let (answered, failed) = load.finish();
    assert!(failed.iter().all(|answer| answer.status() == "ER"), "{failed:?}");
    let errors = failed.len();
    fault.figure(format!("{errors} errors in {answered} answers"), errors <= CLIENTS);
    fault.saw("no hang, no wrong answer");
}

#[test]
fn c23_the_daemon_itself_is_killed() {
    let mut burp = FakeBurp::new();
    let mut daemon = whole(&burp);
    // One child would not go by itself: it reads no end of input, and wants no SIGTERM.
    burp.at_query(QUERY, vec![Step::IgnoreTerm, Step::Ask]);
    let (answer, client) = ask_aside(&daemon, QUERY);
    burp.wait_query(QUERY);
    let children = daemon.children();
    assert_eq!(children.len(), 3);
    let mut fault = Fault::begin("C23");
    daemon.signal(Signal::KILL);
    daemon.ended();
    process::wait_gone(&children);
    fault.within("no child is left", fault.elapsed(), 1.0);
    drop(answer);
    // Its connection is gone without an answer, which is no failure of this test.
    std::mem::forget(client);
}

#[test]
fn c24_children_are_killed_again_and_again() {
    let (warm, cycles) = if is_long() { (200, 10_000) } else { (60, 240) };
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut losses = 0;
    let mut kill = |cycles: u64| {
        for _ in 0..cycles {
            burp.forget();
            // A child that has answered is replaced at once, without a wait for those that flap.
            assert_eq!(daemon.query(QUERY).status(), "OK");
            process::kill(burp.wait_query(QUERY), Signal::KILL);
            losses += 1;
            healed(&daemon, losses);
        }
    };
    kill(warm);
    let before = Footprint::of(&daemon);
    let mut fault = Fault::begin("C24");
    kill(cycles);
    assert_eq!(daemon.children().len(), 3);
    let after = Footprint::of(&daemon);
    fault.figure(format!("{} zombies after {cycles} kills", after.zombies), after.zombies == 0);
    match (before.descriptors, after.descriptors) {
        (Some(before), Some(after)) => {
            fault.figure(format!("{after} descriptors, {before} before"), after == before);
        }
        _ => fault.saw("descriptors are not shown to this user"),
    }
    let grown = after.resident.saturating_sub(before.resident);
    fault.figure(format!("resident memory grew by {} KiB", grown >> 10), grown <= 1 << 20);
}

/// What a daemon takes of the system.
struct Footprint {
    zombies: usize,
    /// `None` where only root may look.
    descriptors: Option<usize>,
    /// Bytes.
    resident: u64,
}

impl Footprint {
    fn of(daemon: &Daemon) -> Self {
        let pid = daemon.pid();
        let parent = format!("\nPPid:\t{pid}\n");
        let dead = |status: &String| status.contains(&parent) && status.contains("\nState:\tZ");
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let statuses =
            processes.filter_map(|process| fs::read_to_string(process.path().join("status")).ok());
        let zombies = statuses.filter(dead).count();
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map(Iterator::count).ok();
        Self { zombies, descriptors, resident: process::memory(pid, "VmRSS") }
    }
}
