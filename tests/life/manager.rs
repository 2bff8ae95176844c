//! What the service manager is told, and when.

use ostler_tests::{FakeBurp, Manager, PATIENCE, Step};
use rustix::process::Signal;

use crate::ask_aside;

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
