//! How `bui-monitor` treats connections, whatever they carry.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{Address, Answer, FakeBurp, Step, Wire};
use serde_json::{Value, json};

fn request(fields: &Value) -> Vec<u8> {
    let mut fields = fields.clone();
    fields.as_object_mut().unwrap().insert("password".to_owned(), PASSWORD.into());
    fields.to_string().into_bytes()
}

#[test]
fn silent_connections_hold_no_thread_and_no_child() {
    let fake = FakeBurp::new();
    let one = fake.settings().set("pool", "1").set("threads", "1");
    // No deadline of theirs passes here, however long the others take.
    let patient = one.set("header_deadline", "600").set("request_deadline", "600");
    let daemon = patient.set("trusted", "127.0.0.1").start();
    daemon.wait_ready(1);
    let mut silent: Vec<Wire> = (0..300).map(|_| daemon.connect()).collect();
    for wire in silent.iter_mut().step_by(3) {
        wire.send(b"\0\0\0\0");
    }
    for _ in 0..20 {
        assert_eq!(daemon.query("c:client1").status(), "OK");
    }
    let whole = frame(&request(&json!({ "func": "monitor_version" })));
    for wire in silent.iter_mut().step_by(3) {
        wire.send(&whole[4..]);
        assert_eq!(wire.answer().text(), "1.1.1");
    }
}

#[test]
fn a_slow_reader_holds_up_nobody() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "1").set("threads", "1").start();
    daemon.wait_ready(1);
    fake.at_query("c:client1:b:1", vec![Step::Filler(30_000_000)]);
    let mut slow = daemon.connect();
    slow.frame(&request(&json!({ "query": "c:client1:b:1", "cache": false })));
    let first = slow.read_some().unwrap();
    for _ in 0..20 {
        assert_eq!(daemon.query("c:client2").status(), "OK");
    }
    let rest = slow.rest();
    let whole = Answer::parse(&[first, rest].concat());
    assert_eq!(whole.body().len(), 30_000_000);
}

#[test]
fn requests_over_the_limit_are_refused_in_words() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().set("max_request", "1000").start();
    let mut wire = daemon.connect();
    wire.frame(&[b' '; 1000]);
    assert_eq!(wire.answer().status(), "ER", "no JSON, but not too long");
    for send in [0, 1, 500_000] {
        let mut wire = daemon.connect();
        wire.send(&1001_u64.to_be_bytes());
        let _ = wire.try_send(&vec![b' '; send]);
        assert!(wire.answer().error().contains("1000"), "the limit is named");
    }
}

#[test]
fn it_listens_on_unix_sockets_and_removes_them() {
    let fake = FakeBurp::new();
    let path = fake.directory().join("socket");
    let settings = fake.settings().set("bind", &format!("unix:{}", path.display()));
    let mut daemon = settings.start();
    assert_eq!(*daemon.address(), Address::Unix(path.clone()));
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    assert!(!path.exists());
}
