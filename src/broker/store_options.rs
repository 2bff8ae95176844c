//! What the stores of an endpoint may take in time and room.

use std::time::Duration;

use broker_store::ChannelLimits;

use crate::queue::QueueLimits;

/// Limits of all stores of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// The channels between masters and clones.
    pub channel: ChannelLimits,
    /// How long a question waits for the first snapshot of a clone; default 5 s.
    pub max_get_delay: Duration,
    /// How long a question waits for a master far away, and a write for room; default 10 s.
    pub request_wait: Duration,
    /// Commands from elsewhere that wait for one store; default 4096 and 64 MiB. Whoever sends more
    /// waits.
    pub inbox: QueueLimits,
    /// Changes that a storage is told together; default 1000.
    pub batch: usize,
    /// The number of the node's first object in stores; chosen at random by default, so that a node that is
    /// started again under the same id is not taken for the one before. The original's begin with 8.
    pub first_object: Option<u64>,
    /// How long after a failure of its storage a master tries again; default 1 s.
    pub storage_retry: Duration,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            channel: ChannelLimits::default(),
            max_get_delay: Duration::from_secs(5),
            request_wait: Duration::from_secs(10),
            inbox: QueueLimits::default(),
            batch: 1000,
            first_object: None,
            storage_retry: Duration::from_secs(1),
        }
    }
}
