//! Peers that do not read what others send through an endpoint.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use broker::{Endpoint, EndpointOptions, Happening, Overflow, PeeringLimits, Sc};
use ostler_net::LinkLimits;
use ostler_tests::wait::wait_for;

use crate::together::{listening, number, numbered, soon, topic};

/// An endpoint that relays between one that publishes and one whose subscriber does not read: the
/// buffers between the last two are small.
fn relay(overflow: Overflow) -> (Endpoint, Endpoint, Endpoint, broker::Subscriber) {
    let (relay, port) = listening(EndpointOptions {
        peer_overflow: overflow,
        peer_buffer: 64,
        ..EndpointOptions::default()
    });
    let reading = Endpoint::new(EndpointOptions {
        subscriber_buffer: broker::QueueLimits { items: 16, bytes: 1 << 20 },
        ..EndpointOptions::default()
    })
    .unwrap();
    let subscriber = reading.subscribe([topic("/x")]);
    reading.peer("127.0.0.1", port, None, soon()).unwrap();
    relay.forward([topic("/x")]);
    assert!(relay.await_filter_entry(&topic("/x"), soon()));
    let publishing = Endpoint::new(EndpointOptions::default()).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    (publishing, relay, reading, subscriber)
}

/// So much that the socket's own buffers do not hold it.
const MANY: u64 = 2_000;
pub(crate) const LONG: usize = 16 * 1024;

#[test]
fn a_slow_peer_is_cut_off_as_with_the_original_and_the_others_go_on() {
    let (publishing, relay, _reading, _subscriber) = relay(Overflow::Disconnect);
    let statuses = relay.status_subscriber(true);
    for number in 0..MANY {
        publishing.publish(&topic("/x"), &numbered(number, LONG)).unwrap();
    }
    let deadline = soon();
    loop {
        match statuses.get_before(deadline).expect("a change in time") {
            Happening::Status(status) if status.code == Sc::PeerRemoved => {
                assert!(status.message.contains("caf::sec::backpressure_overflow"), "{status}");
                break;
            }
            _ => {}
        }
    }
    assert_eq!(relay.peers().len(), 1, "the publisher stays");
}

#[test]
fn a_long_message_behind_a_short_one_is_passed_on_like_others() {
    let (publishing, relay, _reading, mut subscriber) = relay(Overflow::Disconnect);
    for number in 0..20 {
        publishing.publish(&topic("/x"), &numbered(2 * number, 0)).unwrap();
        publishing.publish(&topic("/x"), &numbered(2 * number + 1, 9 << 20)).unwrap();
        for expected in [2 * number, 2 * number + 1] {
            let received = subscriber.get_before(soon()).expect("a message in time");
            assert_eq!(self::number(&received.data), expected);
        }
    }
    assert_eq!(relay.peers().len(), 2);
}

#[test]
fn a_peer_whose_messages_nobody_takes_can_be_left() {
    let (reading, port) = listening(EndpointOptions {
        subscriber_buffer: broker::QueueLimits { items: 1, bytes: 1 },
        ..EndpointOptions::default()
    });
    let unread = reading.subscribe([topic("/x")]);
    let publishing = Endpoint::new(EndpointOptions::default()).unwrap();
    let id = publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert_eq!(id, reading.id());
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    while publishing.try_publish(&topic("/x"), &numbered(0, LONG)).is_ok() {}
    let peers = reading.peers();
    let network = peers[0].endpoint.network.as_ref().unwrap();
    assert!(reading.unpeer(&network.address, network.port));
    assert!(reading.peers().is_empty());
    drop(unread);
}

#[test]
fn with_drops_a_slow_peer_stays_and_gets_the_rest_in_order() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let (publishing, relay, _reading, mut subscriber) = relay(overflow);
        for number in 0..MANY {
            publishing.publish(&topic("/x"), &numbered(number, LONG)).unwrap();
        }
        // The last one is told by another topic, when there is room for it.
        let received = |subscriber: &mut broker::Subscriber| {
            number(&subscriber.get_before(soon()).expect("one in time").data)
        };
        let mut last = received(&mut subscriber);
        let mut count = 1;
        loop {
            // Reading makes room; what is published then arrives.
            publishing.publish(&topic("/x"), &numbered(MANY, 0)).unwrap();
            let next = received(&mut subscriber);
            if next == MANY {
                break;
            }
            assert!(next > last, "{next} behind {last}");
            last = next;
            count += 1;
        }
        assert!(count < MANY, "{overflow}: nothing was dropped");
        assert_eq!(relay.peers().len(), 2);
    }
}

#[test]
fn with_block_nothing_is_lost_though_everybody_waits() {
    let (publishing, _relay, _reading, mut subscriber) = relay(Overflow::Block);
    let publisher = publishing.publisher();
    let thread = ostler_runtime::Thread::spawn("publisher", move || {
        for number in 0..MANY {
            publisher.publish(&topic("/x"), &numbered(number, LONG)).unwrap();
        }
    })
    .unwrap();
    for expected in 0..MANY {
        assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), expected);
    }
    thread.join();
}

#[test]
fn a_peer_that_never_reads_is_given_up_and_its_publisher_goes_on() {
    let limits = LinkLimits { stall: Duration::from_millis(500), ..LinkLimits::default() };
    let (endpoint, port) =
        listening(EndpointOptions { links: limits, ..EndpointOptions::default() });
    let silent = shaken(port);
    assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
    let mut sent = 0;
    while !endpoint.peers().is_empty() {
        // Waits until the peer is given up.
        endpoint.publish(&topic("/x"), &numbered(sent, LONG)).unwrap();
        sent += 1;
    }
    wait_for("the count", || endpoint.links().stalled == 1);
    drop(silent);
}

#[test]
fn a_peer_that_never_reads_has_gone_when_it_was_left() {
    // It has this long for its answer once all is sent that waits for it, which never is.
    let peering = PeeringLimits { bye: Duration::from_millis(500), ..PeeringLimits::default() };
    let (endpoint, port) = listening(EndpointOptions { peering, ..EndpointOptions::default() });
    let silent = shaken(port);
    assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
    while endpoint.try_publish(&topic("/x"), &numbered(0, LONG)).is_ok() {}
    let id = endpoint.peers()[0].endpoint.id.unwrap();
    assert!(endpoint.unpeer_id(id));
    assert!(endpoint.peers().is_empty());
    drop(silent);
}

/// A peer that has subscribed to everything and reads no more.
pub(crate) fn shaken(port: u16) -> TcpStream {
    use std::io::Write;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let id = broker::EndpointId([0xff; 16]);
    let mut send = |body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length, body].concat()).unwrap();
    };
    send(&[b"\x06ZEEK", &id.0[..], &[1, 1]].concat());
    // The endpoint's id is smaller: it begins.
    send(&[11, 1, 0]);
    let mut read = 0;
    // A probe, the version, its filter, and the end of the handshake.
    while read < 4 {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut body).unwrap();
        read += 1;
    }
    stream
}
