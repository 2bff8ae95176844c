//! What `bui-monitor` does when its children misbehave: no request hangs, no wrong answer goes
//! out, and the pool is whole again by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use ostler_runtime::Thread;
use ostler_tests::aside::{ask_aside, ready};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::wire::query;
use ostler_tests::{Answer, Caller, Daemon, FakeBurp, PATIENCE, Question, Step, Wire, wait_for};
use rustix::process::Signal;

/// One child is replaced and the pool is whole again.
fn heals(fake: &mut FakeBurp, daemon: &Daemon, pid: u32, pool: u64) {
    fake.wait_end(pid);
    fake.behave();
    daemon.wait_ready(pool);
    let answer = daemon.query("c:client1");
    assert_eq!(answer.status(), "OK", "{answer:?}");
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_delivered_whole() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    let text =
        "{\"response-start\":\"c:client1\"}\n{\"slow\":[1,2]}\n{\"response-end\":\"c:client1\"}\n";
    let step = Step::Drip(text.as_bytes().to_vec(), Duration::from_micros(200));
    fake.at_query("c:client1", vec![step]);
    assert_eq!(daemon.query("c:client1").text(), "{\"slow\":[1,2]}");
}

#[test]
fn long_answers_are_delivered_and_too_long_ones_are_told() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "1").set("max_answer", "20000000").start();
    daemon.wait_ready(1);
    fake.at_query("c:client1", vec![Step::Filler(19_000_000)]);
    assert_eq!(daemon.query("c:client1").body().len(), 19_000_000);
    fake.forget();
    fake.at_query("c:client2", vec![Step::Filler(21_000_000)]);
    let answer = daemon.query("c:client2");
    assert_eq!(answer.status(), "ER", "{answer:?}");
    let pid = fake.wait_query("c:client2");
    heals(&mut fake, &daemon, pid, 1);
}

#[test]
fn a_child_that_cannot_start_is_told_in_its_own_words() {
    let connecting = || Step::Logline("Connecting to 127.0.0.1:4972.".to_owned());
    let cases = [
        (
            vec![connecting(), Step::Logline("Could not connect to x".to_owned()), Step::Exit(4)],
            "ould not connect",
        ),
        (
            vec![
                connecting(),
                Step::Logline("e:001D:unable to authorise on server.".to_owned()),
                Step::Exit(1),
            ],
            "authorise",
        ),
        (vec![connecting(), Step::Die(13)], "status children"),
    ];
    for (steps, words) in cases {
        let mut fake = FakeBurp::new();
        fake.at_start(steps);
        let daemon = fake.settings().start();
        let pid = fake.wait_start();
        fake.wait_end(pid);
        let answer = daemon.query("c:");
        let Answer::Er(text) = &answer else { panic!("{words}: {answer:?}") };
        assert!(text.contains(words), "{words}: {text}");
        fake.behave();
        daemon.wait_ready(2);
        assert_eq!(daemon.query("c:").status(), "OK");
    }
}

#[test]
fn the_listener_answers_before_any_child_is_ready() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    let daemon = fake.settings().set("pool", "1").start();
    let pid = fake.wait_start();
    assert_eq!(daemon.call("monitor_version").text(), "1.1.1");
    let (waiting, client) = ask_aside(&daemon, "c:client1");
    fake.behave();
    fake.release(pid, &[Step::greet()]);
    let answer = waiting.recv_timeout(PATIENCE).unwrap();
    assert_eq!(answer.status(), "OK", "{answer:?}");
    client.join();
}

/// How many queries have shared the execution of an equal one.
fn shared(daemon: &Daemon) -> u64 {
    let line = daemon.wait_log("status on ");
    let mut caller = Caller::new(line.rsplit_once(' ').unwrap().1.parse().unwrap());
    caller.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let heard = caller.one();
    let name = "bui_monitor_cache_queries_total{result=\"shared\"} ";
    heard.text().lines().find_map(|line| line.strip_prefix(name)).unwrap().parse().unwrap()
}

#[test]
fn equal_queries_that_wait_together_share_one_execution() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "1").status("port", "0").start();
    daemon.wait_ready(1);
    fake.hold_at("c:client1:b:1");
    let (first, a) = ask_aside(&daemon, "c:client1:b:1");
    let holder = fake.wait_query("c:client1:b:1");
    let waiting: Vec<_> = (0..4).map(|_| ask_aside(&daemon, "c:client2:b:1")).collect();
    // Who joins others raises no queue.
    wait_for("three share the execution of the first", || shared(&daemon) == 3);
    fake.release(holder, &[Step::Answer]);
    assert_eq!(first.recv_timeout(PATIENCE).unwrap().status(), "OK");
    a.join();
    for (answer, client) in waiting {
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
    let times = fake.asked("c:client2:b:1").len();
    assert_eq!(times, 1, "asked {times} times");
}

#[test]
fn a_clean_stop_answers_what_is_in_flight() {
    let mut fake = FakeBurp::new();
    let mut daemon = ready(&fake, 1);
    fake.hold_at("c:client1");
    let (answer, client) = ask_aside(&daemon, "c:client1");
    let pid = fake.wait_query("c:client1");
    daemon.signal(Signal::TERM);
    let address = daemon.address().clone();
    wait_for("new connections are refused", || Wire::try_connect(&address).is_err());
    fake.release(pid, &[Step::body("{\"last\":1}")]);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap().text(), "{\"last\":1}");
    client.join();
    assert_eq!(daemon.ended().code(), Some(0));
    fake.wait_end(pid);
}

#[test]
fn children_are_replaced_when_the_client_configuration_changes() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 2);
    let before = fake.alive();
    let text = std::fs::read_to_string(fake.conf()).unwrap();
    std::fs::write(fake.conf(), format!("{text}# changed\n")).unwrap();
    // Idle children are looked after too, but a request may be what makes the daemon look.
    wait_for("the children are replaced", || {
        assert_eq!(daemon.query("c:client1").status(), "OK", "a successor is warm first");
        let now = fake.alive();
        now.len() == 2 && !now.iter().any(|pid| before.contains(pid))
    });
    fake.forget();
}

#[test]
fn a_child_has_its_pipes_and_no_descriptor_of_the_daemons() {
    let mut fake = FakeBurp::new();
    // Silence alone ends no connection here.
    let daemon = fake.settings().set("pool", "1").set("header_deadline", "600").start();
    daemon.wait_ready(1);
    let first = fake.wait_start();
    // Some may be handed down from whoever has started this test.
    let before = descriptors(first);
    let clients: Vec<Wire> = (0..20).map(|_| daemon.connect()).collect();
    wait_for("all are there", || daemon.status()["connections"]["open"].as_u64() > Some(20));
    kill(first);
    assert_eq!(descriptors(fake.wait_start()), before);
    drop(clients);
}

/// The numbers of a process's descriptors.
fn descriptors(pid: u32) -> BTreeSet<u32> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
}

/// Changes the client's configuration, which makes every child out of date.
fn change_configuration(fake: &FakeBurp) {
    let text = std::fs::read_to_string(fake.conf()).unwrap();
    std::fs::write(fake.conf(), format!("{text}# changed\n")).unwrap();
}

/// Asks until none of the children `before` is there any more.
fn wait_replaced(daemon: &Daemon, fake: &FakeBurp, before: &[u32]) {
    wait_for("the children are replaced", || {
        assert_eq!(daemon.query("c:client1").status(), "OK", "somebody serves");
        let now = fake.alive();
        now.len() == 2 && !now.iter().any(|pid| before.contains(pid))
    });
}

#[test]
fn children_that_die_while_they_are_replaced_do_not_end_all_replacements() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 2);
    let before = fake.alive();
    fake.forget();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    change_configuration(&fake);
    // A request makes the daemon look, and a successor is started and held at its greeting.
    wait_for("a successor has started", || {
        assert_eq!(daemon.query("c:client1").status(), "OK");
        fake.alive().len() == 3
    });
    let successor = fake.wait_start();
    for pid in &before {
        kill(*pid);
    }
    fake.behave();
    fake.release(successor, &[Step::greet()]);
    for pid in &before {
        fake.wait_end(*pid);
    }
    daemon.wait_ready(2);
    let before = fake.alive();
    change_configuration(&fake);
    wait_replaced(&daemon, &fake, &before);
}

#[test]
fn a_busy_child_makes_room_for_a_successor_that_is_turned_away() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake, 2);
    let before = fake.alive();
    let old = before.clone();
    // As a server that grants two status children and no third.
    fake.rule(move |_, question| match question {
        Question::Start if old.iter().all(|pid| runs(*pid)) => Reply::Do(vec![
            Step::Logline("Connecting to 127.0.0.1:4972.".to_owned()),
            Step::Die(13),
        ]),
        _ => usual(question),
    });
    let (stop, stopped) = channel::<()>();
    let address = daemon.address().clone();
    let load = Thread::spawn("load", move || {
        // Never idle, until the test drops its end.
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            assert_eq!(query(&address, "c:client1:b:1").status(), "OK");
        }
    })
    .unwrap();
    change_configuration(&fake);
    wait_for("an old child has made room", || !before.iter().all(|pid| runs(*pid)));
    fake.behave();
    wait_replaced(&daemon, &fake, &before);
    drop(stop);
    load.join();
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

fn runs(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}
