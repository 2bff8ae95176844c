//! Publishing: from a value to all who want it.

use std::cell::RefCell;

use broker_data::Data;

use crate::core::Core;
use crate::parcel::Origin;
use crate::publish_error::PublishError;
use crate::routing::{Behind, Patience};
use crate::{EndpointId, Message, Topic};

/// Memory that a thread keeps from one message to the next, at most.
const SPARE_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where messages are put together, so that publishing reserves memory only once.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Core {
    /// Publishes to one peer, or with [`EndpointId::NIL`] to all who want it: how many that were.
    pub(crate) fn send(
        &self,
        origin: Origin,
        receiver: EndpointId,
        topic: &Topic,
        data: &Data,
        patience: Patience,
    ) -> Result<usize, PublishError> {
        self.counters.data.count();
        if receiver.is_nil() && !self.routing.is_wanted(topic.as_bytes()) {
            return Ok(0);
        }
        let message = SCRATCH.with_borrow_mut(|scratch| {
            let message = Message::data_with(scratch, self.id, receiver, topic.as_bytes(), data);
            if scratch.capacity() > SPARE_BYTES {
                *scratch = Vec::new();
            }
            message
        })?;
        self.routing.publish(&message, origin, patience).map_err(|Behind(route)| {
            self.counters.refused.count();
            PublishError::Behind(route.owner.to_string())
        })
    }
}
