//! A subscription that publishes too, and sees what other hubs of its endpoint publish.

use std::sync::Arc;

use broker_data::Data;
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::parcel::Origin;
use crate::publish_error::PublishError;
use crate::routing::Patience;
use crate::{EndpointId, Subscriber, Topic};

/// Both ends of an endpoint in one. Unlike a [`Subscriber`], it gets what is published in its own
/// process, as long as that is done through another hub.
pub struct Hub {
    core: Arc<Core>,
    number: u64,
    subscriber: Subscriber,
}

impl Hub {
    pub(crate) fn new(core: &Arc<Core>, number: u64, subscriber: Subscriber) -> Self {
        Self { core: Arc::clone(core), number, subscriber }
    }

    /// What comes.
    pub fn subscriber(&mut self) -> &mut Subscriber {
        &mut self.subscriber
    }

    /// Publishes, and waits for receivers that are behind: see
    /// [`Endpoint::publish`](crate::Endpoint::publish).
    pub fn publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        let deadline = Deadline::after(self.core.options.publish_wait);
        self.send(topic, data, Patience::Until(deadline))
    }

    /// Publishes if nobody is behind: see
    /// [`Endpoint::try_publish`](crate::Endpoint::try_publish).
    pub fn try_publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        self.send(topic, data, Patience::None)
    }

    fn send(&self, topic: &Topic, data: &Data, patience: Patience) -> Result<usize, PublishError> {
        self.core.send(Origin::Hub(self.number), EndpointId::NIL, topic, data, patience)
    }
}
