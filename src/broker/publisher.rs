//! Publishing: from a value to all who want it.

use std::cell::RefCell;
use std::sync::Arc;

use broker_data::{Data, MAX_DEPTH};
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::parcel::Origin;
use crate::peers::Peer;
use crate::publish_error::PublishError;
use crate::route::{Heading, Route};
use crate::routing::{Behind, Patience};
use crate::{EndpointId, Kind, Message, MessageError, Topic};

/// Memory that a thread keeps from one message to the next, at most.
const SPARE_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where messages are put together, so that publishing reserves memory only once.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Publishes on an endpoint, from any thread. Cheap to clone; it does not keep the endpoint alive,
/// and what it publishes behind the end of that reaches nobody.
#[derive(Clone)]
pub struct Publisher {
    pub(crate) core: Arc<Core>,
    origin: Origin,
}

impl Publisher {
    pub(crate) fn new(core: &Arc<Core>, origin: Origin) -> Self {
        Self { core: Arc::clone(core), origin }
    }

    /// Waits until a peer has subscribed to this topic; whether one has in time.
    pub fn await_filter_entry(&self, topic: &Topic, deadline: Deadline) -> bool {
        let wants = |peer: &Peer| peer.route.filter.matches(topic.as_bytes());
        self.core.peers.wait(deadline, |peers| peers.values().any(wants))
    }

    /// Publishes: whoever wants the topic gets it. Waits for receivers that are behind, up to
    /// [`EndpointOptions::publish_wait`](crate::EndpointOptions): how many receivers it has gone to.
    pub fn publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        let patience = Patience::For(self.core.options.publish_wait);
        self.send(EndpointId::NIL, topic, data, patience)
    }

    /// The same, without waiting: refused if anybody is behind, and then nobody gets it.
    pub fn try_publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        self.send(EndpointId::NIL, topic, data, Patience::None)
    }

    /// The same, for who has other things to wait for: if a receiver is behind, `wake` is called once
    /// it has room again or has gone, and then it may be tried again. It is called by the thread
    /// that serves that receiver, and must neither wait
    /// nor publish. A loop of `poll(2)` has it write to a pipe or an
    /// eventfd that it polls.
    pub fn try_publish_or_wake(
        &self,
        topic: &Topic,
        data: &Data,
        wake: impl Fn() + Clone + Send + 'static,
    ) -> Result<usize, PublishError> {
        let routing = &self.core.routing;
        let wanting = self.wanting(EndpointId::NIL, topic);
        if wanting.is_empty() {
            return Ok(self.published(0));
        }
        let message = self.message(EndpointId::NIL, topic, data)?;
        loop {
            match routing.publish(&wanting, &message, self.origin, Patience::None) {
                Ok(taken) => return Ok(self.published(taken)),
                Err(Behind(route)) if route.outlet.when_room(Box::new(wake.clone())) => {
                    return Err(self.refused(&route));
                }
                // It has room again already.
                Err(_) => {}
            }
        }
    }

    /// The same, without waiting either, but whoever is behind misses it and the others get it: how
    /// many got it, and how many missed it.
    pub fn publish_ready(
        &self,
        topic: &Topic,
        data: &Data,
    ) -> Result<(usize, usize), PublishError> {
        let wanting = self.wanting(EndpointId::NIL, topic);
        if wanting.is_empty() {
            return Ok((self.published(0), 0));
        }
        let message = self.message(EndpointId::NIL, topic, data)?;
        let (taken, missed) = self.core.routing.tell(wanting, &message, self.origin);
        self.core.counters.dropped.add(missed as u64);
        Ok((self.published(taken), missed))
    }

    /// The same, with another time to wait.
    pub fn publish_deadline(
        &self,
        topic: &Topic,
        data: &Data,
        deadline: Deadline,
    ) -> Result<usize, PublishError> {
        self.send(EndpointId::NIL, topic, data, Patience::Until(deadline))
    }

    /// Publishes to one peer only, whatever it has subscribed to.
    pub fn publish_to(
        &self,
        peer: EndpointId,
        topic: &Topic,
        data: &Data,
    ) -> Result<(), PublishError> {
        let patience = Patience::For(self.core.options.publish_wait);
        match self.send(peer, topic, data, patience)? {
            0 => Err(PublishError::UnknownPeer(peer)),
            _ => Ok(()),
        }
    }

    /// Publishes to one peer, or with [`EndpointId::NIL`] to all who want it: how many that were.
    fn send(
        &self,
        receiver: EndpointId,
        topic: &Topic,
        data: &Data,
        patience: Patience,
    ) -> Result<usize, PublishError> {
        let wanting = self.wanting(receiver, topic);
        if wanting.is_empty() {
            return Ok(self.published(0));
        }
        let message = self.message(receiver, topic, data)?;
        match self.core.routing.publish(&wanting, &message, self.origin, patience) {
            Ok(taken) => Ok(self.published(taken)),
            Err(Behind(route)) => Err(self.refused(&route)),
        }
    }

    /// Those who want it.
    fn wanting(&self, receiver: EndpointId, topic: &Topic) -> Vec<Arc<Route>> {
        let heading = Heading::new(topic.as_bytes(), receiver, Kind::Data, self.origin);
        self.core.routing.wanting(&heading)
    }

    pub(crate) fn message(
        &self,
        receiver: EndpointId,
        topic: &Topic,
        data: &Data,
    ) -> Result<Message, PublishError> {
        if data.depth() > MAX_DEPTH {
            return Err(PublishError::TooDeep);
        }
        let core = &self.core;
        let message = SCRATCH.with_borrow_mut(|scratch| {
            let message = Message::data_with(scratch, core.id, receiver, topic.as_bytes(), data);
            if scratch.capacity() > SPARE_BYTES {
                *scratch = Vec::new();
            }
            message
        })?;
        // A peer would end the connection over it.
        if message.frame().len() > core.options.peering.max_frame_bytes {
            return Err(MessageError::TooLong(message.frame().len()).into());
        }
        Ok(message)
    }

    pub(crate) fn published(&self, taken: usize) -> usize {
        self.core.counters.data.count();
        taken
    }

    fn refused(&self, behind: &Route) -> PublishError {
        self.core.counters.refused.count();
        PublishError::Behind(behind.owner.to_string())
    }
}
