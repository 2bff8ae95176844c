//! Summaries that stayed old for as long as anybody asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};
use ostler_tests::wire::ask;
use ostler_tests::{Kind, PATIENCE, PrivateBurp, wait_for, wait_until};
use serde_json::{Value, json};

/// The number of the newest backup of `client` in a summary, and what the client is doing.
fn newest(summary: &Value, client: &str) -> (u64, String) {
    let clients = summary["clients"].as_array().unwrap();
    let found = clients.iter().find(|one| one["name"] == client).unwrap();
    let finished =
        found["backups"].as_array().unwrap().iter().filter(|backup| {
            !backup["flags"].as_array().unwrap().iter().any(|flag| flag == "working")
        });
    let number = finished.filter_map(|backup| backup["number"].as_u64()).max();
    (number.unwrap_or(0), found["run_status"].as_str().unwrap().to_owned())
}

fn a_backup_is_seen_under_load(pool: &str, cached: bool) {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", pool).start();
    daemon.wait_ready(pool.parse().unwrap());
    let request = json!({ "query": "c:", "cache": cached });
    let (going, address) = (Arc::new(AtomicBool::new(true)), daemon.address().clone());
    let (goes, busy) = (Arc::clone(&going), request.clone());
    let load = move || {
        while goes.load(Ordering::Relaxed) {
            assert_eq!(ask(&address, &busy).status(), "OK");
        }
    };
    let load = Thread::spawn("load", load).unwrap();
    burp.begin_backup("client2");
    wait_for("the client is seen running", || {
        daemon.query("c:client2").json()["clients"][0]["run_status"] == "running"
    });
    wait_for("the summary shows it running", || {
        newest(&daemon.ask(&request).json(), "client2").1 == "running"
    });
    burp.finish_backup("client2");
    wait_for("the finished backup is seen under load", || {
        newest(&daemon.ask(&request).json(), "client2") == (3, "idle".to_owned())
    });
    going.store(false, Ordering::Relaxed);
    load.join();
}

#[test]
fn bug_16_a_running_and_a_finished_backup_are_seen_under_load() {
    a_backup_is_seen_under_load("2", false);
}

#[test]
fn bug_16_a_running_and_a_finished_backup_are_seen_under_load_with_one_child() {
    a_backup_is_seen_under_load("1", false);
}

#[test]
fn bug_16_a_running_and_a_finished_backup_are_seen_under_load_through_the_cache() {
    a_backup_is_seen_under_load("2", true);
}

/// Nobody asks for the summary while a backup comes and goes, and the one child is never left in
/// peace, nor in silence by another backup: the first summary afterwards must show it all the same.
#[test]
fn bug_16_a_backup_that_nobody_watched_is_in_the_next_summary() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", "1").start();
    daemon.wait_ready(1);
    burp.begin_backup("client2");
    burp.backup("client3");
    // The promise is three seconds, which are filled with other queries.
    let three_seconds = Deadline::after(Duration::from_secs(3));
    while !three_seconds.passed() {
        assert_eq!(daemon.query("c:client1:b:1").status(), "OK");
    }
    // It may still be called running for as long as burp's own process ends.
    assert_eq!(newest(&daemon.query("c:").json(), "client3").0, 3);
    burp.finish_backup("client2");
}

#[test]
fn bug_16_a_new_client_is_found_under_load() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", "1").start();
    daemon.wait_ready(1);
    burp.add("newcomer");
    burp.backup("newcomer");
    // A round of silence a minute is promised, and the requests here never leave one.
    wait_until(Deadline::after(PATIENCE * 2), "the new client is in the summary", || {
        let summary = daemon.query("c:").json();
        let clients = summary["clients"].as_array().unwrap();
        clients.iter().any(|client| client["name"] == "newcomer").then_some(())
    });
}
