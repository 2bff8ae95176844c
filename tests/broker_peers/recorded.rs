//! The recorded connections of the original against an endpoint, byte for byte, from both sides:
//! see `tests/golden/README.md`.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use broker::{
    Endpoint, EndpointId, EndpointOptions, Filter, Kind, Message, PeeringLimits, Subscriber, Topic,
};
use ostler_tests::binaries::workspace;
use ostler_tests::wait::PATIENCE;

use crate::node::{Node, listening, soon};

/// Who is the endpoint in place of a node of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Connector,
    Listener,
}

/// The frames of a recording, each with whether the endpoint is to send it.
fn frames(name: &str, side: Side) -> Vec<(bool, Vec<u8>)> {
    let path = workspace().join(format!("tests/golden/broker/{name}.txt"));
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| {
        let (who, hex) = line.split_once(' ').unwrap();
        let is_ours = (who == "connector") == (side == Side::Connector);
        (hex != "closes").then(|| (is_ours, bytes(hex)))
    });
    lines.collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What one of the nodes was called, and what it wanted: that in whose place the endpoint is, or
/// the other one.
fn identity(frames: &[(bool, Vec<u8>)], ours: bool) -> (EndpointId, Filter) {
    let (mut id, mut filter) = (EndpointId::NIL, Filter::new());
    for (_, frame) in frames.iter().filter(|(is_ours, _)| *is_ours == ours) {
        match frame[..] {
            [6 | 8, ..] if frame.len() < 30 => id = EndpointId(frame[5..21].try_into().unwrap()),
            [10 | 11, ref topics @ ..] => filter = Filter::decode(topics).unwrap(),
            _ => {}
        }
    }
    (id, filter)
}

/// An endpoint and the node that it is connected with.
struct Meeting {
    /// It goes first: an endpoint that ends says farewell to who is still there.
    node: Node,
    /// What it is called, and where the endpoint sees it.
    peer: EndpointId,
    port: u16,
    subscribers: Vec<Subscriber>,
    endpoint: Endpoint,
}

impl Meeting {
    fn new(side: Side, frames: &[(bool, Vec<u8>)]) -> Self {
        let (id, wanted) = identity(frames, true);
        let (peer, _) = identity(frames, false);
        // However busy this machine is, the node has time to answer a farewell.
        let peering = PeeringLimits { bye: PATIENCE, ..PeeringLimits::default() };
        let options = EndpointOptions { id, peering, ..EndpointOptions::default() };
        let (endpoint, port) = listening(options);
        let topics = wanted.iter().map(|topic| Topic::new(topic).unwrap());
        let subscribers = vec![endpoint.subscribe(topics)];
        let (node, port) = match side {
            Side::Listener => {
                let node = Node::connect(port);
                let port = node.port();
                (node, port)
            }
            Side::Connector => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = listener.local_addr().unwrap().port();
                endpoint.peer_nosync("127.0.0.1", port, Some(Duration::from_secs(1)));
                (Node::on(listener.accept().unwrap().0), port)
            }
        };
        Self { node, peer, port, subscribers, endpoint }
    }

    /// Has the endpoint do of its own accord what made the original send `recorded`.
    fn act(&mut self, recorded: &Message) {
        let topic = Topic::new(recorded.topic()).unwrap();
        assert!(self.endpoint.await_peer(self.peer, soon()));
        match recorded.kind() {
            Kind::Data if recorded.receiver().is_nil() => {
                let told = self.endpoint.publish(&topic, &recorded.decode().unwrap()).unwrap();
                assert_eq!(told, 1, "{recorded:?}");
            }
            Kind::Data => {
                let data = recorded.decode().unwrap();
                self.endpoint.publish_to(recorded.receiver(), &topic, &data).unwrap();
            }
            Kind::RoutingUpdate => {
                let wanted = Filter::decode(recorded.payload()).unwrap();
                let topics = wanted.iter().map(|topic| Topic::new(topic).unwrap());
                self.subscribers.push(self.endpoint.subscribe(topics));
            }
            Kind::Ping => assert!(self.endpoint.unpeer_nosync("127.0.0.1", self.port)),
            Kind::Command | Kind::Pong => {}
        }
    }
}

fn replay(name: &str, side: Side) {
    let frames = frames(name, side);
    let mut meeting = Meeting::new(side, &frames);
    let mut farewell: Option<Vec<u8>> = None;
    let mut is_leaving = false;
    for (is_ours, frame) in frames {
        let message = Message::parse(&frame).ok();
        if !is_ours {
            match (farewell.take(), message) {
                // The eight bytes behind BYE are anybody's choice, and the answer repeats them.
                (Some(farewell), Some(message)) if message.kind() == Kind::Pong => {
                    meeting.node.send(&[&frame[..frame.len() - 11], &farewell[..]].concat());
                }
                _ => meeting.node.send(&frame),
            }
            continue;
        }
        if let Some(message) = &message {
            meeting.act(message);
        }
        let sent = meeting.node.frame();
        match message {
            Some(message) if message.kind() == Kind::Ping => {
                let (head, token) = sent.split_at(sent.len() - 8);
                assert_eq!(head, &frame[..frame.len() - 8], "{name} as {side:?}");
                farewell = Some([b"BYE", token].concat());
                is_leaving = true;
            }
            _ => assert_eq!(sent, frame, "{name} as {side:?}"),
        }
    }
    if is_leaving {
        meeting.node.ends();
    }
}

#[test]
fn an_endpoint_sends_what_the_original_sent_in_its_place() {
    for name in ["listener-originates", "connector-originates", "routing-update", "data-all-types"]
    {
        for side in [Side::Connector, Side::Listener] {
            replay(name, side);
        }
    }
}
