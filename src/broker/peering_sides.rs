//! What tests of connections stand on: nodes, and two connections that are joined.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::EndpointId;
use crate::claims::Claims;
use crate::filter::Filter;
use crate::handshake::Role;
use crate::keepalive::Reading;
use crate::node::{Claim, Node};
use crate::peering::Peering;
use crate::peering_event::Event;
use crate::peering_limits::PeeringLimits;

pub(crate) const SMALL: EndpointId = EndpointId([0x11; 16]);
pub(crate) const LARGE: EndpointId = EndpointId([0xee; 16]);

/// A node as one of its connections sees it.
pub(crate) struct View {
    pub(crate) id: EndpointId,
    pub(crate) filter: RefCell<Filter>,
    pub(crate) claims: Arc<Claims>,
    pub(crate) connection: u64,
}

impl View {
    /// A connection of a node that wants `topics`.
    pub(crate) fn new(
        id: EndpointId,
        topics: &[&str],
        claims: &Arc<Claims>,
        connection: u64,
    ) -> Self {
        let filter = RefCell::new(topics.iter().collect());
        Self { id, filter, claims: Arc::clone(claims), connection }
    }
}

impl Node for View {
    fn id(&self) -> EndpointId {
        self.id
    }

    fn filter(&self) -> Filter {
        self.filter.borrow().announced()
    }

    fn claim(&self, peer: EndpointId) -> Claim {
        self.claims.claim(peer, self.connection)
    }

    fn knows(&self, peer: EndpointId) -> bool {
        self.claims.is_held_by_another(peer, self.connection)
    }
}

/// One side of a connection: what came and was not taken, what goes out, and what happened.
pub(crate) struct Side {
    pub(crate) peering: Peering,
    pub(crate) view: View,
    pub(crate) input: Vec<u8>,
    pub(crate) output: Vec<Arc<[u8]>>,
    pub(crate) events: Vec<Event>,
    pub(crate) now: Instant,
}

impl Side {
    pub(crate) fn new(role: Role, view: View) -> Self {
        Self::limited(role, view, PeeringLimits::default())
    }

    pub(crate) fn limited(role: Role, view: View, limits: PeeringLimits) -> Self {
        let now = ostler_runtime::now();
        let peering = Peering::new(role, &view, limits, now);
        let (input, output, events) = (Vec::new(), Vec::new(), Vec::new());
        let mut side = Self { peering, view, input, output, events, now };
        side.feed(b"");
        side
    }

    /// Bytes come. What has happened is noted in the node as its owner would.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        let taken = std::mem::take(&mut self.input);
        let mut left = taken.as_slice();
        while let Some(event) = self.peering.next(&mut left, self.now, &self.view) {
            match event {
                Event::Send(frame) => self.output.push(frame),
                event => {
                    if let Event::Peered { id, .. } = &event {
                        self.view.claims.peered(*id, self.view.connection);
                    }
                    self.events.push(event);
                }
            }
        }
        self.input = left.to_vec();
    }

    /// Time passes, and then what came is looked at again.
    pub(crate) fn wait(&mut self, time: Duration, reading: Reading) {
        self.now += time;
        self.peering.tick(self.now, reading, &self.view);
        self.feed(b"");
    }

    /// The connection is gone.
    pub(crate) fn close(self) -> Vec<Event> {
        self.view.claims.release(self.view.connection);
        self.events
    }

    /// The one frame that goes out.
    pub(crate) fn sent(&mut self) -> Vec<u8> {
        let mut sent = std::mem::take(&mut self.output);
        assert_eq!(sent.len(), 1, "one frame");
        sent.remove(0).to_vec()
    }
}

/// Carries what goes out to the other side until both are silent.
pub(crate) fn join(one: &mut Side, other: &mut Side) {
    while !one.output.is_empty() || !other.output.is_empty() {
        for frame in std::mem::take(&mut one.output) {
            other.feed(&frame);
        }
        for frame in std::mem::take(&mut other.output) {
            one.feed(&frame);
        }
    }
}

/// `body` with its length.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}
