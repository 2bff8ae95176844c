//! What is refused before a handler sees it, and that nothing of it is taken for another request.

use std::net::Shutdown;

use ostler_net::Limits;
use ostler_tests::{PATIENCE, Site};

use crate::plain;

/// A request that must never be answered.
const SMUGGLED: &str = "GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends `bytes` with a request hidden behind them, and expects one answer and the end.
fn refused(site: &Site, bytes: &str) -> u16 {
    let mut caller = site.connect();
    caller.try_send(format!("{bytes}{SMUGGLED}"));
    let heard = caller.last();
    assert_eq!(heard.header("Connection"), Some("close"), "{bytes:?}");
    assert_eq!(heard.header("Content-Type"), Some("application/json"), "{bytes:?}");
    assert!(heard.text().starts_with(r#"{"detail":""#), "{}", heard.text());
    heard.status
}

#[test]
fn what_another_server_might_read_differently_is_refused() {
    let site = Site::new(Limits::default());
    let mut count = 0;
    for (status, lines) in [
        (400, "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
        (400, "Content-Length: 0\r\nContent-Length: 4\r\n\r\n"),
        (400, "Content-Length: 4, 4\r\n\r\n"),
        (400, "Content-Length: +4\r\n\r\n"),
        (400, "Content-Length : 4\r\n\r\n"),
        (400, "Content-Length: 4\n\r\n"),
        (400, "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        (501, "Transfer-Encoding: gzip\r\n\r\n"),
        (501, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\r\n\r\n5;\nx\r\nhello\r\n0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n"),
        (400, "A: b\r\n c: d\r\n\r\n"),
        (400, "A: b\nC: d\r\n\r\n"),
        (400, "A: b\0c\r\n\r\n"),
        (400, "Host: elsewhere\r\n\r\n"),
        (417, "Expect: something\r\n\r\n"),
    ] {
        let bytes = format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{lines}");
        assert_eq!(refused(&site, &bytes), status, "{lines:?}");
        count += 1;
    }
    let counted = site.statistics();
    assert_eq!((counted.malformed, counted.requests), (count, 0));
}

#[test]
fn what_is_no_request_of_a_known_version_and_method_is_refused() {
    let site = Site::new(Limits::default());
    for (status, bytes) in [
        (400, "\u{16}\u{3}\u{1}"),
        (400, "\r\n\r\n"),
        (400, "GET /\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (501, "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (501, "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (505, "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"),
        (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ] {
        assert_eq!(refused(&site, bytes), status, "{bytes:?}");
    }
    assert_eq!(site.statistics().requests, 0);
    assert_eq!(site.send(plain("GET", "/")).one().status, 200);
}

#[test]
fn lines_heads_and_bodies_have_limits_of_their_own() {
    let limits = Limits { max_request: 1000, ..Limits::default() };
    let head = ostler_http::HeadLimits { max_line_bytes: 100, max_head_bytes: 500 };
    let site = Site::limited(limits, head);
    let with = |header: &str| format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
    assert_eq!(refused(&site, &plain("GET", &"/".repeat(100))), 414);
    assert_eq!(refused(&site, &"x".repeat(5000)), 414, "no line at all");
    assert_eq!(refused(&site, &with(&format!("A: {}\r\n", "b".repeat(500)))), 431);
    assert_eq!(refused(&site, &with(&"A: b\r\n".repeat(80))), 431);
    assert_eq!(refused(&site, &with("Content-Length: 1001\r\n")), 413);
    assert_eq!(refused(&site, &with("Content-Length: 1001\r\nExpect: 100-continue\r\n")), 413);
    assert_eq!(refused(&site, &with("Content-Length: 99999999999999999999\r\n")), 413);
    let chunked = with("Transfer-Encoding: chunked\r\n");
    assert_eq!(refused(&site, &format!("{chunked}3E8\r\n")), 413);
    let drip = format!("{chunked}{}", "1\r\nx\r\n".repeat(200));
    assert_eq!(refused(&site, &drip), 413, "the lines between the chunks count");
    assert_eq!(refused(&site, &format!("{chunked}0\r\nA: {}", "b".repeat(600))), 431);
    assert_eq!(site.statistics().requests, 0);

    let body = "x".repeat(1000);
    let whole = with(&format!("A: {}\r\nContent-Length: 1000\r\n", "b".repeat(400)));
    assert_eq!(site.send(format!("{whole}{body}")).one().text(), body);
}

#[test]
fn a_body_that_is_too_long_is_refused_while_it_is_sent() {
    let site = Site::new(Limits { linger: PATIENCE, ..Limits::default() });
    let mut caller = site.connect();
    caller.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    caller.try_send(vec![b'x'; 1_000_000]);
    let heard = caller.last();
    assert_eq!(heard.status, 413);
    assert!(heard.text().contains("65536"), "the limit is named: {}", heard.text());
    assert_eq!(site.statistics().oversized, 1);
}

#[test]
fn a_request_that_the_client_ends_in_the_middle_is_told_so() {
    let site = Site::new(Limits::default());
    for bytes in [
        "GET / HTTP/1.1\r\nHo",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhell",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let mut caller = site.send(bytes);
        caller.stream().shutdown(Shutdown::Write).unwrap();
        assert_eq!(caller.last().status, 400, "{bytes:?}");
    }
    let counted = site.statistics();
    assert_eq!((counted.truncated, counted.requests), (3, 0));
}
