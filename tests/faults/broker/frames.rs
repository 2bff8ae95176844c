//! Peers and clients that send what they should not, and those that do not read.

use std::io::{Read, Write};

use broker::data::Data;
use broker::{EndpointId, Kind, Message, TTL};
use ostler_tests::broker_peer::{LARGE, Node as Peer, SMALL, data, topic};
use ostler_tests::fault::is_long;
use ostler_tests::process::memory;
use ostler_tests::random::Random;
use ostler_tests::websocket::{Client, stream};
use ostler_tests::{Fault, wait_for};

use super::{GROWTH, Through, figure, local, node};

/// Values in one another, more than any stack has room for.
const DEEP: usize = 200_000;

#[test]
fn brk_n03_a_length_beyond_the_limit_ends_the_connection_and_takes_no_memory() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N03");
    let port = node.port("peers");
    // A tag comes on top of 64 MiB.
    let lengths = [u32::MAX, (64 << 20) + 17, 1 << 31];
    let try_all = |round: u8| {
        for length in lengths.into_iter().chain([0, (1 << 20) + 1]) {
            let mut stranger = Peer::connect(port);
            assert_eq!(stranger.frame(), b"\x07ZEEK");
            stranger.raw(&length.to_be_bytes());
            stranger.ends();
        }
        for (number, length) in (0..).zip(lengths) {
            // Each has a name of its own: it is seen to have gone before the name is free again.
            let mut id = SMALL;
            id.0[15] = round * 4 + number;
            let mut peer = Peer::peer(port, id, &[]);
            peer.raw(&length.to_be_bytes());
            peer.ends();
        }
        let mut client =
            Client::over(stream(local(node.port("WebSocket clients"))), "/v1/messages/json", &[]);
        client.send("[]");
        assert_eq!(client.json()["type"], "ack");
        let frame = [&[0x81, 0xff][..], &(1_u64 << 31).to_be_bytes(), &[0; 14]].concat();
        client.stream().write_all(&frame).unwrap();
        // A close frame, and the end.
        let _ = client.stream().read_to_end(&mut Vec::new());
    };
    // What a first one of each kind takes once is not counted.
    try_all(0);
    let before = memory(node.pid(), "VmRSS");
    try_all(1);
    let grown = memory(node.pid(), "VmRSS").saturating_sub(before);
    fault.figure(format!("{} KiB more after 9 of them", grown >> 10), grown <= GROWTH);
    through.goes();
}

#[test]
fn brk_n08_a_peer_that_never_reads_is_cut_off_and_the_others_go_on() {
    const LONG: usize = 16 << 10;
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N08");
    let _deaf = Peer::peer(node.port("peers"), LARGE, &["/x"]);
    wait_for("it is a peer", || figure(&node, "broker_connections{type=\"native\"}") == 3);
    let mut sent = 0_u64;
    while figure(&node, "broker_overflow_disconnects_total") == 0 {
        for _ in 0..50 {
            through.goes_with(LONG);
            sent += 1;
        }
    }
    fault.saw(format_args!("cut off after {sent} messages, of which another peer missed none"));
    let peak = memory(node.pid(), "VmHWM") >> 20;
    fault.figure(format!("{peak} MiB at most"), peak <= 32);
}

#[test]
fn brk_n16_garbage_on_both_ports_harms_nobody() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N16");
    let ports = [node.port("peers"), node.port("WebSocket clients"), node.port("figures")];
    let count = if is_long() { 20_000 } else { 300 };
    let mut random = Random::new(16);
    let mut send = |how_often: u32| {
        for number in 0..how_often {
            let mut bytes = random.bytes(2048);
            let mut stream = stream(local(ports[number as usize % ports.len()]));
            if number % 2 == 0 {
                // Half of them begin well.
                let start: &[u8] = b"\0\0\0\x17\x06ZEEK";
                bytes[..start.len()].copy_from_slice(start);
            }
            // It may be closed before all was written.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    };
    send(30);
    let before = memory(node.pid(), "VmRSS");
    send(count);
    let grown = memory(node.pid(), "VmRSS").saturating_sub(before) >> 10;
    let words = format!("{grown} KiB more after {count} connections with 2 KiB of garbage each");
    fault.figure(words, grown <= 8 << 10);
    through.goes();
    wait_for("all have gone", || figure(&node, "broker_connections{type=\"native\"}") == 2);
}

#[test]
fn brk_n17_values_nested_200_000_deep_are_skipped() {
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-N17");
    let deep = [0x0e, 1].repeat(DEEP);
    let deep = Message::new(SMALL, EndpointId::NIL, Kind::Data, TTL, b"/x", &deep).unwrap();
    let mut peer = Peer::peer(node.port("peers"), SMALL, &[]);
    peer.publish(&deep);
    peer.publish(&data(SMALL, "/x", 7));
    assert_eq!(through.comes(), Data::Count(7), "what comes behind it");
    let mut client =
        Client::over(stream(local(node.port("WebSocket clients"))), "/v1/messages/json", &[]);
    client.send("[]");
    assert_eq!(client.json()["type"], "ack");
    let nested = "[{\"@data-type\":\"vector\",\"data\":".repeat(DEEP);
    client.publish("/x", "vector", &format!("{nested}[]{}", "}]".repeat(DEEP)));
    assert_eq!(client.json()["type"], "error");
    client.publish("/x", "count", "8");
    assert_eq!(through.comes(), Data::Count(8), "what comes behind it");
    fault.saw("one of a peer is skipped, one of a WebSocket client told, what follows arrives");
}

impl Through {
    /// A message of so many bytes goes from peer to peer.
    fn goes_with(&mut self, bytes: usize) {
        let text = Data::String(vec![b'x'; bytes]);
        self.from.publish(&topic("/x"), &text).unwrap();
        assert_eq!(self.comes(), text);
    }
}
