//! Connections that go on in another protocol.

use std::io::{Read, Write};
use std::sync::Arc;

use ostler_net::tls::LiveIdentity;
use ostler_net::{Drained, Limits};
use ostler_tests::echo::identity;
use ostler_tests::{Certificates, Heard, Secure, Site, Version};

use crate::plain;

const REQUEST: &str = "GET /repeats HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: other, Repeats\r\n\r\n";

/// Upgrades, and hears what was sent behind the request and what is sent later.
fn upgrade(stream: &mut (impl Read + Write)) {
    stream.write_all(format!("{REQUEST}behind it").as_bytes()).unwrap();
    let heard = Heard::read(stream, true).unwrap();
    assert_eq!((heard.status, heard.text()), (101, ""));
    assert_eq!(
        [heard.header("Upgrade"), heard.header("Connection")],
        [Some("repeats"), Some("Upgrade")]
    );
    repeated(stream, "behind it");
}

fn repeated(stream: &mut impl Read, wanted: &str) {
    let mut got = vec![0; wanted.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(std::str::from_utf8(&got), Ok(wanted));
}

#[test]
fn an_upgraded_connection_has_nothing_to_do_with_its_server_any_more() {
    let mut site = Site::new(Limits { max_connections: 1, ..Limits::default() });
    let mut first = site.connect();
    // A request before does not matter.
    first.send(plain("GET", "/"));
    assert_eq!(first.one().text(), "hello");
    upgrade(first.stream());
    site.counts("its place is free", |statistics| statistics.open == 0);
    let mut second = site.connect();
    upgrade(second.stream());
    assert_eq!(site.drain(), Drained::Whole);
    for caller in [&mut first, &mut second] {
        caller.send("still there");
        repeated(caller.stream(), "still there");
    }
    drop(site);
    assert!(first.is_closed() && second.is_closed());
}

#[test]
fn a_session_of_tls_goes_along() {
    let made = Certificates::new();
    let live = Arc::new(LiveIdentity::new(identity(&made.own("localhost"))));
    let site = Site::secured(live, Limits::default());
    for version in [Version::Tls12, Version::Tls13] {
        let mut talk = Secure::new(version, None).connect(site.address());
        upgrade(&mut talk);
        for round in 0..100 {
            let words = format!("{round} ").repeat(1000);
            talk.write_all(words.as_bytes()).unwrap();
            repeated(&mut talk, &words);
        }
    }
}

#[test]
fn who_does_not_ask_for_it_rightly_stays_in_http() {
    let site = Site::new(Limits::default());
    for request in [
        plain("GET", "/repeats"),
        REQUEST.replace("Repeats", "h2c"),
        REQUEST.replace("Connection: Upgrade", "Connection: keep-alive"),
        REQUEST.replace("Connection: Upgrade", "Connection: Upgrade, close"),
        REQUEST.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        assert_eq!(site.send(&request).one().status, 426, "{request}");
    }
    // Where nobody knows of upgrades they are ignored.
    let mut caller = site.send(REQUEST.replace("/repeats", "/"));
    assert_eq!(caller.one().text(), "hello");
    caller.send(plain("GET", "/"));
    assert_eq!(caller.one().text(), "hello");
}
