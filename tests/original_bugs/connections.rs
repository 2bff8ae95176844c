//! Connections that nobody served, served wrongly, or paid for before they had shown a password.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use ostler_tests::aside::ready;
use ostler_tests::process::{command, kill};
use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{Answer, Daemon, FakeBurp, Settings, Step, Wire, wait_for};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::{Value, json};

fn request(fields: &Value) -> Vec<u8> {
    let mut fields = fields.clone();
    fields.as_object_mut().unwrap().entry("password").or_insert_with(|| PASSWORD.into());
    frame(fields.to_string().as_bytes())
}

fn version() -> Vec<u8> {
    request(&json!({ "func": "monitor_version" }))
}

/// A daemon that may have 4096 descriptors, of which it was given 1024 at first.
fn roomy(daemon: &Path) -> Command {
    limited(daemon, "1024:4096")
}

/// A daemon that may have 1024 descriptors.
fn narrow(daemon: &Path) -> Command {
    limited(daemon, "1024")
}

fn limited(daemon: &Path, descriptors: &str) -> Command {
    let mut start = command("prlimit");
    start.arg(format!("--nofile={descriptors}")).arg(daemon);
    start
}

/// So many connections that say nothing, each thirty from an address of their own.
fn silent(daemon: &Daemon, count: u16) -> Vec<Wire> {
    let mut descriptors = getrlimit(Resource::Nofile);
    descriptors.current = descriptors.maximum;
    setrlimit(Resource::Nofile, Rlimit { ..descriptors }).unwrap();
    let connect = |n: u16| {
        let [high, low] = (n / 30 + 2).to_be_bytes();
        Wire::connect_from(Ipv4Addr::new(127, 1, high, low), daemon.address())
    };
    (0..count).map(connect).collect()
}

fn patient(settings: Settings) -> Settings {
    settings
        .set("max_connections", "2000")
        .set("header_deadline", "600")
        .set("request_deadline", "600")
}

#[test]
fn bug_08_a_child_is_served_with_descriptors_beyond_1024() {
    let mut fake = FakeBurp::new();
    let daemon = patient(fake.settings()).through(roomy).start();
    daemon.wait_ready(2);
    let idle = silent(&daemon, 1100);
    wait_for("all are accepted", || daemon.status()["connections"]["open"].as_u64() > Some(1100));
    // What children's pipes have as their numbers now is beyond what select(2) can take.
    for child in daemon.children() {
        kill(child.pid, Signal::KILL);
        fake.wait_end(child.pid);
    }
    daemon.wait_ready(2);
    for n in 1..=10 {
        assert_eq!(daemon.query(&format!("c:client{}", n % 3 + 1)).status(), "OK");
    }
    assert_eq!(daemon.wait_ready(2)["totals"]["panics"], 0);
    drop(idle);
}

#[test]
fn bug_08_without_descriptors_the_silent_ones_go_the_service_goes_on_and_the_log_stays_short() {
    let fake = FakeBurp::new();
    let settings = patient(fake.settings()).set("header_deadline", "10");
    let daemon = settings.through(narrow).start();
    daemon.wait_ready(2);
    let before = daemon.log().len();
    let idle = silent(&daemon, 1100);
    for _ in 0..10 {
        assert_eq!(daemon.query("c:client1").status(), "OK");
    }
    daemon.wait_log("cannot accept on ");
    let said = daemon.log().split_off(before);
    assert!(said.len() < 20, "{} lines:\n{}", said.len(), said.join("\n"));
    drop(idle);
    daemon.wait_ready(2);
}

#[test]
fn bug_12_who_has_shown_no_password_costs_little_and_not_for_long() {
    let fake = FakeBurp::new();
    let settings = fake.settings().set("header_deadline", "0.5").set("request_deadline", "1");
    let daemon = settings.start();
    let whole = version();
    // On a busy machine the time of one may be over before anything is sent, which then ends in a reset.
    wait_for("all are closed, and none by a reset", || {
        let sizes = [0, 1, 7, 8, 9, whole.len() - 1];
        let mut wires = sizes.map(|size| {
            let mut wire = daemon.connect();
            let _ = wire.try_send(&whole[..size]);
            (size, wire)
        });
        let ends = wires.iter_mut().map(|(size, wire)| match wire.read_some() {
            Ok(bytes) => {
                assert!(bytes.is_empty(), "{size}: {bytes:?}");
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{size}");
                false
            }
        });
        ends.fold(true, |all, is_clean| all & is_clean)
    });
    let daemon = patient(fake.settings()).start();
    for announced in [64 * 1024 + 1, 1 << 24, 1 << 40, 1 << 63, u64::MAX] {
        let mut wire = daemon.connect();
        wire.send(&announced.to_be_bytes());
        let told = wire.answer().error();
        assert!(told.contains("65536"), "the limit is named before the body has come: {told}");
    }
    assert_eq!(daemon.query("c:client1").status(), "OK");
}

#[test]
fn bug_12_a_long_request_is_read_in_linear_time() {
    let fake = FakeBurp::new();
    let daemon = patient(fake.settings()).set("max_request", "16 MiB").start();
    // The original takes more than a minute for this, which is more than a test's patience.
    let filler = "x".repeat((16 << 20) - 100);
    let long = request(&json!({ "query": "c:", "filler": filler, "password": "another" }));
    let mut wire = daemon.connect();
    wire.send(&long);
    assert_eq!(wire.answer(), Answer::Ko);
}

#[test]
fn bug_14_a_request_may_come_in_any_pieces() {
    let fake = FakeBurp::new();
    // One thread, which serves another client between any two pieces.
    let daemon = fake.settings().set("threads", "1").start();
    let whole = version();
    for cut in 1..whole.len() {
        let mut wire = daemon.connect();
        wire.send(&whole[..cut]);
        assert_eq!(daemon.call("monitor_version").text(), "1.1.1");
        wire.send(&whole[cut..]);
        assert_eq!(wire.answer().text(), "1.1.1", "cut at {cut}");
    }
    let mut wire = daemon.connect();
    for byte in &whole {
        wire.send(&[*byte]);
    }
    assert_eq!(wire.answer().text(), "1.1.1", "byte by byte");
}

#[test]
fn bug_15_bytes_after_a_request_destroy_no_answer_and_reach_no_child() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    fake.at_query("c:client1", vec![Step::Filler(3_000_000)]);
    let asked = request(&json!({ "query": "c:client1", "cache": false }));
    let second = request(&json!({ "query": "c:client2", "cache": false }));
    for surplus in [b"x".to_vec(), second.clone(), second.repeat(100), vec![b' '; 500_000]] {
        let mut wire = daemon.connect();
        wire.send(&[asked.as_slice(), &surplus].concat());
        // A reset fails here.
        assert_eq!(wire.answer().body().len(), 3_000_000, "with {} bytes", surplus.len());
    }
    // The same after an answer that came at once.
    let mut wire = daemon.connect();
    wire.send(&[version(), second].concat());
    assert_eq!(wire.answer().text(), "1.1.1");
    assert_eq!(fake.asked("c:client2"), [0; 0], "one request a connection");
}
