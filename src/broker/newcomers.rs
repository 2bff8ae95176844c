//! Peers and WebSocket clients that come later than others, and what only they are told.

use broker_data::Data;

use crate::parcel::Origin;
use crate::publish_error::PublishError;
use crate::publisher::Publisher;
use crate::receivers::Load;
use crate::route::Owner;
use crate::{EndpointId, Topic};

/// Messages that may wait for a receiver to which more is told: the rest of its room is for what
/// happens meanwhile.
const MAX_WAITING: usize = 256;

/// A peer or a WebSocket client that has come, or wants more than it did before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer(Owner);

/// What has become of something that one receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It gets it.
    Heard,
    /// It does not want such.
    Unwanted,
    /// Too much waits for it: it may be told later.
    Later,
    /// It has gone.
    Gone,
}

impl Publisher {
    /// Who has come, or wants more, since anybody asked last. Nobody is named twice for one reason.
    pub fn newcomers(&self) -> Vec<Newcomer> {
        self.core.routing.newcomers().into_iter().map(Newcomer).collect()
    }

    /// Publishes to this one only, if it wants the topic, and waits for nobody.
    pub fn tell(&self, to: Newcomer, topic: &Topic, data: &Data) -> Result<Told, PublishError> {
        let Some(route) = self.core.routing.find(to.0) else { return Ok(Told::Gone) };
        if !route.filter.matches(topic.as_bytes()) {
            return Ok(Told::Unwanted);
        }
        let waiting = route.outlet.load().map_or(0, Load::waiting);
        if waiting >= MAX_WAITING || route.outlet.is_blocked(true) {
            return Ok(Told::Later);
        }
        let message = self.message(EndpointId::NIL, topic, data)?;
        self.core.routing.deliver(&[route], &message, Origin::Local);
        self.published(1);
        Ok(Told::Heard)
    }
}
