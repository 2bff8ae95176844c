//! At its end an endpoint sends what waits, as far as there is time.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use broker::data::Data;
use broker::{
    EndpointId, EndpointOptions, Message, Overflow, PeeringLimits, QueueLimits, WebSocketAccess,
    WebSocketLimits,
};
use ostler_net::LinkLimits;
use ostler_runtime::Deadline;
use ostler_tests::broker_peer;
use ostler_tests::wait::PATIENCE;
use ostler_tests::websocket::Node;

use crate::slow_peers::{LONG, shaken};
use crate::together::{listening, number, numbered, soon, topic};

/// So long who does not answer is waited for.
const SHORT: Duration = Duration::from_millis(100);
/// How long an endpoint has to end where somebody reads nothing.
const END: Duration = Duration::from_secs(1);

/// It was not for lack of time that nothing more was read.
fn has_ended(error: &io::Error) {
    let ends = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
    assert!(ends.contains(&error.kind()), "{error}");
}

#[test]
fn what_waits_for_a_slow_peer_is_delivered() {
    let (reading, port) = listening(EndpointOptions {
        subscriber_buffer: QueueLimits { items: 16, bytes: 1 << 20 },
        ..EndpointOptions::default()
    });
    let mut subscriber = reading.subscribe([topic("/x")]);
    // The farewell alone would not wait, nor would the end of the connection.
    let peering = PeeringLimits { bye: SHORT, ..PeeringLimits::default() };
    let links = LinkLimits { close: SHORT, ..LinkLimits::default() };
    let (publishing, own) = listening(EndpointOptions { peering, links, ..Default::default() });
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    let mut silent = broker_peer::Node::peer(own, broker_peer::SMALL, &["/other"]);
    assert!(publishing.await_peer(broker_peer::SMALL, soon()));
    let mut sent = 0;
    while publishing.try_publish(&topic("/x"), &numbered(sent, LONG)).is_ok() {
        sent += 1;
    }
    std::thread::scope(|scope| {
        scope.spawn(move || publishing.shutdown(soon()));
        // It reads on when one for whom nothing waits and who does not answer has been left.
        has_ended(&std::iter::from_fn(|| Some(silent.any_frame())).find_map(Result::err).unwrap());
        for expected in 0..sent {
            let received = subscriber.get_before(soon()).expect("a message in time");
            assert_eq!(number(&received.data), expected);
        }
    });
}

/// Reads until this node is told goodbye, and returns what is to be answered.
fn goodbye(node: &mut broker_peer::Node) -> Message {
    loop {
        let message = node.message();
        if message.payload().starts_with(b"BYE") {
            return message;
        }
    }
}

#[test]
fn who_becomes_a_peer_while_an_endpoint_ends_is_told_goodbye_as_well() {
    // Whoever does not answer is waited for longer than this test.
    let peering = PeeringLimits { bye: PATIENCE, ..PeeringLimits::default() };
    let id = EndpointId([0x77; 16]);
    let (endpoint, port) = listening(EndpointOptions { id, peering, ..Default::default() });
    let mut first = broker_peer::Node::peer(port, broker_peer::LARGE, &[]);
    assert!(endpoint.await_peer(broker_peer::LARGE, soon()));
    let mut second = broker_peer::Node::connect(port);
    assert!(second.begin_handshake(broker_peer::SMALL, &[]), "it has the last word");
    std::thread::scope(|scope| {
        let ends = scope.spawn(move || endpoint.shutdown(soon()));
        // All who are peers now are told, and the endpoint waits for the answer of this one.
        let told = goodbye(&mut first);
        second.send(&[12]);
        let answer = goodbye(&mut second);
        second.echo(&answer);
        first.echo(&told);
        assert!(ends.join().unwrap(), "everybody has gone in time");
    });
}

#[test]
fn what_waits_for_a_slow_client_is_delivered_before_it_is_told_the_end() {
    let links = LinkLimits { close: SHORT, ..LinkLimits::default() };
    let options = EndpointOptions { links, ..EndpointOptions::default() };
    let limits = WebSocketLimits { overflow: Overflow::Block, ..WebSocketLimits::default() };
    let node = Node::with(options, WebSocketAccess::default(), limits);
    let mut client = node.client(&["/x"]);
    let mut silent = node.client(&["/other"]);
    let text = "x".repeat(LONG);
    let mut sent = 0;
    while node.endpoint().try_publish(&topic("/x"), &Data::from(text.as_str())).is_ok() {
        sent += 1;
    }
    std::thread::scope(|scope| {
        let ends = scope.spawn(move || node.into_endpoint().shutdown(soon()));
        // It reads on when one for whom nothing waits and who does not answer has been left.
        if let Err(error) = silent.stream().read_to_end(&mut Vec::new()) {
            has_ended(&error);
        }
        for _ in 0..sent {
            assert_eq!(client.json()["data"].as_str().map(str::len), Some(LONG));
        }
        assert_eq!(u16::from(client.closed().code), 1001);
        drop(client);
        assert!(ends.join().unwrap(), "everybody has gone in time");
    });
}

#[test]
fn who_reads_nothing_does_not_keep_an_endpoint_from_ending() {
    let (endpoint, port) = listening(EndpointOptions::default());
    let silent = shaken(port);
    assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
    while endpoint.try_publish(&topic("/x"), &numbered(0, LONG)).is_ok() {}
    let mut happened = endpoint.subscribe([topic("<$>/local/data/statuses")]);
    assert!(!endpoint.shutdown(Deadline::after(END)), "not everybody has gone in time");
    // All is told, and then nothing more.
    let last = std::iter::from_fn(|| happened.get()).last().unwrap();
    assert!(last.data.to_string().contains("endpoint_unreachable"), "{}", last.data);
    drop(silent);
}
