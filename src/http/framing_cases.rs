//! Requests of every kind, cut anywhere: what is served, and what is refused for which flaw.

use proptest::prelude::*;

use ostler_net::{Bookmark, Progress};

use crate::flaw::Flaw;
use crate::fuzzing::{End, Received, received};
use crate::{HeadLimits, framing};

const LIMITS: HeadLimits = HeadLimits { max_line_bytes: 100, max_head_bytes: 300 };
const MAX_BODY: usize = 200;

/// What comes of these bytes in one piece, which is what comes of them in any.
fn read(stream: &[u8]) -> Received {
    let whole = received(&[stream], &LIMITS, MAX_BODY);
    for cut in 0..stream.len() {
        let (first, second) = stream.split_at(cut);
        assert_eq!(received(&[first, second], &LIMITS, MAX_BODY), whole, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(received(&bytes, &LIMITS, MAX_BODY), whole, "byte by byte");
    whole
}

fn flaw(stream: &str) -> Flaw {
    match read(stream.as_bytes()).end {
        Some(End::Flawed(flaw)) => flaw,
        other => panic!("{stream:?} is refused for {other:?}"),
    }
}

#[test]
fn requests_follow_each_other_whatever_their_bodies_are_like() {
    let stream = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n\
        POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\r\n\
        PUT http://x:1/c%20d HTTP/1.1\r\nhost: x:1\r\ntransfer-encoding: Chunked\r\n\r\n\
        5\r\nhello\r\n1;a=\"b\" \r\n \r\n00005 ;x\r\nworld\r\n0\r\nA: b\r\n\r\n\
        OPTIONS * HTTP/1.0\r\n\r\n\
        DELETE / HTTP/1.1\r\nHost:\r\nExpect: 100-Continue\r\n\r\n";
    let requests = read(stream.as_bytes()).requests;
    let requests: Vec<_> = requests
        .iter()
        .map(|(method, path, body)| (*method, path.as_str(), body.escape_ascii().to_string()))
        .collect();
    let expected = [
        ("GET", "/a", ""),
        ("POST", "/b", "hello"),
        ("PUT", "/c d", "hello world"),
        ("OPTIONS", "*", ""),
        ("DELETE", "/", ""),
    ];
    assert_eq!(requests, expected.map(|(method, path, body)| (method, path, body.to_owned())));
}

#[test]
fn what_is_no_request_is_refused_for_its_flaw() {
    for (head, expected) in [
        ("\u{16}\u{3}\u{1}", Flaw::RequestLine),
        ("GET /\r\n", Flaw::RequestLine),
        ("GET  / HTTP/1.1\r\n", Flaw::RequestLine),
        ("GET / HTTP/1.1 \r\n", Flaw::LineEnd),
        ("GET / FTP/1.1\r\n", Flaw::RequestLine),
        ("GET / HTTP/1.2\r\n", Flaw::Version),
        ("PRI * HTTP/2.0\r\n", Flaw::Version),
        ("get / HTTP/1.1\r\nHost: x\r\n", Flaw::Method),
        ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n", Flaw::Method),
        ("GET * HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET a HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET http://a@b/ HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET /# HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET /%0a HTTP/1.1\r\nHost: x\r\n", Flaw::Target),
        ("GET / HTTP/1.1\nHost: x\n\n", Flaw::LineEnd),
        ("GET / HTTP/1.1\r\nHost: x\nA: b\r\n", Flaw::LineEnd),
        ("GET / HTTP/1.1\r\nHost: x\rA: b\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\nHost : x\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\n Host: x\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\nHost: x\r\nA\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n", Flaw::Header),
        ("GET / HTTP/1.1\r\n", Flaw::Host),
        ("GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n", Flaw::Host),
        ("GET / HTTP/1.1\r\nHost: x/y\r\n", Flaw::Host),
        ("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n", Flaw::Host),
    ] {
        assert_eq!(flaw(&format!("{head}\r\n")), expected, "{head:?}");
    }
}

#[test]
fn whatever_two_servers_may_take_for_different_lengths_is_refused() {
    for (headers, expected) in [
        ("Content-Length: 5\r\nContent-Length: 5", Flaw::ContentLength),
        ("Content-Length: 5\r\nContent-Length: 6", Flaw::ContentLength),
        ("Content-Length: 5, 5", Flaw::ContentLength),
        ("Content-Length: +5", Flaw::ContentLength),
        ("Content-Length: -5", Flaw::ContentLength),
        ("Content-Length: 0x5", Flaw::ContentLength),
        ("Content-Length: 5 5", Flaw::ContentLength),
        ("Content-Length:", Flaw::ContentLength),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", Flaw::TwoLengths),
        ("Transfer-Encoding: chunked\r\nContent-Length: x", Flaw::TwoLengths),
        ("Transfer-Encoding: chunked, chunked", Flaw::TransferEncoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Flaw::TransferEncoding),
        ("Transfer-Encoding: chunked, gzip", Flaw::TransferEncoding),
        ("Transfer-Encoding:", Flaw::TransferEncoding),
        ("Transfer-Encoding: gzip", Flaw::UnknownCoding),
        ("Transfer-Encoding: gzip, chunked", Flaw::UnknownCoding),
        ("Transfer-Encoding: xchunked", Flaw::UnknownCoding),
        ("Transfer-Encoding: \u{b}chunked", Flaw::Header),
        ("Transfer-Encoding: \"chunked\"", Flaw::UnknownCoding),
        ("Transfer-Encoding: identity", Flaw::UnknownCoding),
        ("Expect: more", Flaw::Expectation),
        ("Expect: 100-continue, more", Flaw::Expectation),
    ] {
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\nhello");
        assert_eq!(flaw(&head), expected, "{headers:?}");
    }
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(flaw(old), Flaw::TransferEncoding);
}

#[test]
fn who_asks_before_it_sends_a_body_is_told_to_go_on_once() {
    let progress = |head: &str, body: &str, bookmark: &mut Bookmark| {
        let bytes = format!("PUT / HTTP/1.{head}\r\n\r\n{body}");
        framing::progress(bytes.as_bytes(), &LIMITS, MAX_BODY, bookmark)
    };
    let asked = Progress::Interim(b"HTTP/1.1 100 Continue\r\n\r\n");
    for length in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let head = format!("1\r\nHost: x\r\nExpect: 100-Continue\r\n{length}");
        let mut bookmark = Bookmark::default();
        assert_eq!(progress(&head, "", &mut bookmark), asked, "{length}");
        let rest = [progress(&head, "", &mut bookmark), progress(&head, "5", &mut bookmark)];
        assert!(rest.iter().all(|one| matches!(one, Progress::Body { .. })), "{rest:?}");
        let sent = progress(&head, "5", &mut Bookmark::default());
        assert!(matches!(sent, Progress::Body { .. }), "some of it is there: {sent:?}");
    }
    for (head, whole) in [
        ("1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 201", false),
        ("1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0", true),
        ("1\r\nHost: x\r\nExpect: 100-continue", true),
    ] {
        match progress(head, "", &mut Bookmark::default()) {
            Progress::Whole { .. } => assert!(whole, "{head}"),
            Progress::Oversized { .. } => assert!(!whole, "{head}"),
            other => panic!("{head}: {other:?}"),
        }
    }
    let old =
        progress("0\r\nExpect: 100-continue\r\nContent-Length: 5", "", &mut Bookmark::default());
    assert!(matches!(old, Progress::Body { .. }), "it was not known then: {old:?}");
}

#[test]
fn chunks_are_as_long_as_they_say() {
    for (chunks, expected) in [
        ("\r\n", Flaw::Chunk),
        ("x\r\n", Flaw::Chunk),
        ("0x5\r\nhello\r\n", Flaw::Chunk),
        ("-5\r\nhello\r\n", Flaw::Chunk),
        ("5 \r\nhello\r\n", Flaw::Chunk),
        (" 5\r\nhello\r\n", Flaw::Chunk),
        ("5\nhello\r\n", Flaw::Chunk),
        ("5;a\nb\r\nhello\r\n", Flaw::Chunk),
        ("5;a\rb\r\nhello\r\n", Flaw::Chunk),
        ("5\r\nhello\n", Flaw::Chunk),
        ("5\r\nhello0\r\n", Flaw::Chunk),
        ("5\r\nhell\r\n", Flaw::Chunk),
        ("00000000000000005\r\nhello\r\n", Flaw::Chunk),
        ("0\r\nA: b\nC: d\r\n\r\n", Flaw::LineEnd),
        ("0\r\n A: b\r\n\r\n", Flaw::Header),
        ("0\r\nA\r\n\r\n", Flaw::Header),
    ] {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(flaw(&format!("{head}{chunks}")), expected, "{chunks:?}");
    }
}

#[test]
fn the_limits_are_those_of_the_line_the_head_the_trailers_and_the_body() {
    let line = |bytes| {
        let target = "x".repeat(bytes - "GET / HTTP/1.1\r\n".len());
        format!("GET /{target} HTTP/1.1\r\nHost: x\r\n\r\n")
    };
    assert_eq!(read(line(100).as_bytes()).requests.len(), 1);
    assert_eq!(flaw(&line(101)), Flaw::LineTooLong);
    assert_eq!(flaw(&"x".repeat(100)), Flaw::LineTooLong);

    let head = |bytes| {
        let head = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n";
        head.replace("A: ", &format!("A: {}", "b".repeat(bytes - head.len())))
    };
    assert_eq!(read(head(300).as_bytes()).requests.len(), 1);
    assert_eq!(flaw(&head(301)), Flaw::HeadTooLong);
    assert_eq!(flaw(&head(350)[..300]), Flaw::HeadTooLong);
    let many = HeadLimits::default();
    let headers = |count| format!("GET / HTTP/1.0\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert_eq!(received(&[headers(100).as_bytes()], &many, 0).requests.len(), 1);
    let end = received(&[headers(101).as_bytes()], &many, 0).end;
    assert_eq!(end, Some(End::Flawed(Flaw::TooManyHeaders)));

    let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let trailers = |bytes: usize| format!("{chunked}0\r\nA: {}\r\n\r\n", "b".repeat(bytes - 7));
    assert_eq!(read(trailers(300).as_bytes()).requests.len(), 1);
    assert_eq!(flaw(&trailers(301)), Flaw::HeadTooLong);
    let one_chunk = |bytes| format!("{chunked}{bytes:X}\r\n{}\r\n0\r\n\r\n", "x".repeat(bytes));
    assert_eq!(read(one_chunk(200 - 9).as_bytes()).requests[0].2.len(), 200 - 9);
    for body in [one_chunk(200 - 8), format!("{chunked}FFFFFFFFFFFFFFFF\r\n")] {
        assert_eq!(read(body.as_bytes()).end, Some(End::Oversized), "{body}");
    }
    assert_eq!(flaw(&format!("{chunked}5;{}", "x".repeat(254))), Flaw::Chunk);

    let sized = |length: &str, bytes| {
        let body = "x".repeat(bytes);
        format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    assert_eq!(read(sized("0200", 200).as_bytes()).requests[0].2.len(), 200);
    for length in ["201", "18446744073709551616", "99999999999999999999999999"] {
        assert_eq!(read(sized(length, 0).as_bytes()).end, Some(End::Oversized), "{length}");
    }
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written_however_it_is_cut(
        path in "/[ -\"$-~ä]{0,12}",
        body in proptest::collection::vec(any::<u8>(), 0..60),
        chunk in proptest::option::of(1..20_usize),
        cut in 1..40_usize,
    ) {
        let encoded: String = path
            .bytes()
            .map(|byte| if byte == b'/' { "/".to_owned() } else { format!("%{byte:02x}") })
            .collect();
        let mut stream = format!("PUT {encoded} HTTP/1.1\r\nHost: x\r\n").into_bytes();
        match chunk {
            None => {
                stream.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
                stream.extend(&body);
            }
            Some(size) => {
                stream.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(size) {
                    stream.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    stream.extend(chunk);
                    stream.extend(b"\r\n");
                }
                stream.extend(b"0\r\n\r\n");
            }
        }
        let stream = stream.repeat(2);
        let pieces: Vec<&[u8]> = stream.chunks(cut).collect();
        let read = received(&pieces, &LIMITS, 2000);
        prop_assert_eq!(read.end, None);
        prop_assert_eq!(read.requests, vec![("PUT", path, body); 2]);
    }
}
