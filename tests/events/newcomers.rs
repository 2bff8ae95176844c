//! Who comes later learns how burp's clients are, without waiting for changes.

use broker::data::Data;
use broker::data::zeek::Event;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_runtime::Deadline;
use ostler_tests::{Daemon, FakeBurp, PATIENCE, Step, wait_for};
use serde_json::{Value, json};

use crate::configured::told;
use crate::heard::{address, greeted, listen, next, port};
use crate::monitor::{backup, count, settings, show};

/// A daemon whose burp shows these clients in these states.
fn start(fake: &FakeBurp, clients: &[(&str, &str)]) -> Daemon {
    shown(fake, clients);
    let daemon = settings(fake).events("port", "0").start();
    daemon.wait_ready(2);
    daemon
}

fn shown(fake: &FakeBurp, clients: &[(&str, &str)]) {
    let client = |(name, state): &(&str, &str)| json!({"name": name, "run_status": state});
    let clients: Vec<Value> = clients.iter().map(client).collect();
    fake.at_query("c:", vec![Step::body(&json!({ "clients": clients }).to_string())]);
}

#[test]
fn whoever_comes_later_learns_how_all_are_and_nobody_else_hears_it_again() {
    let fake = FakeBurp::new();
    let daemon = start(&fake, &[("a", "idle"), ("b", "running")]);
    let mut first = listen(address(&daemon), &["burp/client/"]);
    let heard = |listener: &mut _| {
        let event = next(listener);
        assert_eq!(event.name, "Burp::client_state");
        let said: Vec<String> =
            event.arguments[1..4].iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        assert_eq!(event.topic, format!("burp/client/{}/state", said[0]));
        said
    };
    let mut both = [heard(&mut first), heard(&mut first)];
    assert_eq!(both, [["a", "idle", "idle"], ["b", "running", "running"]]);
    shown(&fake, &[("a", "client crashed"), ("c", "idle")]);
    let mut changes: Vec<Vec<String>> = (0..3).map(|_| heard(&mut first)).collect();
    changes.sort();
    let expected = [["a", "idle", "client crashed"], ["b", "running", ""], ["c", "", "idle"]];
    assert_eq!(changes, expected);
    let mut second = listen(address(&daemon), &["burp/client/"]);
    let mut third = listen(address(&daemon), &["burp/client/c/"]);
    both = [heard(&mut second), heard(&mut second)];
    assert_eq!(both, [["a", "client crashed", "client crashed"], ["c", "idle", "idle"]]);
    assert_eq!(heard(&mut third), ["c", "idle", "idle"]);
    for listener in [&mut first, &mut second, &mut third] {
        listener.hears_nothing();
    }
    wait_for("all have been counted", || count(&daemon, "published") == 8);
}

#[test]
fn a_peer_that_wants_more_than_before_learns_it_then() {
    let fake = FakeBurp::new();
    show(&fake, "running", None, &json!([backup(1, 1, &["working"])]));
    let daemon = settings(&fake).events("port", "0").start();
    let mut witness = listen(address(&daemon), &["burp/client/"]);
    greeted(&mut witness, "running");
    let peer = Endpoint::new(EndpointOptions::default()).unwrap();
    let mut heard = peer.subscribe([Topic::new("elsewhere/").unwrap()]);
    peer.peer("127.0.0.1", port(&daemon, "peers"), None, Deadline::after(PATIENCE)).unwrap();
    // Who came later was told, and so was the peer, if it was to be.
    greeted(&mut listen(address(&daemon), &["burp/client/"]), "running");
    assert_eq!(heard.available(), 0);
    heard.add_topic(Topic::new("burp/client/client1/").unwrap());
    told(&mut heard, ["running", "running"]);
    show(&fake, "idle", None, &json!([]));
    told(&mut heard, ["running", "idle"]);
}

#[test]
fn whoever_comes_later_misses_none_of_more_clients_than_may_wait_for_it() {
    const CLIENTS: usize = 5000;
    let fake = FakeBurp::new();
    let names: Vec<String> = (0..CLIENTS).map(|number| format!("client{number:04}")).collect();
    let idle: Vec<_> = names.iter().map(|name| (name.as_str(), "idle")).collect();
    let daemon = start(&fake, &idle);
    let mut slow = listen(address(&daemon), &["burp/client/"]);
    let peer = Endpoint::new(EndpointOptions::default()).unwrap();
    let mut heard = peer.subscribe([Topic::new("burp/client/").unwrap()]);
    peer.peer("127.0.0.1", port(&daemon, "peers"), None, Deadline::after(PATIENCE)).unwrap();
    for name in &names {
        let received = heard.get_before(Deadline::after(PATIENCE)).unwrap();
        let event = Event::try_from(received.data).unwrap();
        assert_eq!(event.arguments[1], Data::from(name.as_str()));
    }
    for name in &names {
        assert_eq!(next(&mut slow).arguments[1], json!(name));
    }
    slow.hears_nothing();
    assert_eq!(count(&daemon, "dropped"), 0);
}
