//! The broker: peers and clients that are silent, slow or strange, signals, certificates, load.

mod accepting;
pub(crate) mod cable;
mod certificates;
mod crowd;
mod endings;
mod flood;
mod frames;
mod load;
mod lost;
mod machine;
mod manager;
mod places;
mod records;
mod resources;
mod signals;
mod stops;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Subscriber};
use ostler_runtime::Deadline;
use ostler_tests::broker_peer::{soon, topic};
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::websocket::{Client, stream};
use ostler_tests::{Caller, wait_for};
use serde_json::json;

const PLAIN: &str = "broker.disable-ssl = true\ntopics = [\"/x\"]\n";
/// What the resident memory may grow by, in bytes, whatever is sent.
const GROWTH: u64 = 1 << 20;

/// A node that listens everywhere it can.
fn node() -> Node {
    Setup::new(PLAIN).arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0"]).start()
}

pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A WebSocket client that wants these topics and was acknowledged.
fn subscribed(at: SocketAddr, topics: &[&str]) -> Client<TcpStream> {
    subscribed_over(stream(at), topics)
}

/// The same over a connection that stands already.
fn subscribed_over(stream: TcpStream, topics: &[&str]) -> Client<TcpStream> {
    let mut client = Client::over(stream, "/v1/messages/json", &[]);
    client.send(&json!(topics).to_string());
    assert_eq!(client.json()["type"], "ack");
    client
}

/// A figure that a node tells.
fn figure(node: &Node, name: &str) -> u64 {
    let mut caller = Caller::new(local(node.port("figures")));
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = caller.last();
    let value = answer.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect("a figure").parse().unwrap()
}

/// Two peers of a node, of which one publishes and the other receives.
struct Through {
    from: Endpoint,
    received: Subscriber,
    _to: Endpoint,
    next: u64,
}

impl Through {
    fn new(node: &Node) -> Self {
        Self::at(node.port("peers"))
    }

    /// The same of a node that listens at this port.
    fn at(port: u16) -> Self {
        let [from, to] = [(), ()].map(|()| Endpoint::new(EndpointOptions::default()).unwrap());
        let received = to.subscribe([topic("/x")]);
        for endpoint in [&to, &from] {
            endpoint.peer("127.0.0.1", port, None, soon()).unwrap();
            assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
        }
        // The node itself wants the topic: nothing else tells that it knows who else does.
        let mut through = Self { from, received, _to: to, next: 0 };
        wait_for("messages go through", || {
            through.from.publish(&topic("/x"), &Data::None).unwrap();
            through.received.get_before(Deadline::after(Duration::from_millis(50))).is_some()
        });
        through
    }

    /// What comes next, but for what the first look has sent.
    fn comes(&mut self) -> Data {
        loop {
            let received = self.received.get_before(soon()).expect("a message in time");
            if received.data != Data::None {
                return received.data;
            }
        }
    }

    /// One message goes from peer to peer, and is the next one.
    fn goes(&mut self) {
        self.from.publish(&topic("/x"), &Data::Count(self.next)).unwrap();
        assert_eq!(self.comes(), Data::Count(self.next));
        self.next += 1;
    }
}
