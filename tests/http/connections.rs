//! Connections under HTTP: kept, shared by requests, slow, waiting, too many, and at their end.

use std::net::Shutdown;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ostler_http::{Response, Status};
use ostler_net::tls::LiveIdentity;
use ostler_net::{Drained, Limits};
use ostler_tests::echo::identity;
use ostler_tests::{Certificates, Heard, PATIENCE, Secure, Site, Version, wait_for};

use crate::plain;

/// Bytes of many requests, each after the other.
fn several() -> Vec<u8> {
    let post = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nfirst";
    let put = "\r\nPUT /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
        6\r\nsecond\r\n0\r\n\r\n";
    [post, put, &plain("GET", "/things/third"), &plain("GET", "/")].concat().into_bytes()
}

const ANSWERS: [&str; 4] = ["first", "second", "GET third", "hello"];

#[test]
fn requests_sent_together_are_answered_in_their_order() {
    let site = Site::new(Limits::default());
    let mut caller = site.send(several().repeat(20));
    for _ in 0..20 {
        assert_eq!(ANSWERS.map(|_| caller.one().text().to_owned()), ANSWERS);
    }
    assert_eq!((site.statistics().accepted, site.statistics().requests), (1, 80));
}

#[test]
fn requests_may_come_byte_by_byte() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    for byte in several() {
        caller.send([byte]);
    }
    assert_eq!(ANSWERS.map(|_| caller.one().text().to_owned()), ANSWERS);
}

#[test]
fn a_late_answer_comes_from_any_thread_and_before_that_of_the_next_request() {
    let site = Site::new(Limits::default());
    let mut caller = site.send([plain("GET", "/late"), plain("GET", "/")].concat());
    let responder = site.late();
    assert_eq!(site.send(plain("GET", "/")).one().text(), "hello", "nobody else waits");
    thread::scope(|scope| {
        scope.spawn(|| responder.send(Response::text(Status::Ok, "at last")));
        assert_eq!((caller.one().text(), caller.one().text()), ("at last", "hello"));
    });
    for way in 0..3 {
        caller.send(plain("GET", "/late"));
        let (responder, response) = (site.late(), Response::text(Status::Accepted, "later"));
        match way {
            0 => responder.send_here(response),
            1 => responder.send(response),
            _ => responder.send_after(Duration::from_millis(1), response),
        }
        let heard = caller.one();
        assert_eq!((heard.status, heard.text()), (202, "later"), "{way}");
    }
    assert_eq!(site.statistics().unanswered, 0);
}

#[test]
fn who_waits_for_an_answer_and_leaves_is_noticed() {
    let site = Site::new(Limits::default());
    let mut caller = site.send(plain("GET", "/late"));
    let responder = site.late();
    assert!(!responder.client_left());
    caller.stream().shutdown(Shutdown::Write).unwrap();
    wait_for("the client's end", || responder.client_left());
    // It may only have ended its own side, and then it still reads.
    responder.send(Response::text(Status::Ok, "still"));
    assert_eq!(caller.last().text(), "still");

    let gone = site.send(plain("GET", "/late"));
    let responder = site.late();
    drop(gone);
    wait_for("the client's end", || responder.client_left());
    responder.send(Response::text(Status::Ok, "to nobody"));
    site.counts("the end of the connection", |counted| counted.open == 0);
}

#[test]
fn a_handler_that_panics_or_does_not_answer_costs_its_connection() {
    let site = Site::new(Limits::default());
    for target in ["/panic", "/drop"] {
        assert!(site.send(plain("GET", target)).is_closed(), "{target}");
    }
    site.counts("a panic", |counted| counted.panics == 1);
    assert_eq!(site.statistics().unanswered, 2);
    assert_eq!(site.send(plain("GET", "/")).one().text(), "hello");
}

#[test]
fn silence_has_its_deadlines() {
    let soon = Duration::from_millis(1);
    let head = Site::new(Limits { header_deadline: soon, ..Limits::default() });
    assert!(head.connect().is_closed());
    assert!(head.send("GET / HTTP/1.1\r\nHost: lo").is_closed());
    head.counts("both", |counted| counted.timeouts == 2);

    let body = Site::new(Limits { request_deadline: soon, ..Limits::default() });
    let begun = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n";
    assert!(body.send(begun).is_closed());
    let begun = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(body.send(begun).is_closed());
    body.counts("both", |counted| counted.timeouts == 2);

    let kept = Site::new(Limits { keep_idle: soon, ..Limits::default() });
    assert_eq!(kept.send(plain("GET", "/")).last().text(), "hello");
    assert_eq!(kept.statistics().timeouts, 0, "nothing was owed");
}

/// Limits by which nobody's time is over, however slow the machine is.
fn patient() -> Limits {
    Limits { header_deadline: PATIENCE, request_deadline: PATIENCE, ..Limits::default() }
}

#[test]
fn silent_clients_hold_no_thread() {
    let site = Site::new(patient());
    let mut silent: Vec<_> = (0..60).map(|_| site.connect()).collect();
    for caller in silent.iter_mut().step_by(2) {
        caller.send("GET / HTTP/1.1\r\n");
    }
    assert_eq!(site.send(plain("GET", "/")).one().text(), "hello");
    for caller in silent.iter_mut().step_by(2) {
        caller.send("Host: localhost\r\n\r\n");
        assert_eq!(caller.one().text(), "hello");
    }
}

#[test]
fn one_connection_too_many_is_told_so_before_it_says_anything() {
    let site = Site::new(Limits { max_connections: 2, ..Limits::default() });
    let mut callers = [site.send(plain("GET", "/late")), site.send(plain("GET", "/late"))];
    let responders = [site.late(), site.late()];
    let heard = site.connect().last();
    assert_eq!((heard.status, heard.header("Connection")), (503, Some("close")));
    assert_eq!(heard.text(), r#"{"detail":"Too many connections are open already (2)"}"#);
    for responder in responders {
        responder.send(Response::text(Status::Ok, "done"));
    }
    for caller in &mut callers {
        assert_eq!(caller.one().text(), "done");
    }
    assert_eq!(site.statistics().refused, 1);
}

#[test]
fn a_drain_answers_what_has_begun_and_closes_what_is_kept() {
    let mut site = Site::new(patient());
    let (mut silent, mut begun) = (site.connect(), site.send("GET / HTTP/1.1\r\nHo"));
    let mut kept = site.send(plain("GET", "/"));
    assert_eq!(kept.one().text(), "hello");
    let mut asked = site.send(plain("GET", "/late"));
    let responder = site.late();
    site.stop_accepting();
    thread::scope(|scope| {
        let drained = scope.spawn(|| site.drain());
        assert!(silent.is_closed());
        assert!(kept.is_closed());
        begun.send("st: localhost\r\n\r\n");
        assert_eq!(begun.last().text(), "hello");
        responder.send(Response::text(Status::Ok, "done"));
        assert_eq!(asked.last().text(), "done");
        assert_eq!(drained.join().unwrap(), Drained::Whole);
    });
}

#[test]
fn it_is_the_same_over_tls() {
    let made = Certificates::new();
    let live = Arc::new(LiveIdentity::new(identity(&made.own("first"))));
    let site = Site::secured(live, Limits::default());
    for version in [Version::Tls12, Version::Tls13] {
        let mut talk = Secure::new(version, None).connect(site.address());
        std::io::Write::write_all(&mut talk, &several()).unwrap();
        for answer in ANSWERS {
            assert_eq!(Heard::read(&mut talk, true).unwrap().text(), answer, "{version:?}");
        }
        let bytes = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n";
        std::io::Write::write_all(&mut talk, bytes.as_bytes()).unwrap();
        assert_eq!(Heard::read(&mut talk, true).unwrap().status, 400);
    }
}
