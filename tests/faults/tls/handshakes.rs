//! Handshakes that are none, that stall, that offer what is out of date, and that come by the
//! hundred.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ostler_runtime::now;
use ostler_tests::clients::{connect_from, connect_to, port, source};
use ostler_tests::fault::is_long;
use ostler_tests::secure::hello;
use ostler_tests::{Certificates, FakeBurp, Fault, Secure, Version, wait_for};

use super::rate::two_hundred_a_second;
use super::{Rig, ask, usual, version};

/// The first byte of a record that carries an alert.
const ALERT: u8 = 21;

const ECDHE_ECDSA_AES128_GCM: [u8; 2] = [0xc0, 0x2b];
const ECDHE_ECDSA_AES128_CBC: [u8; 2] = [0xc0, 0x09];

/// What comes until the end, a reset being an end too.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    all
}

#[test]
fn t01_plain_text_and_tls_on_the_port_of_the_other_are_closed_and_counted() {
    let (_made, mut rig) = usual();
    let mut fault = Fault::begin("T01");
    rig.burp.forget();
    let mut longest = Duration::ZERO;
    for text in [version(), b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![b'x'; 100_000]] {
        fault.injected();
        let mut stream = connect_to(rig.port);
        // It may close before all is written.
        let _ = stream.write_all(&text);
        let came = rest(&mut stream);
        longest = longest.max(fault.elapsed());
        assert!(came.is_empty() || came[0] == ALERT, "{came:?}");
    }
    fault.within("plain text: alert or close, at most", longest, 1.0);
    wait_for("three are counted", || rig.counted("tls_failures") == 3);
    assert!(!rig.asked(), "a child was asked");

    let mut burp = FakeBurp::new();
    let plain = burp.settings().set("pool", "3").start();
    plain.wait_ready(3);
    burp.forget();
    fault.injected();
    let mut talk = Secure::new(Version::Tls13, None).connect(port(plain.address()));
    assert!(talk.shake_hands().is_err());
    fault.within("TLS: close", fault.elapsed(), 1.0);
    // To a plain port it announces too much.
    assert_eq!(plain.status()["connections"]["oversized"], 1);
    let asked = |event: &_| matches!(event, ostler_tests::Event::Asked(..));
    assert!(!burp.untaken().iter().any(asked), "a child was asked");
    fault.saw("all counted, no child asked");
}

/// A hundred that have begun a handshake and say no more, and since when: the even ones have sent all
/// of the first message, the others a part of it.
fn stalled(rig: &Rig) -> Vec<(TcpStream, Instant)> {
    let start = hello([3, 3], &[ECDHE_ECDSA_AES128_GCM]);
    let stall = |number: usize| {
        let mut stream = connect_from(source(number), rig.port);
        let part = if number % 2 == 0 { start.len() } else { number % start.len() };
        stream.write_all(&start[..part]).unwrap();
        (stream, now())
    };
    (0..100).map(stall).collect()
}

#[test]
fn t02_stalled_handshakes_hold_nobody_up_and_end_at_their_deadline() {
    let made = Certificates::new();
    let server = made.own("server");
    let rig = |limit: u32| {
        Rig::new(&server, |settings| {
            settings.set("threads", "1").set("header_deadline", &limit.to_string())
        })
    };
    // No deadline passes, however slow the machine is.
    let patient = rig(600);
    let mut fault = Fault::begin("T02");
    let mut waiting = stalled(&patient);
    let began = now();
    let mut talk = Secure::new(Version::Tls13, None).connect(patient.port);
    assert_eq!(ask(&mut talk, &version()).unwrap().text(), "1.1.1");
    fault.within("100 stalled, another is answered", now().duration_since(began), 1.0);
    for (stream, _) in waiting.iter_mut().step_by(2) {
        // It goes on with a handshake that has begun, with more than an alert.
        stream.read_exact(&mut [0; 7]).unwrap();
    }
    drop((waiting, patient));

    // The usual deadline, or a shorter one.
    let limit = if is_long() { 5 } else { 2 };
    let rig = rig(limit);
    let longest = stalled(&rig).into_iter().enumerate().map(|(number, (mut stream, since))| {
        let came = rest(&mut stream).len();
        assert!(came <= 6 || number % 2 == 0, "nothing is said to who has not begun a handshake");
        now().duration_since(since)
    });
    let longest = longest.max().unwrap();
    fault.within(
        &format!("closed, with header_deadline {limit} s,"),
        longest,
        f64::from(limit) + 0.5,
    );
    assert_eq!(rig.counted("timeouts"), 100);
}

#[test]
fn t03_old_versions_and_old_ciphers_are_refused_by_an_alert() {
    const ANY: [[u8; 2]; 2] = [ECDHE_ECDSA_AES128_CBC, ECDHE_ECDSA_AES128_GCM];
    let (_made, rig) = usual();
    let mut fault = Fault::begin("T03");
    let greet = |hello: &[u8]| {
        let mut stream = connect_to(rig.port);
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
    assert_eq!(greet(&hello([3, 3], &[ECDHE_ECDSA_AES128_CBC])).0, ALERT, "CBC");
    let sound = greet(&hello([3, 3], &[ECDHE_ECDSA_AES128_GCM])).0;
    assert_ne!(sound, ALERT, "the hello is sound");
    wait_for("four refusals", || rig.counted("tls_failures") == 4);
    fault.saw("SSL 3.0, TLS 1.0, TLS 1.1 and CBC alone: an alert each");
}

#[test]
fn t09_two_hundred_handshakes_a_second_leave_the_plain_socket_quick() {
    let (_made, rig) = usual();
    let mut fault = Fault::begin("T09");
    let plain = |_| assert_eq!(rig.daemon.call("monitor_version").text(), "1.1.1");
    let shake = |client: &Secure| {
        let mut talk = client.connect(rig.port);
        assert_eq!(ask(&mut talk, &version()).unwrap().text(), "1.1.1");
    };
    two_hundred_a_second(&mut fault, || Secure::new(Version::Tls13, None), shake, plain);
    assert_eq!(rig.counted("tls_failures"), 0);
}
