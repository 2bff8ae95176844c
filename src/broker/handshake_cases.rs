//! Whole handshakes: two connections that are joined, one that meets somebody else, and several
//! between the same two nodes.

use std::time::Duration;

use super::*;
use crate::claims::Claims;
use crate::keepalive::Reading;
use crate::peering_event::Event;
use crate::peering_sides::{LARGE, SMALL, Side, View, framed, join};

/// A connection of a node of its own.
fn alone(role: Role, id: EndpointId) -> Side {
    Side::new(role, View::new(id, &["/own"], &Arc::new(Claims::new()), 1))
}

fn frame(frame: &HandshakeFrame) -> Vec<u8> {
    frame.encode().to_vec()
}

fn hello_of(sender: EndpointId) -> Vec<u8> {
    frame(&HandshakeFrame::Hello { sender, lowest: 1, highest: 1 })
}

fn drop_of(sender: EndpointId, code: u8, words: &str) -> Vec<u8> {
    frame(&HandshakeFrame::DropConnection { sender, code, words: words.into() })
}

/// The code with which a connection failed.
fn failed(side: &Side) -> Ec {
    match side.events.as_slice() {
        [Event::Failed(failure)] => failure.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_nodes_become_peers_whoever_connects() {
    for (connects, listens) in [(SMALL, LARGE), (LARGE, SMALL)] {
        let one = View::new(connects, &["/c", "<$>/local/x"], &Arc::new(Claims::new()), 1);
        let other = View::new(listens, &["/l"], &Arc::new(Claims::new()), 1);
        let (mut one, mut other) =
            (Side::new(Role::Connector, one), Side::new(Role::Listener, other));
        join(&mut one, &mut other);
        let (wants, heard) = (["/c"].iter().collect::<Filter>(), ["/l"].iter().collect::<Filter>());
        let (told, filter) = (wants.clone(), heard.clone());
        assert_eq!(one.events, [Event::Peered { id: listens, filter, told }]);
        assert_eq!(other.events, [Event::Peered { id: connects, filter: wants, told: heard }]);
    }
}

#[test]
fn who_speaks_something_else_is_told_so_as_by_the_original() {
    let id: EndpointId = "77777777-7777-4777-8777-777777777777".parse().unwrap();
    for (magic, versions, code, words) in [
        (b"HTTP", [1, 1], Ec::WrongMagicNumber, "wrong magic number"),
        (b"ZEEK", [2, 9], Ec::PeerIncompatible, "unsupported versions offered"),
    ] {
        let hello = [b"\x06", &magic[..], &[0x44; 16], &versions].concat();
        let mut side = alone(Role::Listener, id);
        assert_eq!(side.sent(), b"\0\0\0\x05\x07ZEEK");
        side.feed(&framed(&hello));
        let length = u8::try_from(words.len()).unwrap();
        let expected = [b"\x09ZEEK", &id.0[..], &[code.number(), length], words.as_bytes()];
        assert_eq!(side.sent(), framed(&expected.concat()));
        assert_eq!(failed(&side), code);
    }
}

#[test]
fn what_else_is_wrong_has_a_code_as_well() {
    let selected = frame(&HandshakeFrame::VersionSelect { sender: SMALL, version: 2 });
    for (role, bytes, code) in [
        (Role::Connector, selected, Ec::PeerIncompatible),
        (Role::Listener, hello_of(LARGE), Ec::PeerInvalid),
        (Role::Listener, framed(b"\x42"), Ec::InvalidMessage),
        (Role::Connector, framed(b"\x0a\x05"), Ec::InvalidMessage),
    ] {
        let mut side = alone(role, LARGE);
        side.output.clear();
        side.feed(&bytes);
        let sent = HandshakeFrame::decode(&side.sent()[4..]);
        assert!(matches!(sent, Ok(HandshakeFrame::DropConnection { code: sent, sender, .. })
            if sent == code.number() && sender == LARGE));
        assert_eq!(failed(&side), code);
    }
}

#[test]
fn what_comes_out_of_turn_ends_it_without_a_word() {
    let ack = frame(&HandshakeFrame::OriginatorAck);
    let selected = frame(&HandshakeFrame::VersionSelect { sender: SMALL, version: 1 });
    for (role, bytes, code) in [
        (Role::Connector, ack, Ec::UnexpectedHandshakeMessage),
        (Role::Listener, selected, Ec::UnexpectedHandshakeMessage),
        (Role::Listener, vec![0; 4], Ec::PeerTimeout),
        (Role::Listener, vec![0xff; 4], Ec::InvalidMessage),
        (Role::Listener, b"\0\x10\0\x01".to_vec(), Ec::InvalidMessage),
    ] {
        let mut side = alone(role, LARGE);
        side.output.clear();
        side.feed(&bytes);
        assert!(side.output.is_empty(), "{bytes:?}");
        assert_eq!(failed(&side), code, "{bytes:?}");
        // And nothing that follows is looked at.
        side.feed(&hello_of(SMALL));
        assert!(side.output.is_empty() && side.input.is_empty());
    }
}

#[test]
fn a_probe_means_nothing_wherever_it_comes() {
    let probe = frame(&HandshakeFrame::Probe);
    let (mut one, mut other) = (alone(Role::Connector, SMALL), alone(Role::Listener, LARGE));
    for _ in 0..4 {
        one.feed(&probe);
        other.feed(&probe);
        for frame in std::mem::take(&mut one.output) {
            other.feed(&frame);
        }
        one.feed(&probe);
        for frame in std::mem::take(&mut other.output) {
            one.feed(&frame);
        }
    }
    assert!(matches!(one.events[..], [Event::Peered { .. }]));
    assert!(matches!(other.events[..], [Event::Peered { .. }]));
}

#[test]
fn a_handshake_has_its_time_and_its_bytes() {
    let mut side = alone(Role::Listener, SMALL);
    side.wait(Duration::from_millis(9_999), Reading::On);
    assert!(side.events.is_empty());
    side.wait(Duration::from_millis(1), Reading::On);
    assert_eq!(failed(&side), Ec::PeerTimeout);

    let mut side = alone(Role::Listener, SMALL);
    let probe = frame(&HandshakeFrame::Probe).repeat(1000);
    let most = (2 << 20) / probe.len();
    for _ in 0..most {
        side.feed(&probe);
    }
    assert!(side.events.is_empty());
    side.feed(&probe);
    assert_eq!(failed(&side), Ec::PeerTimeout);
}

#[test]
fn who_drops_a_connection_to_a_node_that_knows_none_has_it_try_again() {
    let mut side = alone(Role::Connector, LARGE);
    side.feed(&drop_of(SMALL, 39, "redundant connection"));
    assert_eq!(failed(&side), Ec::RedundantConnection);
    let Event::Failed(failure) = &side.events[0] else { panic!() };
    assert_eq!(
        failure.to_string(),
        "the other side dropped the connection: \"redundant connection\" (redundant_connection)"
    );

    let mut side = alone(Role::Connector, LARGE);
    side.feed(&drop_of(SMALL, 28, "shutting down\x1b[2J"));
    let Event::Failed(failure) = &side.events[0] else { panic!() };
    assert!(!failure.words.contains('\x1b') && failure.code == Ec::ShuttingDown);
    let mut side = alone(Role::Connector, LARGE);
    side.feed(&drop_of(SMALL, 99, "?"));
    assert_eq!(failed(&side), Ec::Unspecified);
}

#[test]
fn a_node_that_ends_says_so() {
    for id in [SMALL, LARGE] {
        let claims = Arc::new(Claims::new());
        claims.close();
        let mut side = Side::new(Role::Listener, View::new(id, &[], &claims, 1));
        let mut other = alone(Role::Connector, if id == SMALL { LARGE } else { SMALL });
        join(&mut other, &mut side);
        assert_eq!((failed(&side), failed(&other)), (Ec::ShuttingDown, Ec::ShuttingDown));
    }
}
