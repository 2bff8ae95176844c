//! Clients that begin long messages, and leave it at that.

use std::io::Write;
use std::net::TcpStream;

use broker::{EndpointOptions, WebSocketAccess, WebSocketLimits};
use ostler_net::LinkLimits;
use ostler_tests::websocket::{Client, Node, data_message};
use tungstenite::Message;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

const MIB: usize = 1 << 20;
/// Bytes of a long frame's head.
const HEAD: usize = 14;

/// The first bytes of a text frame.
fn begin(client: &mut Client<TcpStream>, announced: usize, sent: usize) {
    let length = u64::try_from(announced).unwrap().to_be_bytes();
    let start = [&[0x81, 0xff][..], &length, &[0; 4], &vec![b' '; sent]].concat();
    client.stream().write_all(&start).unwrap();
}

fn fragment(client: &mut Client<TcpStream>, kind: Data, text: &str, is_final: bool) {
    let frame = Frame::message(text.to_owned(), OpCode::Data(kind), is_final);
    client.send_message(Message::Frame(frame));
}

/// A message of this topic that has so many bytes.
fn of_length(topic: &str, length: usize) -> String {
    let room = length - data_message(topic, "string", r#""""#).len();
    data_message(topic, "string", &format!(r#""{}""#, "x".repeat(room)))
}

#[test]
fn parts_of_long_frames_count_among_those_of_all_links() {
    let links = LinkLimits { max_unconsumed_in_all: 3 * MIB, ..LinkLimits::default() };
    let options = EndpointOptions { links, ..EndpointOptions::default() };
    let node = Node::with(options, WebSocketAccess::default(), WebSocketLimits::default());
    let mut watcher = node.client(&["<$>/local/data/statuses"]);
    let mut clients = [(); 2].map(|()| node.client(&[]));
    for client in &mut clients {
        begin(client, 4 * MIB, 3 * MIB - MIB / 2);
    }
    let told = loop {
        let told = watcher.json();
        if told["data"][1]["data"] == "peer_removed" {
            break told["data"][3]["data"].clone();
        }
    };
    // Which of the two has the most then, and whether that is the one that has just sent something, is
    // open.
    let reasons = [
        "client removed: too many bytes that make no message",
        "client removed: of too many unfinished messages it has the most",
    ];
    assert!(reasons.iter().any(|reason| told == *reason), "{told}");
}

#[test]
fn no_message_may_be_longer_than_a_link_has_room_for() {
    let links = LinkLimits { max_unconsumed: MIB, ..LinkLimits::default() };
    let options = EndpointOptions { links, ..EndpointOptions::default() };
    let node = Node::with(options, WebSocketAccess::default(), WebSocketLimits::default());
    let (mut reader, mut writer) = (node.client(&["/x"]), node.client(&[]));
    let longest = of_length("/x", MIB - HEAD);
    writer.send(&longest);
    assert_eq!(reader.text(), longest);
    begin(&mut writer, MIB - HEAD + 1, 0);
    let close = writer.closed();
    let words = "the message has more than 1048562 bytes";
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1009, words));
}

#[test]
fn fragments_of_unfinished_messages_have_a_limit_for_all_clients_together() {
    let node = Node::new(WebSocketLimits { max_unfinished: MIB, ..WebSocketLimits::default() });
    let mut reader = node.client(&["/x"]);
    let [mut one, mut other, mut third] = [(); 3].map(|()| node.client(&[]));
    let message = of_length("/x", MIB);
    let (start, end) = message.split_at(MIB - 1);
    fragment(&mut one, Data::Text, start, false);
    one.send_message(Message::Ping("read".into()));
    assert_eq!(one.message(), Message::Pong("read".into()));
    fragment(&mut other, Data::Text, start, false);
    let close = other.closed();
    let words = "the unfinished messages of all clients take too much";
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1009, words));
    // Whoever sends short messages does not notice.
    let short = data_message("/x", "count", "1");
    fragment(&mut third, Data::Text, &short[..9], false);
    fragment(&mut third, Data::Continue, &short[9..], true);
    assert_eq!(reader.text(), short);
    // Nor whoever was there before.
    fragment(&mut one, Data::Continue, end, true);
    assert_eq!(reader.text(), message);
    fragment(&mut third, Data::Text, start, false);
    fragment(&mut third, Data::Continue, end, true);
    assert_eq!(reader.text(), message);
}
