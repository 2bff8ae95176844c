//! What other nodes send: single messages, and all bytes of a connection.

use std::sync::Arc;
use std::time::Instant;

use broker_data::Data;
use ostler_runtime::fuzzing::Cursor;

use crate::EndpointId;
use crate::claims::Claims;
use crate::filter::Filter;
use crate::handshake::Role;
use crate::handshake_frame::HandshakeFrame;
use crate::keepalive::Reading;
use crate::message::{Kind, LENGTH_BYTES, Message};
use crate::node::{Claim, Node};
use crate::peering::Peering;
use crate::peering_event::{Event, PeeringStatistics};
use crate::peering_limits::PeeringLimits;
use crate::peering_tags::QUESTION;

/// A message, without its length.
///
/// It is refused, or made of its fields it is the same; passed on, it differs in its sender and has
/// less to go. A value or a filter in it is read alike after it was written.
///
/// # Panics
///
/// If one of these does not hold.
pub fn broker_message(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    assert_eq!(message.frame().get(LENGTH_BYTES..), Some(bytes));
    assert_eq!(rebuilt(&message, message.sender(), message.ttl()).as_ref(), Some(&message));
    let plain = message.tagged_as(None);
    assert!(plain.is_some_and(|plain| plain.tagged_as(message.tag()).as_ref() == Some(&message)));
    if let Some(relayed) = message.relayed(OWN) {
        assert!(relayed.ttl() > 0 && relayed.ttl() < message.ttl());
        assert_eq!(rebuilt(&message, OWN, relayed.ttl()), Some(relayed));
    }
    if let Ok(data) = message.decode() {
        let mut written = Vec::new();
        data.encode(&mut written);
        assert_eq!(Data::decode(&written), Ok(data));
    }
    if let Ok(filter) = Filter::decode(message.payload()) {
        let mut written = Vec::new();
        filter.encode(&mut written);
        assert!(filter.iter().all(|topic| filter.matches(topic)));
        assert_eq!(Filter::decode(&written), Ok(filter));
    }
}

fn rebuilt(message: &Message, sender: EndpointId, ttl: u16) -> Option<Message> {
    let (receiver, kind) = (message.receiver(), message.kind());
    let plain =
        Message::new(sender, receiver, kind, ttl, message.topic(), message.payload()).ok()?;
    plain.tagged_as(message.tag())
}

/// All that another node sends on a connection: the first byte says which side this node is, who
/// else has the peer and whether it is asked for tags, then come the cuts and the stream.
///
/// No tag comes of somebody with whom it was not spoken of. What happens is the same however the stream is cut. Nobody is a peer twice, no message comes of
/// somebody who is none, nothing follows the end, and what is sent is well-formed and of the order
/// of what came.
///
/// # Panics
///
/// If one of these does not hold.
pub fn broker_peer(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let options = cursor.byte();
    let cuts = cursor.cuts();
    let stream = cursor.rest();
    let whole = Connection::run(options, &[stream]);
    let cut = Connection::run(options, &cuts.pieces(stream));
    assert_eq!(whole.outcome(), cut.outcome());
    whole.check(stream.len());
}

/// This node, whose id stands in the middle of all.
const OWN: EndpointId = EndpointId([0x80; 16]);
/// The number of the connection that is looked at, and that of another one.
const THIS: u64 = 1;
const OTHER: u64 = 2;
/// More than all frames of a handshake have, in bytes.
const MOST_HANDSHAKE: usize = 500;

/// A connection of this node and what came of it.
struct Connection {
    peering: Peering,
    view: View,
    /// Whether the peer is asked if it understands tags.
    asks: bool,
    now: Instant,
    input: Vec<u8>,
    output: Vec<Arc<[u8]>>,
    events: Vec<Event>,
}

/// What was sent, what happened, what was not taken, and what was counted.
#[derive(Debug, PartialEq, Eq)]
struct Outcome<'a> {
    output: &'a [Arc<[u8]>],
    events: &'a [Event],
    left: &'a [u8],
    statistics: &'a PeeringStatistics,
}

/// The node: nobody has the peer, or another connection has it, which shakes hands or is a peering;
/// or the node ends.
struct View {
    claims: Claims,
    held: u8,
}

impl Node for View {
    fn id(&self) -> EndpointId {
        OWN
    }

    fn filter(&self) -> Filter {
        ["/fuzz"].iter().collect()
    }

    fn claim(&self, peer: EndpointId) -> Claim {
        match self.held {
            0 => {}
            1 => self.claims.close(),
            2 => drop(self.claims.claim(peer, OTHER)),
            _ => {
                self.claims.claim(peer, OTHER);
                self.claims.peered(peer, OTHER);
            }
        }
        self.claims.claim(peer, THIS)
    }

    fn knows(&self, peer: EndpointId) -> bool {
        self.held == 3 || self.claims.is_held_by_another(peer, THIS)
    }
}

impl Connection {
    fn run(options: u8, pieces: &[&[u8]]) -> Self {
        let role = if options & 1 == 0 { Role::Connector } else { Role::Listener };
        let view = View { claims: Claims::new(), held: (options >> 1) & 3 };
        let now = ostler_runtime::now();
        let peering = Peering::new(role, &view, PeeringLimits::default(), now);
        let (input, output, events) = (Vec::new(), Vec::new(), Vec::new());
        let asks = options & 8 != 0;
        let mut connection = Self { peering, view, asks, now, input, output, events };
        connection.go_on();
        for piece in pieces {
            connection.input.extend_from_slice(piece);
            connection.go_on();
        }
        connection.peering.tick(now, Reading::On, &connection.view);
        connection.go_on();
        connection
    }

    fn go_on(&mut self) {
        let bytes = std::mem::take(&mut self.input);
        let mut left = bytes.as_slice();
        while let Some(event) = self.peering.next(&mut left, self.now, &self.view) {
            match event {
                Event::Send(frame) => self.output.push(frame),
                event => {
                    if self.asks && matches!(event, Event::Peered { .. }) {
                        self.peering.ask_tags();
                    }
                    self.events.push(event);
                }
            }
        }
        self.input = left.to_vec();
    }

    /// Everything that must not depend on the cuts.
    fn outcome(&self) -> Outcome<'_> {
        let statistics = self.peering.statistics();
        Outcome { output: &self.output, events: &self.events, left: &self.input, statistics }
    }

    fn check(&self, received: usize) {
        let peered = self.events.iter().position(|event| matches!(event, Event::Peered { .. }));
        for (place, event) in self.events.iter().enumerate() {
            match event {
                Event::Peered { id, .. } => {
                    assert!(Some(place) == peered && *id != OWN && self.view.held == 0);
                }
                Event::Left | Event::Redundant { .. } | Event::Failed(_) => {
                    assert_eq!(place.saturating_add(1), self.events.len(), "nothing follows");
                }
                Event::Message(message) if message.tag().is_some() => {
                    let before = self.events.get(..place).unwrap_or_default();
                    assert!(self.asks || before.contains(&Event::Tags(true)), "an unasked tag");
                }
                _ => assert!(peered.is_some_and(|peered| peered < place), "not yet a peer"),
            }
        }
        let mut sent = 0_usize;
        for frame in &self.output {
            sent = sent.saturating_add(frame.len());
            let body = frame.get(LENGTH_BYTES..).unwrap_or_default();
            let message = Message::parse(body).ok();
            let kind = message.as_ref().map(Message::kind);
            let is_question = self.asks
                && kind == Some(Kind::Ping)
                && message.is_some_and(|message| message.payload() == QUESTION);
            let is_said = kind == Some(Kind::Pong) || is_question;
            assert!(HandshakeFrame::decode(body).is_ok() || is_said && peered.is_some());
        }
        assert!(sent <= received.saturating_add(MOST_HANDSHAKE), "{sent} bytes for {received}");
    }
}
