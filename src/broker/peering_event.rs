//! What one connection to another node tells whoever owns it.

use std::sync::Arc;
use std::time::Duration;

use crate::EndpointId;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::message::{Message, MessageError};

/// What happened, in its order. After [`Redundant`](Self::Redundant), [`Left`](Self::Left) and
/// [`Failed`](Self::Failed) nothing follows, and the connection is to be closed as soon as what was
/// to be sent is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This frame is to be sent, before whatever later events cause.
    Send(Arc<[u8]>),
    /// Hands are shaken: the other side is a peer from here on.
    Peered {
        /// What it is called.
        id: EndpointId,
        /// What it wants.
        filter: Filter,
        /// What it was told that this node wants; that may have changed meanwhile.
        told: Filter,
    },
    /// Data or a command.
    Message(Message),
    /// The peer wants this from here on.
    Filter(Filter),
    /// The peer answered a ping of ours.
    Pong {
        /// After how long.
        round_trip: Duration,
    },
    /// Whether the peer understands tags: it has asked, or answered.
    Tags(bool),
    /// The peer says goodbye, and closes the connection as soon as it has our answer.
    Bye,
    /// The peer answered our goodbye, or did not in time.
    Left,
    /// There is a connection to this peer already: no failure, and no reason to try again.
    Redundant {
        /// What it is called.
        id: EndpointId,
    },
    /// The connection cannot be used (any more).
    Failed(Failure),
}

/// What one connection has received, in frames unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeeringStatistics {
    /// Bytes of all frames, with their lengths.
    pub bytes: u64,
    /// Data.
    pub data: u64,
    /// Commands.
    pub commands: u64,
    /// Routing updates.
    pub routing_updates: u64,
    /// Pings.
    pub pings: u64,
    /// Pongs.
    pub pongs: u64,
    /// Frames without a byte, which are skipped.
    pub empty: u64,
    /// Frames that end within their envelope, which are skipped.
    pub short: u64,
    /// Frames of no known kind, which are skipped.
    pub unknown: u64,
    /// Routing updates without a filter, pings beyond [`MAX_PING_BYTES`], and tagged messages of
    /// somebody with whom tags were not spoken of: they are skipped.
    ///
    /// [`MAX_PING_BYTES`]: crate::MAX_PING_BYTES
    pub unusable: u64,
    /// Messages about topics that never leave a node, which are skipped.
    pub internal: u64,
}

impl PeeringStatistics {
    /// Counts a frame that is no message.
    pub(crate) fn skip(&mut self, error: MessageError) {
        count(match error {
            MessageError::Short(0) => &mut self.empty,
            MessageError::UnknownKind(_) => &mut self.unknown,
            MessageError::Short(_) | MessageError::TooLong(_) => &mut self.short,
        });
    }

    /// All frames that were skipped.
    pub fn skipped(&self) -> u64 {
        let skipped = [self.empty, self.short, self.unknown, self.unusable, self.internal];
        skipped.into_iter().fold(0, u64::saturating_add)
    }
}

/// One more.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
