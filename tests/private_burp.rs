//! The private burp server that other tests stand on: it must hold what they expect.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ostler_tests::{Kind, PrivateBurp};
use serde_json::Value;

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn three_clients_have_two_backups_each_and_names_are_hard() {
    let burp = PrivateBurp::new(Kind::Small);
    let docs = format!("c:client1:b:2:p:{}/docs", burp.backed_up("client1"));
    let answers = burp.bare(&["c:", "c:client3", &docs]);
    let names: Vec<Value> = json(&answers[0])["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|client| client["name"].clone())
        .collect();
    assert_eq!(names, ["client1", "client2", "client3", "monitor"]);
    assert_eq!(json(&answers[1])["clients"][0]["backups"].as_array().unwrap().len(), 2);
    assert!(std::str::from_utf8(&answers[2]).is_err(), "a name is not UTF-8");
    assert!(answers[2].windows(6).any(|part| part == b"\\u0001"), "a name has control characters");
}

#[test]
fn further_backups_clients_and_restarts_are_seen() {
    let burp = PrivateBurp::new(Kind::Small);
    burp.backup("client1");
    burp.begin_backup("client2");
    burp.add("fourth");
    let answers = burp.bare(&["c:client1"]);
    assert_eq!(json(&answers[0])["clients"][0]["backups"].as_array().unwrap().len(), 3);
    burp.finish_backup("client2");
    burp.stop();
    burp.start();
    burp.reload();
    let clients = json(&burp.bare(&["c:"])[0])["clients"].clone();
    assert_eq!(clients.as_array().unwrap().len(), 5);
    assert_eq!(clients[1]["backups"][0]["number"], 3);
}

#[test]
fn the_large_one_is_large() {
    let burp = PrivateBurp::new(Kind::Large);
    let many = format!("c:bigclient:b:1:p:{}/many", burp.backed_up("bigclient"));
    let answers = burp.bare(&["c:", &many]);
    assert_eq!(json(&answers[0])["clients"].as_array().unwrap().len(), 205);
    assert!(answers[0].len() > 30_000);
    assert!(answers[1].len() > 4_000_000);
}
