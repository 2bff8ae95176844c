//! `bui-monitor` in front of a real burp server, each test with a server of its own.

use std::collections::HashSet;
use std::sync::Arc;

use ostler_runtime::{Deadline, Thread};
use ostler_tests::process::{Identity, children, descendants, kill, unprivileged, wait_gone};
use ostler_tests::wire::query;
use ostler_tests::{Answer, Kind, PATIENCE, PrivateBurp, Settings, wait_for, wait_until};
use rustix::process::Signal;

const TRANSPORTS: [&str; 3] = ["quickack", "relay", "plain"];

fn every_kind_over(transport: &str) {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("transport", transport).start();
    let status = daemon.wait_ready(2);
    assert_eq!(status["transport"], transport, "{status}");
    burp.compare(&burp.kinds(), |query| daemon.query(query));
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

/// A setting behind up to three fields that burp reads otherwise than one may think.
fn settings_in_disguise() -> Vec<String> {
    let fields = ["", "c", " c", "p"];
    let mut all = vec!["j:nope".to_owned()];
    let mut longest = all.clone();
    for _ in 0..3 {
        let longer = |rest: &String| fields.map(|field| format!("{field}:{rest}"));
        longest = longest.iter().flat_map(longer).collect();
        all.extend(longest.clone());
    }
    all
}

#[test]
fn no_setting_reaches_a_child_in_disguise() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = burp.settings().set("pool", "1").start();
    daemon.wait_ready(1);
    let queries = settings_in_disguise();
    let words: Vec<&str> = queries.iter().map(String::as_str).collect();
    let mut settings = 0;
    for (query, bare) in words.iter().zip(burp.bare(&words)) {
        // What burp says to a setting that it does not know.
        let is_setting = bare == b"{\"warning\":\"Unknown command\"}";
        settings += usize::from(is_setting);
        match daemon.query(query) {
            Answer::Er(words) => assert!(words.contains("is a setting"), "{query:?}: {words}"),
            answer if is_setting => panic!("{query:?} is a setting, and went through: {answer:?}"),
            Answer::Ok(body) => assert!(body == bare, "{query:?} is answered otherwise"),
            // Another warning.
            _ => {}
        }
    }
    assert!(settings > 20 && settings < queries.len(), "{settings} of {}", queries.len());
    assert_eq!(daemon.status()["totals"]["losses"], 0);
}

#[test]
fn an_unprivileged_daemon_has_every_transport() {
    let burp = PrivateBurp::new(Kind::Small);
    for transport in TRANSPORTS {
        let settings = burp.settings().set("transport", transport);
        let daemon = settings.through(|binary| unprivileged(binary)).start();
        let status = daemon.wait_ready(2);
        assert_eq!(status["transport"], transport, "{status}");
        let queries = ["c:", "c:client1:b:2:l:backup_stats"].map(str::to_owned);
        burp.compare(&queries, |query| daemon.query(query));
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
        burp.compare(&queries, |query| daemon.query(query));
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
