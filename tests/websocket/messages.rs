//! What clients publish, and what they are sent.

use std::io::Write;
use std::net::TcpStream;

use broker::data::Data;
use broker::{EndpointOptions, Topic, WebSocketAccess, WebSocketLimits};
use ostler_net::LinkLimits;
use ostler_runtime::Deadline;
use ostler_tests::websocket::{Client, Node, data_message, stream};
use ostler_tests::{PATIENCE, wait_for};
use tungstenite::{Bytes, Message};

fn topic(text: &str) -> Topic {
    Topic::new(text).unwrap()
}

#[test]
fn each_type_comes_as_it_was_sent() {
    let node = Node::new(WebSocketLimits::default());
    let mut reader = node.client(&["/in"]);
    let mut writer = node.client(&[]);
    for (data_type, data) in [
        ("none", "{}"),
        ("boolean", "true"),
        ("count", "18446744073709551615"),
        ("integer", "-9223372036854775808"),
        ("real", "0.3333333333333333"),
        ("real", "1e-9"),
        ("timespan", r#""1500ms""#),
        ("timespan", r#""-90s""#),
        ("timestamp", r#""2022-04-10T07:00:00.123456789""#),
        ("string", r#""q \" \\ \n \u0000 é 😀 \udcff""#),
        ("enum-value", r#""Log::WRITER_ASCII""#),
        ("address", r#""2001:db8::1""#),
        ("subnet", r#""10.0.0.0/8""#),
        ("port", r#""8/icmp""#),
        ("vector", r#"[{"@data-type":"count","data":1},{"@data-type":"vector","data":[]}]"#),
        ("set", r#"[{"@data-type":"count","data":1},{"@data-type":"string","data":"a"}]"#),
        (
            "table",
            r#"[{"key":{"@data-type":"string","data":"k"},"value":{"@data-type":"none","data":{}}}]"#,
        ),
    ] {
        writer.publish("/in/x", data_type, data);
        assert_eq!(reader.text(), data_message("/in/x", data_type, data));
    }
}

#[test]
fn a_message_comes_once_and_never_back() {
    let node = Node::new(WebSocketLimits::default());
    let mut everything = node.client(&[""]);
    let mut twice = node.client(&["/in", "/in/x"]);
    let mut by_bytes = node.client(&["/in/xy"]);
    let mut writer = node.client(&["/in"]);
    writer.publish("/in/xyz", "count", "1");
    writer.publish("/out", "count", "2");
    let mine = data_message("/in/xyz", "count", "1");
    assert_eq!([twice.text(), by_bytes.text()], [mine.clone(), mine.clone()]);
    // Who has come since is told to who wants everything.
    let mut told = 0;
    let first = loop {
        let text = everything.text();
        if !text.contains("<$>/local/data/statuses") {
            break text;
        }
        told += 1;
    };
    assert!((6..=8).contains(&told), "{told} changes were told");
    assert_eq!([first, everything.text()], [mine, data_message("/out", "count", "2")]);
    writer.hears_nothing();
    twice.hears_nothing();
}

#[test]
fn clients_and_the_program_hear_each_other() {
    let node = Node::new(WebSocketLimits::default());
    let mut subscriber = node.endpoint().subscribe([topic("/from")]);
    let mut client = node.client(&["/to"]);
    client.publish("/from/client", "string", "\"hello\"");
    let received = subscriber.get_before(Deadline::after(PATIENCE)).unwrap();
    assert_eq!((received.topic.as_bytes(), received.data), (&b"/from/client"[..], "hello".into()));
    node.endpoint().publish(&topic("/to/client"), &Data::Count(7)).unwrap();
    assert_eq!(client.text(), data_message("/to/client", "count", "7"));
    node.endpoint().publish(&topic("/to/client"), &Data::Real(f64::NAN)).unwrap();
    let error = client.json();
    assert_eq!((&error["type"], &error["code"]), (&"error".into(), &"serialization_failed".into()));
    client.send("no JSON");
    let error = client.json();
    assert_eq!(error["code"], "deserialization_failed");
    let words = "input #2 contained malformed JSON -> caf::pec::unexpected_character(1, 2)";
    assert_eq!(error["context"], words);
}

#[test]
fn binary_frames_fragments_and_pings_are_fine() {
    let node = Node::new(WebSocketLimits::default());
    let mut reader = node.client(&["/in"]);
    let mut writer = node.client(&[]);
    let message = data_message("/in/x", "count", "1");
    writer.send_message(Message::binary(message.clone().into_bytes()));
    assert_eq!(reader.text(), message);
    writer.send_message(Message::Ping(Bytes::from_static(b"there?")));
    assert_eq!(writer.message(), Message::Pong(Bytes::from_static(b"there?")));
    writer.send_message(Message::Close(None));
    assert_eq!(writer.message(), Message::Close(None));
}

#[test]
fn bursts_of_any_size_come_whole() {
    let node = Node::new(WebSocketLimits::default());
    let mut reader = node.client(&["/in"]);
    let mut writer = node.client(&[]);
    for length in [10, 600, 1000, 1061, 1204, 1500, 2000, 2048, 2100, 10_000] {
        let text = format!("\"{}\"", "x".repeat(length));
        for _ in 0..512 {
            writer.publish("/in/x", "string", &text);
        }
        for _ in 0..512 {
            assert_eq!(reader.text().len(), data_message("/in/x", "string", &text).len());
        }
    }
    let long = format!("\"{}\"", "a".repeat(16 << 20));
    writer.publish("/in/x", "string", &long);
    assert_eq!(reader.text(), data_message("/in/x", "string", &long));
}

#[test]
fn peers_are_told_what_clients_want_and_when_they_do_not_any_more() {
    let node = Node::new(WebSocketLimits::default());
    let other = Node::new(WebSocketLimits::default());
    other.endpoint().peer_with(node.endpoint()).unwrap();
    let mut client = node.client(&["/wanted"]);
    let wanted = topic("/wanted");
    assert!(other.endpoint().await_filter_entry(&wanted, Deadline::after(PATIENCE)));
    other.endpoint().publish(&topic("/wanted/x"), &Data::Boolean(true)).unwrap();
    assert_eq!(client.text(), data_message("/wanted/x", "boolean", "true"));
    // From a client of one node to a client of the other.
    let mut writer = other.client(&[]);
    writer.publish("/wanted/y", "count", "3");
    assert_eq!(client.text(), data_message("/wanted/y", "count", "3"));
    drop(client);
    let is_wanted = || {
        let peers = other.endpoint().peers();
        peers.iter().any(|peer| peer.filter.matches(b"/wanted/x"))
    };
    wait_for("the peer's filter to shrink", || !is_wanted());
}

#[test]
fn who_wants_more_than_peers_can_be_told_is_refused_and_costs_no_peering() {
    let node = Node::new(WebSocketLimits::default());
    let other = Node::new(WebSocketLimits::default());
    other.endpoint().peer_with(node.endpoint()).unwrap();
    let wanted = topic("/wanted");
    let mut client = node.client(&["/wanted"]);
    assert!(other.endpoint().await_filter_entry(&wanted, Deadline::after(PATIENCE)));
    let long = |number: u32| format!("{number:0>60000}");
    let mut greedy: Vec<_> = (0..5)
        .map(|number| {
            let mut client = Client::over(stream(node.address()), "/v1/messages/json", &[]);
            let topics = [long(2 * number), long(2 * number + 1)];
            client.send(&serde_json::to_string(&topics).unwrap());
            client
        })
        .collect();
    let is_refused = greedy.iter_mut().filter_map(|client| match client.message() {
        Message::Close(frame) => frame,
        _ => None,
    });
    let refused: Vec<_> = is_refused.map(|frame| u16::from(frame.code)).collect();
    assert_eq!(refused, [1008], "one is too many");
    other.endpoint().publish(&topic("/wanted/x"), &Data::Boolean(true)).unwrap();
    assert_eq!(client.text(), data_message("/wanted/x", "boolean", "true"));
}

/// What the next change says that a client is told of: its code, and the words.
fn change(watcher: &mut Client<TcpStream>) -> (String, String) {
    let told = watcher.json();
    assert_eq!(told["topic"], "<$>/local/data/statuses");
    let field = |index: usize| told["data"][index]["data"].as_str().unwrap().to_owned();
    (field(1), field(3))
}

#[test]
fn who_watches_is_told_of_clients_as_by_the_original() {
    let node = Node::new(WebSocketLimits::default());
    let mut watcher = node.client(&["<$>/local/data/statuses"]);
    let came = [
        ("endpoint_discovered", "found a new client in the network"),
        ("peer_added", "handshake successful"),
    ];
    let went = [
        ("peer_lost", "lost connection to client"),
        ("endpoint_unreachable", "lost the last path"),
    ];
    let mut expect = |changes: [(&str, &str); 2]| {
        for (code, words) in changes {
            assert_eq!(change(&mut watcher), (code.to_owned(), words.to_owned()));
        }
    };
    expect(came);
    for says_so in [true, false] {
        let mut client = node.client(&[]);
        expect(came);
        if says_so {
            client.send_message(Message::Close(None));
        }
        drop(client);
        expect(went);
    }
    let mut client = node.client(&[]);
    expect(came);
    client.stream().write_all(b"\xf1\x80\0\0\0\0").unwrap();
    expect([("peer_removed", "client removed: a reserved bit is set"), went[1]]);
}

#[test]
fn a_message_that_would_be_too_long_in_json_is_told_of_instead() {
    let node = Node::new(WebSocketLimits::default());
    let mut client = node.client(&["/x"]);
    // Each of these bytes is six in JSON.
    let swells = Data::String(vec![1; 12 << 20]);
    node.endpoint().publish(&topic("/x"), &swells).unwrap();
    node.endpoint().publish(&topic("/x"), &Data::Boolean(true)).unwrap();
    assert_eq!(client.json()["code"], "serialization_failed");
    assert_eq!(client.text(), data_message("/x", "boolean", "true"));
}

#[test]
fn at_the_nodes_end_clients_are_told_that_it_goes() {
    let node = Node::new(WebSocketLimits::default());
    let mut client = node.client(&["/x"]);
    drop(node);
    let close = client.closed();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1001, "the node ends"));
}

#[test]
fn clients_that_are_told_and_stay_do_not_keep_a_node_from_ending() {
    // Who has nothing to be told any more is not waited for as others are.
    let links = LinkLimits { linger: PATIENCE * 2, ..LinkLimits::default() };
    let options = EndpointOptions { links, ..EndpointOptions::default() };
    let node = Node::with(options, WebSocketAccess::default(), WebSocketLimits::default());
    let mut clients = [(); 5].map(|()| node.client(&["/x"]));
    let ended = node.into_endpoint().shutdown(Deadline::after(PATIENCE));
    assert!(ended, "all have gone in time");
    for client in &mut clients {
        assert_eq!(u16::from(client.closed().code), 1001);
    }
}

#[test]
fn who_subscribes_while_a_node_ends_is_told_that_it_goes() {
    // Whoever was there keeps the node from having ended until it has gone.
    let limits = WebSocketLimits { farewell: PATIENCE * 2, ..WebSocketLimits::default() };
    let node = Node::new(limits);
    let mut there = node.client(&["/x"]);
    let mut late = Client::over(stream(node.address()), "/v1/messages/json", &[]);
    std::thread::scope(|scope| {
        let end = scope.spawn(|| node.into_endpoint().shutdown(Deadline::after(PATIENCE * 2)));
        assert!(matches!(there.message(), Message::Close(Some(_))));
        late.send("[]");
        let Message::Close(Some(close)) = late.message() else { panic!("no close frame") };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (1001, "the node ends"));
        drop((there, late));
        assert!(end.join().unwrap(), "all have gone in time");
    });
}
