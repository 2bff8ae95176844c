//! TLS that is out of date, in crumbs, cut short, or that comes by the hundred.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use broker::{EndpointId, Filter, Kind, Message};
use ostler_tests::broker_peer::{data, hello};
use ostler_tests::clients::connect_to;
use ostler_tests::process::processor_time;
use ostler_tests::secure::{Talk, hello as client_hello};
use ostler_tests::{Fault, Pair, Secure, Version};

use super::certificates::Rig;
use super::{figure, local};
use crate::tls::rate::two_hundred_a_second;

/// The first byte of a record that carries an alert.
const ALERT: u8 = 21;

const ECDHE_ECDSA_AES128_GCM: [u8; 2] = [0xc0, 0x2b];
const ECDHE_ECDSA_AES128_CBC: [u8; 2] = [0xc0, 0x09];

#[test]
fn brk_t03_old_versions_and_old_ciphers_are_refused_by_an_alert() {
    const ANY: [[u8; 2]; 2] = [ECDHE_ECDSA_AES128_CBC, ECDHE_ECDSA_AES128_GCM];
    let rig = Rig::new();
    let mut fault = Fault::begin("BRK-T03");
    let greet = |hello: &[u8]| {
        let mut stream = connect_to(local(rig.node.port("peers")));
        stream.write_all(hello).unwrap();
        let mut first = [0; 6];
        stream.read_exact(&mut first).unwrap();
        (first[0], stream)
    };
    for version in [[3, 0], [3, 1], [3, 2]] {
        let (kind, mut stream) = greet(&client_hello(version, &ANY));
        assert_eq!(kind, ALERT, "{version:?}");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 10, "{version:?}: nothing behind the alert");
    }
    assert_eq!(greet(&client_hello([3, 3], &[ECDHE_ECDSA_AES128_CBC])).0, ALERT, "CBC");
    let sound = greet(&client_hello([3, 3], &[ECDHE_ECDSA_AES128_GCM])).0;
    assert_ne!(sound, ALERT, "the hello is sound");
    fault.saw("SSL 3.0, TLS 1.0, TLS 1.1 and CBC alone: an alert each");
}

/// Processor time that one connection may cost.
const DEAR: Duration = Duration::from_millis(500);

#[test]
fn brk_t07_tiny_and_empty_records_cost_little() {
    let rig = Rig::new();
    let own = rig.made.signed("own", &rig.authority, 10);
    let at = local(rig.node.port("peers"));
    let mut fault = Fault::begin("BRK-T07");
    // A frame of a handshake that takes more bytes than will come.
    let bytes =
        [&20_000_u32.to_be_bytes()[..], &hello(EndpointId([7; 16])), &vec![0; 20_000]].concat();
    let secures = [
        ("of a byte", Secure::new(Version::Tls13, Some(&own))),
        ("without any", Secure::hollow(Some(&own))),
    ];
    for (what, secure) in secures {
        let mut talk = secure.connect(at);
        talk.read_exact(&mut [0; 9]).unwrap();
        let before = processor_time(rig.node.pid());
        // Each byte is a record of its own, whatever the record then carries.
        let sent = bytes.iter().take(10_000).take_while(|byte| talk.write_all(&[**byte]).is_ok());
        let sent = sent.count();
        assert!(rig.talk(Some(&own)).is_some(), "others are let in");
        let cost = processor_time(rig.node.pid()).saturating_sub(before);
        let words = format!("{sent} records {what}, and another let in: {cost:.0?} of CPU");
        fault.figure(words, cost <= DEAR);
    }
}

/// Becomes a peer over TLS.
fn peer(rig: &Rig, own: &Pair, id: EndpointId, topics: &[&str]) -> Talk<TcpStream> {
    let mut filter = Vec::new();
    topics.iter().collect::<Filter>().encode(&mut filter);
    let mut talk = rig.talk(Some(own)).expect("who has a right certificate");
    send(&mut talk, &hello(id));
    if frame(&mut talk).first() == Some(&8) {
        assert_eq!(frame(&mut talk).first(), Some(&10));
        send(&mut talk, &[b"\x0b", filter.as_slice()].concat());
        assert_eq!(frame(&mut talk), [12]);
    } else {
        send(&mut talk, &[b"\x08ZEEK", &id.0[..], &[1]].concat());
        send(&mut talk, &[b"\x0a", filter.as_slice()].concat());
        assert_eq!(frame(&mut talk).first(), Some(&11));
        send(&mut talk, &[12]);
    }
    talk
}

fn send(talk: &mut Talk<TcpStream>, body: &[u8]) {
    talk.write_all(&[&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()).unwrap();
}

fn frame(talk: &mut Talk<TcpStream>) -> Vec<u8> {
    let mut length = [0; 4];
    talk.read_exact(&mut length).expect("a frame in time");
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    talk.read_exact(&mut body).expect("a whole frame");
    body
}

#[test]
fn brk_t08_what_ends_within_a_frame_is_no_message_with_or_without_a_farewell() {
    const READER: EndpointId = EndpointId([0x21; 16]);
    let rig = Rig::new();
    let own = rig.made.signed("own", &rig.authority, 10);
    let mut fault = Fault::begin("BRK-T08");
    let mut reader = peer(&rig, &own, READER, &["/x"]);
    for (number, farewell) in [(1, false), (2, true)] {
        let id = EndpointId([number; 16]);
        let mut short = peer(&rig, &own, id, &[]);
        let message = data(id, "/x", 666);
        short.write_all(message.frame()).unwrap();
        short.write_all(&message.frame()[..message.frame().len() - 1]).unwrap();
        if farewell {
            short.say_farewell();
        }
        short.stream().shutdown(Shutdown::Write).unwrap();
        // The node has taken note of it when it ends the connection in turn.
        let _ = short.stream().read_to_end(&mut Vec::new());
        peer(&rig, &own, EndpointId([number + 4; 16]), &[])
            .write_all(data(id, "/x", 7).frame())
            .unwrap();
        let mut next = || loop {
            let message = Message::parse(&frame(&mut reader)).unwrap();
            if message.kind() == Kind::Data {
                return message.decode().unwrap();
            }
        };
        assert_eq!(next(), broker::data::Data::Count(666), "the whole one");
        assert_eq!(next(), broker::data::Data::Count(7), "not the short one");
    }
    fault.saw("with and without a farewell: the whole message arrives, the cut one does not");
}

#[test]
fn brk_t09_two_hundred_handshakes_a_second_leave_the_plain_port_quick() {
    let rig = Rig::new();
    let own = rig.made.signed("own", &rig.authority, 10);
    let figures = local(rig.node.port("figures"));
    let mut fault = Fault::begin("BRK-T09");
    let plain = |_| {
        let mut stream = connect_to(figures);
        let request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", answer.escape_ascii());
    };
    let shake = |(): &()| assert!(rig.talk(Some(&own)).is_some());
    two_hundred_a_second(&mut fault, || (), shake, plain);
    assert_eq!(figure(&rig.node, "broker_tls_failures_total"), 0);
}
