//! `bui-monitor` in front of a real burp server, each test with a server of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};
use ostler_tests::process::{Identity, children, descendants, kill, unprivileged, wait_gone};
use ostler_tests::wire::{ask, query};
use ostler_tests::{Answer, Daemon, Kind, PATIENCE, PrivateBurp, Settings, wait_for, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};

const TRANSPORTS: [&str; 3] = ["quickack", "relay", "plain"];

/// One query of each kind that burp knows.
fn kinds(burp: &PrivateBurp) -> Vec<String> {
    let data = burp.backed_up("client1");
    let mut all: Vec<String> = ["c:", "c:client1", "c:client2:b:1", "c:client1:b:2:p:", "nonsense"]
        .map(str::to_owned)
        .into();
    for log in ["backup", "backup_stats", "manifest", "restore", "verify_stats"] {
        all.push(format!("c:client1:b:2:l:{log}"));
    }
    for directory in ["docs", "with space", "col:on", "nothing there"] {
        all.push(format!("c:client1:b:2:p:{data}/{directory}"));
    }
    all.push("c:client1:b:1:p:*".to_owned());
    all
}

fn same_as_bare(burp: &PrivateBurp, daemon: &Daemon, queries: &[String]) {
    let words: Vec<&str> = queries.iter().map(String::as_str).collect();
    for (query, bare) in words.iter().zip(burp.bare(&words)) {
        let ours = daemon.query(query).body();
        assert!(
            ours == bare,
            "{query}:\n{}\nnot what a bare child prints:\n{}",
            ours.escape_ascii(),
            bare.escape_ascii(),
        );
    }
}

fn every_kind_over(transport: &str) {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("transport", transport).start();
    let status = daemon.wait_ready(2);
    assert_eq!(status["transport"], transport, "{status}");
    same_as_bare(&burp, &daemon, &kinds(&burp));
    let docs = format!("c:client1:b:2:p:{}/docs", burp.backed_up("client1"));
    let listed = daemon.query(&docs).body();
    let hard = b"\"latin1-\xe9\xff\"";
    assert!(listed.windows(hard.len()).any(|part| part == hard), "the name as burp sent it");
}

#[test]
fn every_kind_of_query_over_quickack() {
    every_kind_over("quickack");
}

#[test]
fn every_kind_of_query_over_the_relay() {
    every_kind_over("relay");
}

#[test]
fn every_kind_of_query_over_plain_waiting() {
    every_kind_over("plain");
}

#[test]
fn an_unprivileged_daemon_has_every_transport() {
    let burp = PrivateBurp::new(Kind::Small);
    for transport in TRANSPORTS {
        let settings = burp.settings().set("transport", transport);
        let daemon = settings.through(|binary| unprivileged(binary)).start();
        let status = daemon.wait_ready(2);
        assert_eq!(status["transport"], transport, "{status}");
        same_as_bare(&burp, &daemon, &["c:".to_owned(), "c:client1:b:2:l:backup_stats".to_owned()]);
    }
}

#[test]
fn long_lists_are_what_a_bare_child_prints() {
    let burp = PrivateBurp::new(Kind::Large);
    let many = format!("c:bigclient:b:1:p:{}/many", burp.backed_up("bigclient"));
    let queries = [many, "c:".to_owned(), "c:bigclient:b:1:p:*".to_owned()];
    for transport in TRANSPORTS {
        let daemon = burp.settings().set("transport", transport).start();
        daemon.wait_ready(2);
        same_as_bare(&burp, &daemon, &queries);
    }
}

#[test]
fn pools_of_one_two_and_five_serve_whoever_comes() {
    let burp = PrivateBurp::new(Kind::Small);
    for pool in [1, 2, 5] {
        let daemon = burp.settings().set("pool", &pool.to_string()).start();
        let status = daemon.wait_ready(pool);
        assert_eq!(status["pool"], pool);
        assert_eq!(u64::try_from(daemon.children().len()), Ok(pool));
        let address = Arc::new(daemon.address().clone());
        let clients: Vec<Thread> = (0..8)
            .map(|n| {
                let address = Arc::clone(&address);
                let work = move || {
                    for _ in 0..20 {
                        let name = format!("client{}", n % 3 + 1);
                        let answer = query(&address, &format!("c:{name}")).json();
                        assert_eq!(answer["clients"][0]["name"], name.as_str());
                    }
                };
                Thread::spawn("client", work).unwrap()
            })
            .collect();
        clients.into_iter().for_each(Thread::join);
        let again = query(&address, "c:client1");
        assert_eq!(again.status(), "OK");
    }
}

#[test]
fn what_burp_only_warns_of_is_ko() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    for query in ["c:nosuch", "c:client1:b:99", "c:client1:b:abc", "c:client1:b:1:l:nope"] {
        assert_eq!(daemon.query(query), Answer::Ko, "{query}");
    }
}

#[test]
fn versions_are_those_of_the_child_and_its_server() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    assert_eq!(daemon.call("client_version").text(), "3.1.4");
    assert_eq!(daemon.call("server_version").text(), "3.1.4");
    assert_eq!(daemon.call("batch_list_supported").text(), "true");
    let said = r#"{"alive": true, "server_version": "3.1.4", "client_version": "3.1.4"}"#;
    assert_eq!(daemon.call("statistics").text(), said);
}

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
fn a_running_and_a_finished_backup_are_seen_under_load() {
    a_backup_is_seen_under_load("2", false);
}

#[test]
fn a_running_and_a_finished_backup_are_seen_under_load_with_one_child() {
    a_backup_is_seen_under_load("1", false);
}

#[test]
fn a_running_and_a_finished_backup_are_seen_under_load_through_the_cache() {
    a_backup_is_seen_under_load("2", true);
}

#[test]
fn a_stopped_server_is_told_and_a_restarted_one_is_used_again() {
    let burp = PrivateBurp::new(Kind::Small);
    for transport in TRANSPORTS {
        let daemon = burp.settings().set("transport", transport).start();
        daemon.wait_ready(2);
        burp.stop();
        let told = wait_until(Deadline::after(PATIENCE), "the failure is told", || {
            match daemon.query("c:") {
                Answer::Er(text) => Some(text),
                _ => None,
            }
        });
        assert!(!told.contains('/'), "no path goes out: {told}");
        // In burp's own words, or in the relay's, which is what was refused then.
        wait_for("the cause is told", || match daemon.query("c:client1") {
            Answer::Er(text) => text.contains("Could not connect") || text.contains("refused"),
            _ => false,
        });
        burp.start();
        daemon.wait_ready(2);
        assert_eq!(daemon.query("c:").status(), "OK");
    }
}

#[test]
fn a_server_that_comes_after_the_daemon_is_found() {
    let burp = PrivateBurp::new(Kind::Small);
    burp.stop();
    let daemon = burp.settings().start();
    assert_eq!(daemon.call("monitor_version").text(), "1.1.1", "answered without burp");
    assert_eq!(daemon.query("c:").status(), "ER");
    burp.start();
    daemon.wait_ready(2);
    same_as_bare(&burp, &daemon, &["c:client3".to_owned()]);
}

#[test]
fn a_reloaded_server_costs_no_request_and_the_pool_is_whole_again() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let before = daemon.children();
    burp.reload();
    wait_gone(&before);
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client1").status(), "OK");
}

#[test]
fn a_child_killed_while_idle_is_replaced() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let before: HashSet<Identity> = daemon.children().into_iter().collect();
    let victim = *before.iter().next().unwrap();
    kill(victim.pid, Signal::KILL);
    wait_gone(&[victim]);
    assert_eq!(daemon.query("c:client1").status(), "OK", "the other child answers");
    wait_for("the pool is whole", || {
        let now = daemon.children();
        now.len() == 2 && !now.contains(&victim)
    });
    daemon.wait_ready(2);
}

#[test]
fn a_child_killed_while_busy_costs_no_request() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().start();
    daemon.wait_ready(2);
    let both = daemon.children();
    // Stopped children take a query and do not answer it.
    for child in &both {
        kill(child.pid, Signal::STOP);
    }
    let (sender, receiver) = std::sync::mpsc::channel();
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

#[test]
fn with_too_many_status_children_the_others_serve() {
    let burp = PrivateBurp::with(Kind::Small, &["--max-status", "1"]);
    let daemon = burp.settings().start();
    daemon.wait_ready(1);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    let errors = wait_until(Deadline::after(PATIENCE), "the reason is kept", || {
        let errors = daemon.status()["last_errors"].as_array()?.clone();
        (!errors.is_empty()).then_some(errors)
    });
    assert!(!errors.is_empty());
    assert_eq!(daemon.query("c:client2").status(), "OK");
}

#[test]
fn a_setting_inside_a_query_reaches_no_child() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", "1").start();
    daemon.wait_ready(1);
    let before = (daemon.query("c:client1"), daemon.children());
    for setting in [
        "c:client1:j:pretty-print-on",
        "x:j:pretty-print-on",
        "c:client1:b:1:j:response-markers-off",
        "c:client1:l:backup:j:peer_version=2.1.8",
    ] {
        let answer = daemon.query(setting);
        assert!(matches!(&answer, Answer::Er(text) if text.contains("setting")), "{answer:?}");
    }
    assert_eq!((daemon.query("c:client1"), daemon.children()), before);
}

/// Nobody asks for the summary while a backup comes and goes, and the one child is never left in
/// peace, nor in silence by another backup: the first summary afterwards must show it all the same.
#[test]
fn a_backup_that_nobody_watched_is_in_the_next_summary() {
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
fn a_new_client_is_found_under_load() {
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

#[test]
fn nothing_is_left_behind() {
    let burp = PrivateBurp::new(Kind::Small);
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        for transport in TRANSPORTS {
            let settings: Settings = burp.settings().set("transport", transport);
            let mut daemon = settings.start();
            daemon.wait_ready(2);
            let family = descendants(daemon.pid());
            assert!(family.len() >= 2);
            daemon.signal(signal);
            let ended = daemon.ended();
            if signal != Signal::KILL {
                assert_eq!(ended.code(), Some(0), "{ended}");
                let gone = family.iter().all(|process| !process.runs());
                assert!(gone, "after a clean end its children have ended");
                let left: Vec<_> = std::fs::read_dir(daemon.directory()).unwrap().collect();
                assert_eq!(left.len(), 1, "only the configuration is left: {left:?}");
            }
            wait_gone(&family);
            assert!(children(daemon.pid()).is_empty());
        }
    }
}
