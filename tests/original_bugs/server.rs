//! A burp server that is away, comes late or comes back.

use std::path::PathBuf;

use ostler_runtime::Deadline;
use ostler_tests::process::wait_gone;
use ostler_tests::{Answer, Kind, PATIENCE, PrivateBurp, wait_for, wait_until};

#[test]
fn bug_03_a_stopped_server_is_told_and_a_restarted_one_is_used_again() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemons = ["quickack", "relay", "plain"].map(|transport| {
        let daemon = burp.settings().set("transport", transport).start();
        daemon.wait_ready(2);
        daemon
    });
    burp.stop();
    for daemon in &daemons {
        let told = wait_until(Deadline::after(PATIENCE), "the failure is told", || {
            match daemon.query("c:") {
                Answer::Er(text) => Some(text),
                _ => None,
            }
        });
        assert!(!told.contains('/'), "no path goes out: {told}");
        // In burp's own words, or in the relay's, which is what was refused then.
        let told = wait_until(Deadline::after(PATIENCE), "the cause is told", || {
            match daemon.query("c:client1") {
                Answer::Er(text) => Some(text)
                    .filter(|text| text.contains("Could not connect") || text.contains("refused")),
                _ => None,
            }
        });
        assert!(!told.contains("os error"), "no number of the system's goes out: {told}");
        // More than there are slots.
        for _ in 0..5 {
            assert_eq!(daemon.query("c:client2").status(), "ER");
        }
    }
    burp.start();
    for daemon in &daemons {
        daemon.wait_ready(2);
        assert_eq!(daemon.query("c:").status(), "OK");
    }
}

#[test]
fn bug_04_a_server_that_comes_after_the_daemon_is_found() {
    let burp = PrivateBurp::new(Kind::Small);
    burp.stop();
    let daemon = burp.settings().start();
    assert_eq!(daemon.call("monitor_version").text(), "1.1.1", "answered without burp");
    assert_eq!(daemon.query("c:").status(), "ER");
    burp.start();
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client3").body(), burp.bare(&["c:client3"]).remove(0));
}

/// The server answers a new child at its next tick, which comes every five seconds.
#[test]
fn bug_04_a_timeout_below_the_tick_of_the_server_leaves_no_slot_empty() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", "5").timeout(4).start();
    let status = daemon.wait_ready(5);
    assert_eq!(status["totals"]["failed_starts"], 0, "{status}");
    assert_eq!(daemon.query("c:client1").status(), "OK");
}

#[test]
fn bug_20_a_reloaded_server_costs_no_request_and_leaves_no_zombie() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let before = daemon.children();
    burp.reload();
    wait_gone(&before);
    // Without a request that would be the occasion for it.
    wait_for("both are reaped", || {
        let kept = |pid: u32| PathBuf::from(format!("/proc/{pid}")).exists();
        !before.iter().any(|child| kept(child.pid))
    });
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client1").status(), "OK");
}
