//! Nodes that send what they should not, or nothing at all.

use std::time::Duration;

use broker::data::Data;
use broker::{EndpointId, EndpointOptions, PeeringLimits, Sc, Status, TTL};

use ostler_tests::process::memory;

use crate::node::{LARGE, Node, SMALL, data, hello, id, listening, next, soon, topic};

const MIDDLE: EndpointId = EndpointId([0x77; 16]);

fn options() -> EndpointOptions {
    EndpointOptions { id: MIDDLE, ..EndpointOptions::default() }
}

fn is_lost(status: &Status) -> bool {
    matches!(status.code, Sc::PeerLost | Sc::PeerRemoved)
}

#[test]
fn who_speaks_something_else_is_told_so_as_by_the_original() {
    let id = id("77777777-7777-4777-8777-777777777777");
    let (_endpoint, port) = listening(EndpointOptions { id, ..EndpointOptions::default() });
    for (body, code, words) in [
        ([b"\x06HTTP", &[0x44; 16][..], &[1, 1]].concat(), 38, "wrong magic number"),
        ([b"\x06ZEEK", &[0x44; 16][..], &[2, 9]].concat(), 2, "unsupported versions offered"),
    ] {
        let mut node = Node::connect(port);
        assert_eq!(node.frame(), b"\x07ZEEK");
        node.send(&body);
        let length = u8::try_from(words.len()).unwrap();
        let told = [b"\x09ZEEK", &id.0[..], &[code, length], words.as_bytes()].concat();
        assert_eq!(node.frame(), told);
        node.ends();
    }
}

#[test]
fn nobody_is_called_nobody_and_nobody_has_another_name_than_he_said() {
    let (endpoint, port) = listening(options());
    let version = |id: EndpointId| [&[11], &id.0[..], &[1]].concat();
    for (name, version) in [
        (EndpointId::NIL, None),
        (SMALL, Some(version(EndpointId::NIL))),
        (SMALL, Some(version(MIDDLE))),
        (SMALL, Some(version(EndpointId([0x45; 16])))),
    ] {
        let mut node = Node::connect(port);
        node.frame();
        node.send(&hello(name));
        if let Some(version) = version {
            node.frame();
            node.send(&version);
        }
        let told = node.frame();
        assert_eq!(told.first(), Some(&9), "{told:?}");
        node.ends();
    }
    assert!(endpoint.peers().is_empty());
}

#[test]
fn what_is_no_handshake_at_all_is_closed() {
    let (_endpoint, port) = listening(options());
    for bytes in [&b"\0\0\0\0"[..], b"\xff\xff\xff\xff", b"\0\0\0\x01\x0c"] {
        let mut node = Node::connect(port);
        assert_eq!(node.frame(), b"\x07ZEEK");
        node.raw(bytes);
        node.ends();
    }
    // An HTTP request announces a frame that is far too long.
    let mut node = Node::connect(port);
    node.frame();
    node.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    node.ends();
}

#[test]
fn a_second_connection_of_a_peer_is_dropped_and_the_first_lives() {
    for peer in [SMALL, LARGE] {
        let (endpoint, port) = listening(options());
        let mut subscriber = endpoint.subscribe([topic("/cap")]);
        let mut first = Node::peer(port, peer, &[]);
        let mut second = Node::connect(port);
        assert_eq!(second.frame(), b"\x07ZEEK");
        second.send(&hello(peer));
        if peer == SMALL {
            // The node with the smaller id decides, so it is asked first.
            assert_eq!(second.frame().first(), Some(&6));
            second.send(&[b"\x08ZEEK", &peer.0[..], &[1]].concat());
            assert_eq!(second.frame()[21], 40);
        } else {
            let told = [b"\x09ZEEK", &MIDDLE.0[..], &[39, 20], b"redundant connection"].concat();
            assert_eq!(second.frame(), told);
        }
        second.ends();
        first.publish(&data(peer, "/cap/x", 1));
        assert_eq!(subscriber.get_before(soon()).unwrap().data.to_string(), "1");
    }
}

#[test]
fn garbage_is_skipped_and_what_follows_it_arrives() {
    let (endpoint, port) = listening(options());
    let mut subscriber = endpoint.subscribe([topic("/cap"), topic("<$>/local")]);
    let mut node = Node::peer(port, SMALL, &[]);
    let mut strange = data(SMALL, "/cap", 1).frame()[4..].to_vec();
    strange[32] = 77;
    let deep = [[0x0e, 1]].concat().repeat(200_000);
    let deep =
        broker::Message::new(SMALL, EndpointId::NIL, broker::Kind::Data, TTL, b"/cap/deep", &deep);
    for garbage in [&b""[..], b"x", &[7; 36], &strange, &deep.unwrap().frame()[4..]] {
        node.send(garbage);
    }
    node.publish(&data(SMALL, "<$>/local/data/statuses", 1));
    node.publish(&data(SMALL, "/cap/ok", 2));
    // The endpoint's own words about the peer come first.
    let is_own = |data: &Data| matches!(data, Data::Vector(_));
    let received = loop {
        let received = subscriber.get_before(soon()).unwrap();
        if !is_own(&received.data) {
            break received;
        }
    };
    assert_eq!((received.topic.to_string().as_str(), received.data), ("/cap/ok", Data::Count(2)));
}

#[test]
fn a_frame_beyond_the_limit_costs_the_peering_and_no_memory() {
    let (endpoint, port) = listening(options());
    let statuses = endpoint.status_subscriber(true);
    let mut node = Node::peer(port, SMALL, &[]);
    next(&statuses, |status| status.code == Sc::PeerAdded);
    // What is reserved counts already.
    let reserved = || memory(std::process::id(), "VmPeak");
    let before = reserved();
    node.raw(&u32::MAX.to_be_bytes());
    next(&statuses, is_lost);
    node.ends();
    let more = reserved().saturating_sub(before);
    assert!(more < 1 << 30, "{more} bytes more for 4 GiB that were announced");
}

#[test]
fn a_silent_node_has_no_longer_than_a_handshake_takes() {
    let peering =
        PeeringLimits { handshake: Duration::from_millis(300), ..PeeringLimits::default() };
    let (_endpoint, port) = listening(EndpointOptions { peering, ..options() });
    let mut node = Node::connect(port);
    assert_eq!(node.frame(), b"\x07ZEEK");
    node.ends();
}

#[test]
fn a_connection_that_died_without_a_word_is_noticed() {
    let peering = PeeringLimits {
        ping_after: Duration::from_millis(300),
        dead_after: Duration::from_secs(2),
        ..PeeringLimits::default()
    };
    let (endpoint, port) = listening(EndpointOptions { peering, ..options() });
    let statuses = endpoint.status_subscriber(true);
    let mut node = Node::peer(port, SMALL, &[]);
    // It is asked, answers once, and is silent from then on.
    let asked = node.message();
    assert_eq!(asked.kind(), broker::Kind::Ping);
    let (receiver, payload) = (asked.sender(), asked.payload());
    let answer =
        broker::Message::new(SMALL, receiver, broker::Kind::Pong, TTL, b"<$>", payload).unwrap();
    node.publish(&answer);
    next(&statuses, is_lost);
    assert!(endpoint.peers().is_empty());
}

#[test]
fn who_does_not_answer_a_farewell_is_left_all_the_same() {
    let peering = PeeringLimits { bye: Duration::from_millis(300), ..PeeringLimits::default() };
    let (endpoint, port) = listening(EndpointOptions { peering, ..options() });
    let statuses = endpoint.status_subscriber(true);
    let mut node = Node::peer(port, SMALL, &[]);
    next(&statuses, |status| status.code == Sc::PeerAdded);
    assert!(endpoint.unpeer("127.0.0.1", node.port()));
    assert!(node.message().payload().starts_with(b"BYE"));
    next(&statuses, |status| status.code == Sc::PeerRemoved);
    node.ends();
}
