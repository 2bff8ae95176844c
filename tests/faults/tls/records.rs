//! Records that carry next to nothing, and connections that end without a farewell.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::process::Stdio;
use std::time::Duration;

use ostler_tests::process::{command, processor_time};
use ostler_tests::secure::Talk;
use ostler_tests::wire::frame;
use ostler_tests::{Fault, Process, Secure, Version, wait_for};
use serde_json::json;

use super::{Rig, ask, request, usual, version};

/// Processor time that one connection may cost.
const DEAR: Duration = Duration::from_millis(500);

/// Writes 10,000 times, each time a record, until it is cut off; what that has cost the daemon.
fn flood<S: Read + Write>(rig: &Rig, mut talk: Talk<S>, fault: &mut Fault, what: &str) {
    let failures = rig.counted("tls_failures");
    let before = processor_time(rig.daemon.pid());
    // Each byte is a record of its own, whatever the record then carries.
    let bytes = frame(&vec![b'x'; 20_000]);
    let cut = bytes.iter().take(10_000).any(|byte| talk.write_all(&[*byte]).is_err());
    let mut answer = Vec::new();
    assert!(cut || talk.read_to_end(&mut answer).is_err() || answer.is_empty());
    wait_for("it is cut off", || rig.counted("tls_failures") == failures + 1);
    let cost = processor_time(rig.daemon.pid()).saturating_sub(before);
    fault.figure(format!("{what}: cut off, {cost:.0?} of CPU"), cost <= DEAR);
}

#[test]
fn t07_tiny_and_empty_records_and_renegotiation_are_cut_off() {
    let (_made, mut rig) = usual();
    let mut fault = Fault::begin("T07");
    rig.burp.forget();
    let client = Secure::new(Version::Tls13, None);
    flood(&rig, client.connect(rig.port), &mut fault, "records of a byte");
    flood(&rig, Secure::hollow(None).connect(rig.port), &mut fault, "empty records");
    renegotiates(&rig);
    fault.saw("renegotiation: refused and closed");
    assert!(!rig.asked(), "a child was asked");
    // Some are what a client may do that writes byte by byte.
    let mut talk = client.connect(rig.port);
    let query = request(&json!({ "query": "c:client1", "cache": false }));
    for byte in &query {
        talk.write_all(&[*byte]).unwrap();
    }
    assert_eq!(ask(&mut talk, b"").unwrap().status(), "OK");
}

/// Shakes hands by TLS 1.2 and then asks for another handshake.
fn renegotiates(rig: &Rig) {
    let mut openssl = command("openssl");
    openssl.args(["s_client", "-tls1_2", "-connect", &rig.port.to_string()]);
    openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut openssl = Process::start(&mut openssl);
    let streams = openssl.streams();
    let mut input = streams.stdin.take().unwrap();
    let output = BufReader::new(streams.stdout.take().unwrap());
    let mut errors = streams.stderr.take().unwrap();
    let agreed = output.lines().any(|line| line.is_ok_and(|line| line.contains("Verify return")));
    assert!(agreed, "the first handshake");
    // A capital R at the start of a line asks for it.
    input.write_all(b"R\n").unwrap();
    let mut words = String::new();
    errors.read_to_string(&mut words).unwrap();
    assert_ne!(openssl.ended().code(), Some(0), "{words}");
    assert!(words.contains("no renegotiation"), "{words}");
    wait_for("it is closed", || rig.counted("open") == 1);
}

#[test]
fn t08_an_end_within_a_frame_is_truncation_with_or_without_a_farewell() {
    let (_made, mut rig) = usual();
    let mut fault = Fault::begin("T08");
    rig.burp.forget();
    let query = request(&json!({ "query": "c:client1", "cache": false }));
    for farewell in [false, true] {
        for version_of_tls in [Version::Tls12, Version::Tls13] {
            let mut talk = Secure::new(version_of_tls, None).connect(rig.port);
            talk.write_all(&query[..10]).unwrap();
            if farewell {
                talk.say_farewell();
            } else {
                talk.stream().shutdown(Shutdown::Write).unwrap();
            }
            let words = ask(&mut talk, b"").unwrap().error();
            assert!(words.contains("ended after 2 of"), "{words}");
        }
    }
    assert_eq!(rig.counted("truncated"), 4);
    assert!(!rig.asked(), "a child was asked");
    let mut talk = Secure::new(Version::Tls13, None).connect(rig.port);
    assert_eq!(ask(&mut talk, &version()).unwrap().text(), "1.1.1");
    fault.saw("ER that says so, counted, no child asked; the same with a farewell");
}
