//! Connections over TLS: what they carry, what they cost, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ostler_net::tls::LiveIdentity;
use ostler_net::{Drained, Limits};
use ostler_tests::echo::{self, BIG_BYTES, answer, ask, last, one};
use ostler_tests::secure::der;
use ostler_tests::wire::frame;
use ostler_tests::{Certificates, Echo, PATIENCE, Secure, Version, wait_for};

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

/// The first byte of a record that carries an alert.
const ALERT: u8 = 21;

fn rig(limits: Limits) -> (Certificates, Echo) {
    let made = Certificates::new();
    let echo = Echo::secured(&made.own("first"), limits);
    (made, echo)
}

fn plain(echo: &Echo) -> TcpStream {
    let stream = TcpStream::connect(echo.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// What comes until the end, a reset being an end too.
fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    all
}

/// A `ClientHello` that offers nothing but `version` (as its two bytes) and `suites`.
fn hello(version: [u8; 2], suites: &[[u8; 2]]) -> Vec<u8> {
    let algorithms = [0, 13, 0, 6, 0, 4, 4, 3, 2, 3];
    let curves = [0, 10, 0, 4, 0, 2, 0, 23];
    let extensions = [&algorithms[..], &curves].concat();
    let mut body = [&version[..], &[7; 32], &[0]].concat();
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    body.extend(suites.concat());
    body.extend([1, 0]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[22, 3, 1][..], &length, &message].concat()
}

#[test]
fn both_versions_are_answered_and_end_in_order() {
    let (_made, echo) = rig(Limits::default());
    for version in VERSIONS {
        let mut talk = Secure::new(version, None).connect(echo.address());
        talk.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(&mut talk).unwrap(), b"hello", "{version:?}");
        // The header and the body in records of their own.
        let mut talk = Secure::new(version, None).connect(echo.address());
        let (header, body) = (frame(b"again"), &mut Vec::new());
        body.extend_from_slice(&header[8..]);
        talk.write_all(&header[..8]).unwrap();
        talk.write_all(body).unwrap();
        assert_eq!(last(&mut talk).unwrap(), b"again", "{version:?}");
    }
    assert_eq!((echo.statistics().requests, echo.statistics().tls_failures), (4, 0));
}

#[test]
fn old_versions_and_old_ciphers_are_refused_by_an_alert() {
    const ECDHE_ECDSA_AES128_SHA: [u8; 2] = [0xc0, 0x09];
    const ECDHE_ECDSA_AES128_GCM: [u8; 2] = [0xc0, 0x2b];
    const ANY: [[u8; 2]; 2] = [ECDHE_ECDSA_AES128_SHA, ECDHE_ECDSA_AES128_GCM];
    let (_made, echo) = rig(Limits::default());
    let greet = |hello: &[u8]| {
        let mut stream = plain(&echo);
        stream.write_all(hello).unwrap();
        let mut first = [0; 6];
        stream.read_exact(&mut first).unwrap();
        (first[0], stream)
    };
    for version in [[3, 0], [3, 1], [3, 2]] {
        let (kind, mut stream) = greet(&hello(version, &ANY));
        assert_eq!(kind, ALERT, "{version:?}");
        assert!(rest(&mut stream).len() < 10, "{version:?}: nothing behind the alert");
    }
    assert_eq!(greet(&hello([3, 3], &[ECDHE_ECDSA_AES128_SHA])).0, ALERT, "CBC");
    assert_ne!(greet(&hello([3, 3], &[ECDHE_ECDSA_AES128_GCM])).0, ALERT, "the hello is sound");
    echo.counts("four refusals", |counted| counted.tls_failures == 4);
}

#[test]
fn plain_text_on_the_tls_port_is_closed_and_counted() {
    let (_made, echo) = rig(Limits::default());
    for text in [frame(b"hello"), b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![b'x'; 100_000]] {
        let mut stream = plain(&echo);
        // It may close before all is written.
        let _ = stream.write_all(&text);
        let came = rest(&mut stream);
        assert!(came.is_empty() || came[0] == ALERT, "{came:?}");
    }
    echo.counts("three failures", |counted| counted.tls_failures == 3);
    assert_eq!(echo.statistics().requests, 0);
    echo.counts("all closed", |counted| counted.open == 0);
}

#[test]
fn tls_on_a_plain_port_is_refused_as_a_frame_that_is_too_long() {
    let echo = Echo::new(None, Limits::default());
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    assert!(talk.shake_hands().is_err());
    assert_eq!(echo.statistics().oversized, 1);
}

#[test]
fn stalled_handshakes_hold_no_thread_and_end_at_the_deadline() {
    let (_made, echo) = rig(Limits::default());
    let start = hello([3, 3], &[[0xc0, 0x2b]]);
    let mut stalled: Vec<_> = (0..100).map(|_| plain(&echo)).collect();
    for (stream, count) in stalled.iter_mut().zip((0..start.len()).cycle()) {
        stream.write_all(&start[..count]).unwrap();
    }
    let whole = stalled.iter_mut().take(20);
    for stream in whole {
        stream.write_all(&start).unwrap();
    }
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    talk.write_all(&frame(b"hello")).unwrap();
    assert_eq!(last(&mut talk).unwrap(), b"hello");

    let soon = Limits { header_deadline: Duration::from_millis(1), ..Limits::default() };
    let (_made, echo) = rig(soon);
    let mut stream = plain(&echo);
    stream.write_all(&start[..40]).unwrap();
    rest(&mut stream);
    echo.counts("a timeout", |counted| counted.timeouts == 1 && counted.open == 0);
}

/// Writes a byte at a time.
struct Trickle(TcpStream);

impl Read for Trickle {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Trickle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes.get(..1).unwrap_or_default())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_handshake_and_a_request_may_come_byte_by_byte() {
    let (_made, echo) = rig(Limits::default());
    for version in VERSIONS {
        let mut talk = Secure::new(version, None).over(Trickle(plain(&echo)));
        talk.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(&mut talk).unwrap(), b"hello", "{version:?}");
    }
}

#[test]
fn a_slow_reader_of_a_large_answer_holds_nobody_up() {
    let (_made, echo) = rig(Limits::default());
    for version in VERSIONS {
        let client = Secure::new(version, None);
        let mut slow = client.connect(echo.address());
        slow.write_all(&frame(b"big")).unwrap();
        let mut head = [0; 8];
        slow.read_exact(&mut head).unwrap();
        let mut talk = client.connect(echo.address());
        talk.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(&mut talk).unwrap(), b"hello");
        let mut body = Vec::new();
        slow.read_to_end(&mut body).unwrap();
        assert!(body.len() == BIG_BYTES && body.iter().all(|&byte| byte == 7), "{version:?}");
    }
}

#[test]
fn who_does_not_read_its_answer_is_left_at_the_deadline() {
    let soon = Limits { write_deadline: Duration::from_millis(1), ..Limits::default() };
    let (_made, echo) = rig(soon);
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    talk.write_all(&frame(b"late")).unwrap();
    echo.reply().send(answer(vec![0; BIG_BYTES * 8]));
    echo.counts("a timeout", |counted| counted.timeouts == 1 && counted.open == 0);
    let mut some = Vec::new();
    assert!(talk.read_to_end(&mut some).is_err(), "an answer that was cut short ends in disorder");
}

#[test]
fn a_kept_connection_carries_requests_that_come_in_one_record() {
    let (_made, echo) = rig(Limits::default());
    for version in VERSIONS {
        let mut talk = Secure::new(version, None).connect(echo.address());
        assert_eq!(ask(&mut talk, b"keep").unwrap(), b"keep");
        let texts: Vec<Vec<u8>> = (0..200_u8).map(|n| vec![n; 150]).collect();
        let frames: Vec<Vec<u8>> = texts.iter().map(|text| frame(text)).collect();
        talk.write_all(&frames.concat()).unwrap();
        for text in &texts {
            assert_eq!(one(&mut talk).unwrap(), *text);
        }
        talk.say_farewell();
        assert_eq!(rest(&mut talk), b"", "who says farewell is let go");
    }
    echo.counts("all closed", |counted| counted.open == 0);
}

#[test]
fn an_answer_may_come_after_the_clients_farewell_and_a_client_that_left_is_noticed() {
    let (_made, echo) = rig(Limits::default());
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    talk.write_all(&frame(b"late")).unwrap();
    let reply = echo.reply();
    assert!(!reply.client_left());
    talk.say_farewell();
    talk.stream().shutdown(Shutdown::Write).unwrap();
    wait_for("the client has left", || reply.client_left());
    reply.send_here(answer(b"still".to_vec()));
    assert_eq!(last(&mut talk).unwrap(), b"still");
}

#[test]
fn an_end_within_a_frame_is_no_request_with_or_without_a_farewell() {
    let (_made, echo) = rig(Limits::default());
    for farewell in [true, false] {
        let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
        talk.write_all(&frame(b"hello")[..10]).unwrap();
        if farewell {
            talk.say_farewell();
        } else {
            talk.stream().shutdown(Shutdown::Write).unwrap();
        }
        assert_eq!(last(&mut talk).unwrap(), b"Truncated { got: 10, announced: Some(5) }");
    }
    assert_eq!((echo.statistics().truncated, echo.statistics().requests), (2, 0));
}

#[test]
fn bytes_behind_the_request_do_not_destroy_its_answer() {
    let (_made, echo) = rig(Limits::default());
    for surplus in [1, 5_000, 200_000] {
        let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
        // It may close its side before all is written.
        let _ = talk.write_all(&[frame(b"hello"), vec![0; surplus]].concat());
        assert_eq!(last(&mut talk).unwrap(), b"hello", "{surplus} bytes more");
    }
}

#[test]
fn who_gets_no_answer_or_is_idle_for_too_long_is_left_in_order() {
    let soon = Limits { keep_idle: Duration::from_millis(1), ..Limits::default() };
    let (_made, echo) = rig(soon);
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    talk.write_all(&frame(b"late")).unwrap();
    drop(echo.reply());
    assert_eq!(talk.read(&mut [0; 1]).unwrap(), 0);
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    talk.write_all(&frame(b"keep")).unwrap();
    assert_eq!(last(&mut talk).unwrap(), b"keep");
}

#[test]
fn draining_answers_who_has_begun_a_handshake_and_closes_who_is_silent() {
    let (_made, mut echo) = rig(Limits::default());
    let client = Secure::new(Version::Tls13, None);
    let (address, mut silent) = (echo.address(), plain(&echo));
    let mut idle = client.connect(address);
    assert_eq!(ask(&mut idle, b"keep").unwrap(), b"keep");
    let mut begun = client.connect(address);
    begun.shake_hands().unwrap();
    echo.counts("all are parked", |counted| counted.parked == 3);
    let drained = thread::scope(|scope| {
        let drained = scope.spawn(|| echo.drain());
        assert_eq!(rest(&mut silent), b"");
        assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0);
        begun.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(&mut begun).unwrap(), b"hello");
        drained.join().unwrap()
    });
    assert_eq!(drained, Drained::Whole);
}

#[test]
fn ten_thousand_records_of_a_byte_are_cut_off() {
    let (_made, echo) = rig(Limits::default());
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    let bytes = frame(&vec![b'x'; 20_000]);
    let written = bytes.iter().take(10_000).try_for_each(|byte| talk.write_all(&[*byte]));
    echo.counts("a failure", |counted| counted.tls_failures == 1);
    assert!(written.is_err() || rest(&mut talk).is_empty());
    assert_eq!(echo.statistics().requests, 0);
    // Some are what a client may do that writes byte by byte.
    let mut talk = Secure::new(Version::Tls13, None).connect(echo.address());
    for byte in frame(&[b'x'; 500]) {
        talk.write_all(&[byte]).unwrap();
    }
    assert_eq!(last(&mut talk).unwrap(), [b'x'; 500]);
}

#[test]
fn an_identity_is_replaced_under_load_without_a_failed_request() {
    let made = Certificates::new();
    let pairs = [made.own("first"), made.own("second")];
    let shown = pairs.each_ref().map(der);
    let identities = pairs.each_ref().map(echo::identity);
    let live = Arc::new(LiveIdentity::new(identities[0].clone()));
    let echo = Echo::new(Some(&live), Limits::default());
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let (shown, stop, answered, address) = (&shown, &stop, &answered, echo.address());
        for version in VERSIONS {
            scope.spawn(move || {
                let client = Secure::new(version, None);
                while !stop.load(Ordering::SeqCst) {
                    let mut talk = client.connect(address);
                    talk.write_all(&frame(b"hello")).unwrap();
                    assert_eq!(last(&mut talk).unwrap(), b"hello");
                    assert!(shown.contains(&talk.seen()));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let mut begun = Secure::new(Version::Tls13, None).connect(address);
        begun.shake_hands().unwrap();
        for round in 1..=20_usize {
            let before = answered.load(Ordering::SeqCst);
            live.replace(identities[round % 2].clone());
            let mut talk = Secure::new(Version::Tls13, None).connect(address);
            talk.shake_hands().unwrap();
            assert_eq!(talk.seen(), shown[round % 2], "who comes now sees the new one");
            wait_for("others are answered", || answered.load(Ordering::SeqCst) > before);
        }
        assert_eq!(ask(&mut begun, b"hello").unwrap(), b"hello", "who has begun goes on");
        assert_eq!(begun.seen(), shown[0]);
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(echo.statistics().tls_failures, 0);
}
