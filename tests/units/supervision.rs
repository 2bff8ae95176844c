//! What systemd does when the daemon ends, hangs, or cannot start.

use std::net::TcpListener;

use ostler_tests::installed::SERVICE;
use ostler_tests::process::{kill, wait_gone};
use ostler_tests::{Kind, PrivateBurp, wait_for};
use rustix::process::Signal;

use crate::installed;

#[test]
fn a_daemon_that_dies_is_started_again_and_its_children_go_with_it() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    service.start();
    let children = service.children();
    kill(service.daemon().unwrap(), Signal::KILL);
    wait_gone(&children);
    wait_for("it was started again", || service.property("NRestarts") == "1");
    wait_for("it is ready", || service.property("ActiveState") == "active");
    service.wait_ready(2);
    assert_eq!(service.query("c:client1").status(), "OK");
}

#[test]
fn a_daemon_that_hangs_is_started_again() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    service.unit("bui-monitor.service.d/watch.conf", "[Service]\nWatchdogSec=5s\n");
    service.start();
    let hung = service.daemon().unwrap();
    kill(hung, Signal::STOP);
    wait_for("another one runs", || service.daemon().is_some_and(|daemon| daemon != hung));
    assert_ne!(service.property("NRestarts"), "0");
    wait_for("it is ready", || service.property("ActiveState") == "active");
    service.wait_ready(2);
}

#[test]
fn what_does_not_pass_by_itself_is_not_tried_again() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(mut service) = installed(&burp) else { return };
    let usual = "unix:/run/bui-monitor/socket";
    for (key, value, usual, code) in [
        ("threads", "none", "4", "78"),
        // Outside its own directories nothing can be written to.
        ("bind", "unix:/run/socket", usual, "77"),
    ] {
        service.set(key, value);
        assert!(!service.systemd().systemctl(&["start", SERVICE]).status.success(), "{key}");
        assert_eq!(service.property("ActiveState"), "failed", "{key}");
        assert_eq!(service.property("ExecMainStatus"), code, "{key}");
        assert_eq!(service.property("NRestarts"), "0", "{key}");
        service.set(key, usual);
    }
    service.start();
}

#[test]
fn what_passes_is_tried_until_it_has() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(mut service) = installed(&burp) else { return };
    // An address that no other test has.
    let taken = TcpListener::bind("127.69.69.69:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    service.set("bind", "127.69.69.69, unix:/run/bui-monitor/socket");
    service.set("port", &port.to_string());
    service.succeed(&["start", "--no-block", SERVICE]);
    // More often than systemd grants in ten seconds, unless it is told otherwise.
    let tries = || service.property("NRestarts").parse::<u32>().unwrap();
    wait_for("it was tried again and again", || tries() > 5);
    assert!(service.log().contains("Address already in use"), "{}", service.log());
    drop(taken);
    wait_for("it is ready", || service.property("ActiveState") == "active");
    service.wait_ready(2);
}
