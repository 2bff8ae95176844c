//! What the program says to a peer that shakes hands by the letter, in either role, twice, and in
//! versions that it does not know.

use broker::{EndpointId, Filter, Kind, Message, TTL};

use crate::node::{Node as Peer, id};
use crate::program::{Node, Setup};

/// The smallest and the largest id that there may be, so that the roles are certain.
const SMALLEST: &str = "00000000-0000-4000-8000-000000000000";
const LARGEST: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

fn start() -> Node {
    let node = Setup::new("")
        .arguments(&["--config-file", "script.cfg"])
        .file(
            "script.cfg",
            "broker {\n  disable-ssl = true\n}\ntopics = [\"/test\"]\nverbose = true\n",
        )
        .variable("BROKER_PORT", "0/tcp");
    node.start()
}

/// One that has connected, was told what it has reached, and says who it is.
fn greeted(node: &Node, id: EndpointId, versions: [u8; 2]) -> Peer {
    let mut peer = Peer::connect(node.port("peers"));
    assert_eq!(peer.frame(), b"\x07ZEEK");
    peer.send(&[b"\x06ZEEK", &id.0[..], &versions].concat());
    peer
}

/// The id in a frame of the handshake.
fn sender(frame: &[u8]) -> EndpointId {
    EndpointId(frame[5..21].try_into().unwrap())
}

/// A list of topics in a frame of the handshake.
fn topics(names: &[&str]) -> Vec<u8> {
    let mut filter = Vec::new();
    names.iter().collect::<Filter>().encode(&mut filter);
    filter
}

/// It is a peer now: it is answered.
fn is_peer(peer: &mut Peer, own: EndpointId, other: EndpointId) {
    let ping = Message::new(own, other, Kind::Ping, TTL, b"<$>", b"foo").unwrap();
    peer.publish(&ping);
    let answer = peer.message();
    assert_eq!(
        (answer.kind(), answer.topic(), answer.payload()),
        (Kind::Pong, &b"<$>"[..], &b"foo"[..])
    );
    assert_eq!((answer.sender(), answer.receiver()), (other, own));
}

#[test]
fn a_peer_with_the_smaller_id_begins() {
    let (node, own) = (start(), id(SMALLEST));
    let mut peer = greeted(&node, own, [1, 99]);
    let hello = peer.frame();
    assert_eq!((&hello[..5], &hello[21..]), (&b"\x06ZEEK"[..], &[1, 1][..]));
    peer.send(&[b"\x08ZEEK", &own.0[..], &[1]].concat());
    peer.send(&[b"\x0a", topics(&["/foo/bar"]).as_slice()].concat());
    assert_eq!(peer.frame(), [b"\x0b", topics(&["/test"]).as_slice()].concat());
    peer.send(&[12]);
    is_peer(&mut peer, own, sender(&hello));
    node.stop();
}

#[test]
fn a_peer_with_the_larger_id_answers() {
    let (node, own) = (start(), id(LARGEST));
    let mut peer = greeted(&node, own, [1, 99]);
    let other = begun(&mut peer);
    assert_eq!(peer.frame(), [b"\x0a", topics(&["/test"]).as_slice()].concat());
    peer.send(&[b"\x0b", topics(&["/foo/bar"]).as_slice()].concat());
    assert_eq!(peer.frame(), [12]);
    is_peer(&mut peer, own, other);
    node.stop();
}

#[test]
fn a_second_connection_of_a_peer_is_dropped_once_the_first_is_whole() {
    let (node, own) = (start(), id(LARGEST));
    let mut first = greeted(&node, own, [1, 99]);
    let other = begun(&mut first);
    let mut second = greeted(&node, own, [1, 99]);
    assert_eq!(first.frame(), [b"\x0a", topics(&["/test"]).as_slice()].concat());
    first.send(&[b"\x0b", topics(&["/foo/bar"]).as_slice()].concat());
    assert_eq!(first.frame(), [12]);
    let dropped = second.frame();
    assert_eq!((&dropped[..5], dropped[21]), (&b"\x09ZEEK"[..], 39), "a redundant connection");
    assert_eq!(sender(&dropped), other);
    second.ends();
    is_peer(&mut first, own, other);
    node.stop();
}

#[test]
fn versions_that_it_does_not_speak_are_refused() {
    let node = start();
    let mut peer = greeted(&node, id(LARGEST), [200, 201]);
    let dropped = peer.frame();
    assert_eq!((&dropped[..5], dropped[21]), (&b"\x09ZEEK"[..], 2), "no version of both");
    peer.ends();
    node.stop();
}

/// The node has begun: its id.
fn begun(peer: &mut Peer) -> EndpointId {
    let version = peer.frame();
    assert_eq!((&version[..5], &version[21..]), (&b"\x08ZEEK"[..], &[1][..]));
    sender(&version)
}
