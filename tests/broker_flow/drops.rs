//! Whatever is dropped, and whoever for, is counted where operators look.

use std::net::SocketAddr;

use broker::{Endpoint, EndpointOptions, Overflow, QueueLimits};
use ostler_net::Address;
use ostler_tests::http::Caller;
use ostler_tests::wait::wait_for;

use crate::slow_peers::{LONG, shaken};
use crate::together::{listening, numbered, pair, soon, topic};

/// Figures of an endpoint by their names and labels.
struct Figures(SocketAddr);

impl Figures {
    fn of(endpoint: &Endpoint) -> Self {
        let ports = endpoint.metrics_listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        Self(SocketAddr::from(([127, 0, 0, 1], ports[0])))
    }

    fn get(&self, name: &str) -> u64 {
        let mut caller = Caller::new(self.0);
        caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let text = String::from_utf8(caller.last().body).unwrap();
        let figure = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        figure.unwrap_or_else(|| panic!("{name} in {text}"))
    }
}

#[test]
fn what_a_subscriber_does_not_read_in_time_is_counted() {
    let reading = EndpointOptions {
        subscriber_buffer: QueueLimits { items: 3, bytes: 1 << 20 },
        ..EndpointOptions::default()
    };
    let (reading, port) = listening(reading);
    let figures = Figures::of(&reading);
    let kept = reading.subscribe_with([topic("/x")], Overflow::DropNewest);
    let publishing = Endpoint::new(EndpointOptions::default()).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    for number in 0..10 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("the figure", || figures.get("broker_dropped_messages_total{reason=\"unread\"}") == 7);
    assert_eq!(kept.dropped(), 7);
    // What came from peers is added a few times a second.
    wait_for("the figure", || figures.get("broker_processed_messages_total{type=\"data\"}") == 10);
}

#[test]
fn what_waited_for_a_peer_that_has_gone_is_counted_and_what_was_refused_is_not_twice() {
    let (publishing, port) = listening(EndpointOptions::default());
    let figures = Figures::of(&publishing);
    let silent = shaken(port);
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    let mut sent = 0;
    while publishing.try_publish(&topic("/x"), &numbered(sent, LONG)).is_ok() {
        sent += 1;
    }
    assert_eq!(figures.get("broker_processed_messages_total{type=\"data\"}"), sent);
    assert_eq!(figures.get("broker_refused_publications_total"), 1);
    let waiting = figures.get("broker_peer_queue_length");
    assert!(waiting > 0);
    drop(silent);
    wait_for("the end of the peer", || publishing.peers().is_empty());
    let unsent = figures.get("broker_dropped_messages_total{reason=\"unsent\"}");
    assert!((1..=waiting).contains(&unsent), "{unsent} of {waiting}");
}

#[test]
fn each_peer_has_figures_of_its_own() {
    let options =
        EndpointOptions { peer_overflow: Overflow::DropNewest, ..EndpointOptions::default() };
    let (relaying, port) = listening(options);
    relaying.forward([topic("/x")]);
    let figures = Figures::of(&relaying);
    let silent = shaken(port);
    let publishing = Endpoint::new(EndpointOptions::default()).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    let at = |what, port| {
        format!("broker_receiver_{what}{{type=\"native\",receiver=\"127.0.0.1:{port}\"}}")
    };
    let own = at("dropped_messages_total", silent.local_addr().unwrap().port());
    while figures.get(&own) == 0 {
        publishing.publish(&topic("/x"), &numbered(0, LONG)).unwrap();
    }
    let waiting = at("queue_length", silent.local_addr().unwrap().port());
    assert!(figures.get(&waiting) > 0);
    let all = figures.get("broker_dropped_messages_total{reason=\"overflow\"}");
    assert!(figures.get(&own) <= all);
    let peers = relaying.peers();
    let other = peers.iter().find(|peer| peer.endpoint.id == Some(publishing.id())).unwrap();
    let other = other.endpoint.network.as_ref().unwrap().port;
    assert_eq!(figures.get(&at("dropped_messages_total", other)), 0);
}

#[test]
fn changes_that_nobody_reads_are_counted() {
    let (publishing, reading, subscriber) = pair(EndpointOptions::default());
    let figures = Figures::of(&publishing);
    assert_eq!(figures.get("broker_dropped_statuses_total"), 0);
    let statuses = publishing.status_subscriber(false);
    // More errors than wait for anybody.
    for _ in 0..5000 {
        publishing.unpeer_nosync("nowhere", 1);
    }
    assert_eq!(figures.get("broker_dropped_statuses_total"), statuses.dropped());
    assert!(statuses.dropped() > 0);
    drop((reading, subscriber));
}
