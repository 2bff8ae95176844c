//! The farewell of a peering: a ping that begins with `BYE`, which the other side answers like any
//! other, so that all that was sent before has arrived.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ostler_net::Link;
use ostler_runtime::now;

use crate::{EndpointId, Kind, Message, TTL, Topic};

/// Begins the payload of a farewell.
pub(crate) const BYE: &[u8] = b"BYE";
/// How long the answer to a farewell may take.
const WAIT: Duration = Duration::from_secs(3);

/// Whether one end of a peering has said farewell.
#[derive(Debug, Default)]
pub(crate) struct Leaving(Mutex<Option<(Vec<u8>, Instant)>>);

impl Leaving {
    /// Says farewell, once.
    pub(crate) fn say(&self, own: EndpointId, peer: EndpointId, link: &Link) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some() {
            return;
        }
        let (noise, _) = EndpointId::random().0.split_at(8).into();
        let payload = [BYE, noise].concat();
        let ping = Message::new(own, peer, Kind::Ping, TTL, Topic::RESERVED, &payload);
        if !ping.is_ok_and(|ping| link.force(ping.frame())) {
            link.close();
        }
        *said = Some((payload, now()));
    }

    /// Whether farewell was said.
    pub(crate) fn is_said(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether this answers it.
    pub(crate) fn is_answered_by(&self, payload: &[u8]) -> bool {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.as_ref().is_some_and(|(ping, _)| ping == payload)
    }

    /// Whether an answer has been waited for long enough.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.as_ref().is_some_and(|(_, since)| now.saturating_duration_since(*since) > WAIT)
    }
}
