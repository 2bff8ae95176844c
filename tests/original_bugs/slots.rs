//! Slots that were lost for ever: whatever goes wrong while a child is lent, the pool is whole again.

use std::sync::mpsc::channel;

use ostler_runtime::{Deadline, Thread};
use ostler_tests::aside::ready;
use ostler_tests::controller::Event;
use ostler_tests::process::kill;
use ostler_tests::wire::{PASSWORD, query};
use ostler_tests::{FakeBurp, Kind, PATIENCE, PrivateBurp, Question, Step, wait_until};
use rustix::process::Signal;

#[test]
fn bug_01_no_fault_while_a_child_is_lent_loses_its_slot() {
    let fake = FakeBurp::new();
    let mut daemon = fake.settings().start();
    daemon.wait_ready(2);
    let faults = [
        vec![Step::Die(9)],
        vec![Step::Exit(0)],
        vec![Step::raw("no answer\n")],
        vec![Step::Raw(b"\xff\xfe\x00\n".to_vec())],
        vec![Step::Marked("c:client3".to_owned(), b"{}".to_vec())],
        vec![Step::Answer, Step::raw("more\n")],
    ];
    assert!(faults.len() > 2, "more than there are slots");
    for fault in faults {
        fake.at_query("c:client1", fault.clone());
        let answer = daemon.query("c:client1");
        // What comes too much comes after an answer that is right.
        let right = if fault.len() == 2 { "OK" } else { "ER" };
        assert_eq!(answer.status(), right, "{fault:?}: {answer:?}");
        fake.behave();
        daemon.wait_ready(2);
    }
    // Only who never answers shall be late, and that soon.
    daemon.configure(&fake.settings().timeout(2));
    daemon.reload();
    fake.at_query("c:client1", vec![Step::Hang]);
    assert_eq!(daemon.query("c:client1").status(), "ER");
    fake.behave();
    daemon.wait_ready(2);
    daemon.configure(&fake.settings());
    daemon.reload();
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.call("statistics").json()["alive"], true);
}

#[test]
fn bug_02_a_directory_with_names_that_are_not_utf8_is_listed_as_often_as_one_likes() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let before = daemon.children();
    let docs = format!("c:client1:b:2:p:{}/docs", burp.backed_up("client1"));
    let bare = burp.bare(&[&docs]).remove(0);
    assert!(std::str::from_utf8(&bare).is_err(), "a name is not UTF-8");
    for _ in 0..5 {
        assert!(daemon.query(&docs).body() == bare, "what a bare child prints");
    }
    assert_eq!(daemon.wait_ready(2)["totals"]["losses"], 0);
    assert_eq!(daemon.children(), before);
}

#[test]
fn bug_06_a_query_that_is_no_text_costs_no_slot() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    let before = daemon.children();
    fake.forget();
    for query in
        ["7", "1.5", "true", "null", "[\"c:\"]", "{\"c\":1}", r#""\ud800""#, r#""c:\udfff""#]
    {
        for cache in [true, false] {
            let body = format!(r#"{{"query":{query},"cache":{cache},"password":"{PASSWORD}"}}"#);
            let mut wire = daemon.connect();
            wire.frame(body.as_bytes());
            let answer = wire.answer();
            assert_eq!(answer.status(), "ER", "{query}: {answer:?}");
        }
    }
    // The daemon looks at the summary of its own accord.
    let asked = fake.untaken().iter().find(|event| match event {
        Event::Asked(_, Question::Query(text)) => text != b"c:",
        _ => false,
    });
    assert_eq!(asked, None, "no child has seen it");
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.children(), before);
}

#[test]
fn bug_07_a_child_killed_while_busy_costs_no_request() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let both = daemon.children();
    // Stopped children take a query and do not answer it.
    for child in &both {
        kill(child.pid, Signal::STOP);
    }
    let (sender, receiver) = channel();
    let address = daemon.address().clone();
    let asks = move || sender.send(query(&address, "c:client1")).unwrap();
    let client = Thread::spawn("client", asks).unwrap();
    let busy = wait_until(Deadline::after(PATIENCE), "a child has the query", || {
        let status = daemon.status();
        let slots = status["slots"].as_array().unwrap();
        slots.iter().find(|slot| slot["state"] == "busy")?["pid"].as_u64()
    });
    for child in &both {
        let busy = u64::from(child.pid) == busy;
        kill(child.pid, if busy { Signal::KILL } else { Signal::CONT });
    }
    let answer = receiver.recv_timeout(PATIENCE).expect("an answer");
    assert_eq!(answer.status(), "OK", "{answer:?}");
    client.join();
    daemon.wait_ready(2);
}
