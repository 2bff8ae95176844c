//! What the service manager is told, and when.

use ostler_tests::controller::{Reply, usual};
use ostler_tests::{FakeBurp, Manager, PATIENCE, Question, Step, Wire};
use rustix::process::Signal;

use crate::{RELOADED, ask_aside};

#[test]
fn it_is_ready_when_a_child_is() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    let manager = Manager::new();
    // After this time it would be ready in any case.
    let settings = fake.settings().set("start_deadline", "3600");
    let mut daemon = manager.watched(settings).start();
    let first = fake.wait_start();
    let second = fake.wait_start();
    manager.lives(3);
    // It listens, and says that it lives, but not that it is ready; a reload changes nothing.
    drop(Wire::connect(daemon.address()));
    daemon.signal(Signal::HUP);
    daemon.wait_logged(RELOADED, 1);
    manager.lives(3);
    fake.release(first, &[Step::greet()]);
    manager.wait("READY=1");
    daemon.wait_ready(1);
    manager.lives(2);
    fake.release(second, &[Step::greet()]);
    daemon.wait_ready(2);
}

#[test]
fn it_is_ready_without_a_child_once_a_child_had_its_time() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Hang]);
    let manager = Manager::new();
    let daemon = manager.watched(fake.settings().set("start_deadline", "0.3")).start();
    manager.wait("READY=1");
    assert_eq!(daemon.status()["n_ready"], 0);
    assert_eq!(daemon.call("monitor_version").status(), "OK");
}

#[test]
fn reloads_are_told_from_their_beginning_to_their_end() {
    let fake = FakeBurp::new();
    let manager = Manager::new();
    let mut daemon = manager.watched(fake.settings()).start();
    manager.wait("READY=1");
    for _ in 0..2 {
        daemon.signal(Signal::HUP);
        manager.wait("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait("READY=1");
    }
}

#[test]
fn it_is_alive_until_its_last_answer_is_given() {
    let mut fake = FakeBurp::new();
    let manager = Manager::new();
    let mut daemon = manager.watched(fake.settings()).start();
    manager.wait("READY=1");
    fake.hold_at("c:client1");
    let (answer, client) = ask_aside(&daemon, "c:client1");
    let pid = fake.wait_query("c:client1");
    daemon.signal(Signal::TERM);
    manager.wait("STOPPING=1");
    manager.lives(3);
    fake.release(pid, &[Step::Answer]);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
    client.join();
    assert_eq!(daemon.ended().code(), Some(0));
}
