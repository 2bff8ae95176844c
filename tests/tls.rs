//! Connections over TLS: what they carry, what they cost, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use ostler_net::{Drained, Limits};
use ostler_tests::echo::{BIG_BYTES, answer, ask, last, one};
use ostler_tests::wire::frame;
use ostler_tests::{Certificates, Echo, PATIENCE, Secure, Version, wait_for};

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

fn rig(limits: Limits) -> (Certificates, Echo) {
    let made = Certificates::new();
    let echo = Echo::secured(&made.own("first"), limits);
    (made, echo)
}

/// Limits by which nobody's time is over, however slow the machine is.
fn patient() -> Limits {
    Limits { header_deadline: PATIENCE, request_deadline: PATIENCE, ..Limits::default() }
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
    let (_made, echo) = rig(patient());
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
    let (_made, mut echo) = rig(patient());
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
