//! The broker: peers and clients that are silent, slow or strange, signals, certificates, load.

mod accepting;
mod cable;
mod certificates;
mod flood;
mod frames;
mod lost;
mod signals;

use std::net::{Ipv4Addr, SocketAddr};

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Subscriber};
use ostler_tests::Caller;
use ostler_tests::broker_peer::{soon, topic};
use ostler_tests::broker_program::{Node, Setup};

const PLAIN: &str = "broker.disable-ssl = true\ntopics = [\"/x\"]\n";
/// What the resident memory may grow by, in bytes, whatever is sent.
const GROWTH: u64 = 1 << 20;

/// A node that listens everywhere it can.
fn node() -> Node {
    Setup::new(PLAIN).arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0"]).start()
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A figure that a node tells.
fn figure(node: &Node, name: &str) -> u64 {
    let mut caller = Caller::new(local(node.port("figures")));
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = caller.last();
    let value = answer.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect("a figure").parse().unwrap()
}

/// An endpoint that is a peer of the node, and what comes to it.
fn peer(node: &Node) -> (Endpoint, Subscriber) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let subscriber = endpoint.subscribe([topic("/x")]);
    endpoint.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
    assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
    (endpoint, subscriber)
}

/// Two peers of a node, of which one publishes and the other receives.
struct Through {
    from: Endpoint,
    _from: Subscriber,
    _to: Endpoint,
    received: Subscriber,
    next: u64,
}

impl Through {
    fn new(node: &Node) -> Self {
        let (from, _from) = peer(node);
        let (to, received) = peer(node);
        Self { from, _from, _to: to, received, next: 0 }
    }

    /// One message goes from peer to peer, and is the next one.
    fn goes(&mut self) {
        self.from.publish(&topic("/x"), &Data::Count(self.next)).unwrap();
        let received = self.received.get_before(soon()).expect("a message in time");
        assert_eq!(received.data, Data::Count(self.next));
        self.next += 1;
    }
}
