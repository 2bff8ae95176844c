//! Queries that harmed the child, and with it everybody else: refused before a child sees them.

use ostler_tests::{Answer, Daemon, Kind, PrivateBurp};

/// A daemon with one child: what one client does to it, every other would feel.
fn one_child(burp: &PrivateBurp) -> Daemon {
    let daemon = burp.settings().set("pool", "1").start();
    daemon.wait_ready(1);
    daemon
}

/// Each is refused with `words`, and afterwards the same child answers the same bytes.
fn refused(daemon: &Daemon, queries: &[&str], words: &str) {
    let before = (daemon.query("c:client1").body(), daemon.children());
    for query in queries {
        let answer = daemon.query(query);
        let start = query.get(..query.len().min(40));
        assert!(
            matches!(&answer, Answer::Er(text) if text.contains(words)),
            "{start:?}: {answer:?}"
        );
        assert!((daemon.query("c:client1").body(), daemon.children()) == before, "after {start:?}");
    }
    assert_eq!(daemon.status()["totals"]["losses"], 0);
}

#[test]
fn bug_09_an_empty_query_is_refused_and_the_child_lives_on() {
    let burp = PrivateBurp::new(Kind::Small);
    refused(&one_child(&burp), &["", " ", "\t", "\n", "\r\n", " \n", "\nc:", "\n\n\n"], "empty");
}

#[test]
fn bug_10_a_setting_reaches_no_child_wherever_it_stands() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = one_child(&burp);
    let settings = [
        "j:pretty-print-on",
        "j:response-markers-off",
        "j:peer_version=",
        "j:peer_version=2.1.8",
        " j:pretty-print-on",
        "c:client1:j:pretty-print-on",
        "x:j:pretty-print-on",
        "c:client1:b:1:j:response-markers-off",
        "c:client1:l:backup:j:peer_version=2.1.8",
    ];
    refused(&daemon, &settings, "setting");
    // What it would have spoilt: a long answer in one line.
    let all = daemon.query("c:client1:b:1:p:*").body();
    assert!(all == burp.bare(&["c:client1:b:1:p:*"]).remove(0), "what a bare child prints");
}

#[test]
fn bug_11_a_query_that_burp_cannot_take_is_refused_and_the_longest_others_are_answered() {
    let burp = PrivateBurp::new(Kind::Small);
    let daemon = one_child(&burp);
    let long = |size: usize| format!("c:{}", "x".repeat(size - 2));
    let lengths = [16_001, 32_016, 32_030, 32_031, 32_032, 40_000, 60_000].map(long);
    refused(&daemon, &lengths.each_ref().map(String::as_str), "longer than 16000 bytes");
    assert_eq!(daemon.query(&long(16_000)), Answer::Ko, "burp knows no client of this name");
    // Two bytes for each that burp escapes in its markers.
    let escaped = format!("c:{}", "\"".repeat(15_998));
    assert_eq!(daemon.query(&escaped), Answer::Ko);
    assert_eq!(daemon.status()["totals"]["losses"], 0);
}
