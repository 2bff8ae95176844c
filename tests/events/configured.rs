//! What `[Events]` may say, what becomes of what it may not, and what a reload changes.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use broker::data::Data;
use broker::data::zeek::Event;
use broker::{Endpoint, EndpointOptions, QueueLimits, Subscriber, Tls, Topic};
use ostler_net::Address;
use ostler_net::tls::PeerSettings;
use ostler_runtime::Deadline;
use ostler_tests::certificates::Pair;
use ostler_tests::checked;
use ostler_tests::program::UNCHANGED;
use ostler_tests::secure::der;
use ostler_tests::{
    Certificates, Daemon, FakeBurp, PATIENCE, Secure, Settings, Step, Version, wait_for,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::heard::{address, greeted, listen, listen_with, next, port, port_in, subscribed};
use crate::monitor::{backup, count, settings, show, wait_looked};

/// Has a client of burp be at work, and then not any more: two events.
fn happen(fake: &FakeBurp) {
    show(fake, "running", None, &json!([backup(1, 1, &["working"])]));
}

fn is_running(arguments: &[Value]) -> bool {
    arguments[1..4].to_vec() == ["client1", "idle", "running"].map(Value::from)
}

fn idle(fake: &FakeBurp) {
    show(fake, "idle", None, &json!([]));
}

fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

#[test]
fn a_daemon_without_the_feature_refuses_the_section_by_file_line_and_key() {
    let text = format!("{}[Events]\nport = 9999\n", checked::clean());
    let checked = checked::check(&text, &[]);
    assert_eq!(checked.code, 78);
    let words = "[Events] port: this bui-monitor publishes no events: it was built without the \
                 feature `events`, which the package bui-monitor-broker has";
    assert_eq!(checked.told, format!("error: x.cfg:8: {words}\n"));
    let empty = format!("{}[Events]\n", checked::clean());
    assert_eq!(
        (checked::check(&empty, &[]).code, checked::check(&empty, &[]).told.as_str()),
        (0, "")
    );
}

#[test]
fn a_broker_that_is_peered_with_gets_the_events_and_comes_back_to_them() {
    let fake = FakeBurp::new();
    idle(&fake);
    let broker = Endpoint::new(EndpointOptions::default()).unwrap();
    let mut heard = broker.subscribe([topic("burp/client/")]);
    let at = Address::parse("127.0.0.1", 0).unwrap();
    let port = broker.listen(&at).unwrap()[0];
    let place = format!("127.0.0.1:{port}");
    let settings = fake.settings().status("port", "0").events("peers", &place);
    let settings = settings.events("interval", "0.25").events("source", "here");
    let _daemon = settings.events("retry", "1").start();
    wait_for("they are peers", || broker.peers().len() == 1);
    told(&mut heard, ["idle", "idle"]);
    happen(&fake);
    told(&mut heard, ["idle", "running"]);
    drop((heard, broker));
    let broker = Endpoint::new(EndpointOptions::default()).unwrap();
    let mut heard = broker.subscribe([topic("burp/client/")]);
    broker.listen(&Address::parse("127.0.0.1", port).unwrap()).unwrap();
    wait_for("they are peers again", || broker.peers().len() == 1);
    told(&mut heard, ["running", "running"]);
    idle(&fake);
    told(&mut heard, ["running", "idle"]);
}

/// The next event says that the client was this and is that.
pub(crate) fn told(heard: &mut Subscriber, states: [&str; 2]) {
    let received = heard.get_before(Deadline::after(PATIENCE)).unwrap();
    let event = Event::try_from(received.data).unwrap();
    assert_eq!(event.name, "Burp::client_state");
    let said = ["here", "client1", states[0], states[1]];
    assert_eq!(event.arguments[..4], said.map(Data::from));
    assert!(event.timestamp().is_some());
}

#[test]
fn who_listens_may_not_speak_in_the_daemons_name() {
    let fake = FakeBurp::new();
    idle(&fake);
    let daemon = settings(&fake).events("port", "0").start();
    let mut listener = listen(address(&daemon), &["burp/client/"]);
    let mut forger = listen(address(&daemon), &[]);
    forger.publish("burp/client/x", "string", "\"forged\"");
    let peer = Endpoint::new(EndpointOptions::default()).unwrap();
    peer.peer("127.0.0.1", port(&daemon, "peers"), None, Deadline::after(PATIENCE)).unwrap();
    assert!(peer.await_filter_entry(&topic("burp/client/x"), Deadline::after(PATIENCE)));
    assert_eq!(peer.publish(&topic("burp/client/x"), &Data::from("forged")), Ok(1));
    greeted(&mut listener, "idle");
    listener.hears_nothing();
    happen(&fake);
    assert!(is_running(&next(&mut listener).arguments));
}

#[test]
fn a_reload_turns_events_on_changes_and_ends_them() {
    let fake = FakeBurp::new();
    idle(&fake);
    // Nobody to publish to.
    let off = || fake.settings().status("port", "0").events("source", "here");
    let on = |source: &str| off().events("source", source).events("interval", "0.25");
    let mut daemon = off().start();
    daemon.wait_ready(2);
    assert_eq!(daemon.logged("events: waiting"), 0);
    let reload = |daemon: &mut Daemon, settings: &Settings| {
        daemon.configure(settings);
        daemon.reload();
    };
    reload(&mut daemon, &on("one").events("websocket_port", "0"));
    let mut first = listen(address(&daemon), &["burp/client/"]);
    greeted(&mut first, "idle");
    happen(&fake);
    assert_eq!(next(&mut first).arguments[0], "one");
    // The same again: whoever listens stays.
    reload(&mut daemon, &on("one").events("websocket_port", "0"));
    idle(&fake);
    assert_eq!(next(&mut first).arguments[3], "idle");
    // Another name: they come anew.
    reload(&mut daemon, &on("two").events("websocket_port", "0"));
    daemon.wait_logged("waiting for WebSocket clients", 2);
    let lines = daemon.log();
    let last = lines.iter().rfind(|line| line.contains("waiting for WebSocket clients")).unwrap();
    let mut second = listen(([127, 0, 0, 1], port_in(last)).into(), &["burp/client/"]);
    greeted(&mut second, "idle");
    happen(&fake);
    assert_eq!(next(&mut second).arguments[0], "two");
    // A port that another one has leaves everything as it was.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    reload(&mut daemon, &on("three").events("websocket_port", &port));
    daemon.wait_log("[Events] stays as it was");
    daemon.wait_logged("waiting for WebSocket clients", 3);
    let wrong = on("four").events("peers", "nowhere");
    daemon.configure(&wrong);
    daemon.signal(Signal::HUP);
    daemon.wait_log(UNCHANGED);
    daemon.wait_log("[Events] peers: member 1 must be host:port");
    reload(&mut daemon, &off());
    let before = count(&daemon, "published");
    idle(&fake);
    daemon.query("c:");
    assert_eq!(count(&daemon, "published"), before);
}

#[test]
fn who_does_not_know_the_token_or_comes_from_another_page_is_not_let_in() {
    let fake = FakeBurp::new();
    let files = Certificates::new();
    let token = files.write("token", b"open sesame\n");
    let settings = settings(&fake).events("token_file", token.to_str().unwrap());
    let daemon = settings.events("origins", "\"https://dash.example\"").start();
    let at = address(&daemon);
    let request = |headers: &[(&str, &str)]| {
        let mut caller = ostler_tests::Caller::new(at);
        caller.send(ostler_tests::websocket::request("GET", "/v1/messages/json", headers));
        caller.one().status
    };
    let token = ("Authorization", "Bearer open sesame");
    assert_eq!(request(&[]), 401);
    assert_eq!(request(&[("Origin", "https://evil.example"), token]), 403);
    drop(listen_with(at, &["burp/client/"], &[("Origin", "https://dash.example"), token]));
}

#[test]
fn with_certificates_nobody_else_comes_in() {
    let fake = FakeBurp::new();
    idle(&fake);
    let files = Certificates::new();
    let authority = files.own("authority");
    let (own, other) = (files.signed("own", &authority, 10), files.signed("other", &authority, 10));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let daemon = settings(&fake)
        .events("port", "0")
        .events("ssl", "true")
        .events("sslcert", &text(&own.certificate))
        .events("sslkey", &text(&own.key))
        .events("sslca", &text(&authority.certificate))
        .start();
    let peer = |pair: Option<&Pair>| {
        let settings = |pair: &Pair| PeerSettings {
            certificate: pair.certificate.clone(),
            key: pair.key.clone(),
            cafile: Some(authority.certificate.clone()),
            ..PeerSettings::default()
        };
        let tls = pair.map(|pair| Tls::load(&settings(pair)).unwrap());
        let endpoint =
            Endpoint::new(EndpointOptions { tls, ..EndpointOptions::default() }).unwrap();
        let at = port(&daemon, "peers");
        let peered = endpoint.peer("127.0.0.1", at, None, Deadline::after(Duration::from_secs(20)));
        peered.is_ok()
    };
    assert!(peer(Some(&other)) && !peer(None) && !peer(Some(&files.own("stranger"))));
    let secure = Secure::new(Version::Tls13, Some(&other));
    let talk = secure.connect(address(&daemon));
    let client = ostler_tests::websocket::Client::over(talk, "/v1/messages/json", &[]);
    let mut client = subscribed(client, &["burp/client/client1/"]);
    greeted(&mut client, "idle");
    happen(&fake);
    assert!(is_running(&next(&mut client).arguments));
}

#[test]
fn where_web_socket_clients_have_a_certificate_of_their_own_none_is_asked_for_one() {
    let fake = FakeBurp::new();
    idle(&fake);
    let files = Certificates::new();
    let (authority, web) = (files.own("authority"), files.own("web"));
    let own = files.signed("own", &authority, 10);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let served = files.joined("served", &[&web.certificate, &web.key]);
    let settings = settings(&fake)
        .events("port", "0")
        .events("ssl", "true")
        .events("sslcert", &text(&own.certificate))
        .events("sslkey", &text(&own.key))
        .events("sslca", &text(&authority.certificate))
        .events("websocket_sslcert", &text(&served));
    let mut daemon = settings.clone().start();
    let secure = Secure::new(Version::Tls13, None);
    let client = |daemon: &Daemon| {
        let talk = secure.connect(address(daemon));
        let client = ostler_tests::websocket::Client::over(talk, "/v1/messages/json", &[]);
        subscribed(client, &["burp/client/client1/"])
    };
    let shown = |daemon: &Daemon| {
        let mut talk = secure.connect(address(daemon));
        talk.shake_hands().unwrap();
        talk.seen()
    };
    let mut first = client(&daemon);
    greeted(&mut first, "idle");
    assert_eq!(shown(&daemon), der(&web));
    // A new certificate is shown at a reload, and whoever listens stays.
    let new = files.own("new");
    std::fs::copy(files.joined("renewed", &[&new.certificate, &new.key]), &served).unwrap();
    daemon.reload();
    assert_eq!(shown(&daemon), der(&new));
    happen(&fake);
    assert!(is_running(&next(&mut first).arguments));
    // Of peers they are asked for all the same.
    let stranger = Endpoint::new(EndpointOptions::default()).unwrap();
    let deadline = Deadline::after(Duration::from_secs(20));
    assert!(stranger.peer("127.0.0.1", port(&daemon, "peers"), None, deadline).is_err());
    daemon.configure(&settings.events("websocket_sslcert", "/nowhere"));
    daemon.signal(Signal::HUP);
    daemon.wait_log("[Events] websocket_sslcert, websocket_sslkey");
    assert_eq!(shown(&daemon), der(&new));
}

#[test]
fn who_reads_nothing_holds_up_no_query_and_nobody_else_and_is_counted() {
    // Long enough that a few summaries fill what may wait for a client.
    const CLIENTS: usize = 3000;
    let fake = FakeBurp::new();
    let many = |state: &str| {
        let client =
            |n: usize| json!({"name": format!("{n}{}", "x".repeat(1000)), "run_status": state});
        json!({ "clients": (0..CLIENTS).map(client).collect::<Vec<_>>() }).to_string()
    };
    let late = json!({"clients": [{"name": "late", "run_status": "idle"}]}).to_string();
    fake.at_query("c:", vec![Step::body(&many("idle"))]);
    let daemon = settings(&fake).events("port", "0").start();
    daemon.wait_ready(2);
    let few = QueueLimits { items: 16, bytes: 1 << 20 };
    let options = EndpointOptions { subscriber_buffer: few, ..EndpointOptions::default() };
    let stuck = Endpoint::new(options).unwrap();
    let _unread = stuck.subscribe([topic("burp/")]);
    let hearing = Endpoint::new(EndpointOptions::default()).unwrap();
    let mut heard = hearing.subscribe([topic("burp/client/late/")]);
    for endpoint in [&stuck, &hearing] {
        let at = port(&daemon, "peers");
        endpoint.peer("127.0.0.1", at, None, Deadline::after(PATIENCE)).unwrap();
    }
    wait_looked(&daemon);
    let mut state = false;
    wait_for("events are dropped", || {
        state = !state;
        fake.at_query("c:", vec![Step::body(&many(if state { "crashed" } else { "idle" }))]);
        assert_eq!(daemon.query("c:client1").status(), "OK");
        count(&daemon, "dropped") > 0
    });
    fake.at_query("c:", vec![Step::body(&late)]);
    assert!(heard.get_before(Deadline::after(PATIENCE)).is_some(), "it has room");
}
