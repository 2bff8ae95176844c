//! What one connection to another node may take, in bytes and in time.

use std::time::Duration;

/// Longest frame in a handshake; the longest ones have filters.
pub const MAX_HANDSHAKE_FRAME_BYTES: usize = 1 << 20;
/// All bytes of the other side in a handshake.
pub const MAX_HANDSHAKE_BYTES: usize = 2 << 20;
/// Longest payload of a ping that is answered. BYE has eleven bytes.
pub const MAX_PING_BYTES: usize = 64 << 10;

/// The limits that may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeeringLimits {
    /// Longest frame of a peer, without its length: 64 MiB. A longer one ends the peering.
    pub max_frame_bytes: usize,
    /// From the first byte to the end of the handshake: 10 s. A handshake that waits for another
    /// one with the same peer has no more.
    pub handshake: Duration,
    /// How long nothing comes from a peer before it is asked whether it is there: 20 s.
    pub ping_after: Duration,
    /// How long nothing comes from a peer before it is given up: 60 s.
    pub dead_after: Duration,
    /// How long a peer has to answer BYE, which it reads behind all that was sent to it before: 3 s,
    /// as with the original.
    pub bye: Duration,
    /// How long messages wait for a peer to say whether it understands tags, which only nodes with
    /// several peers ask: 5 s. Any peer answers at once, so only one that hangs takes as long; it is
    /// then taken for one that does not.
    pub tags: Duration,
}

impl Default for PeeringLimits {
    fn default() -> Self {
        Self {
            max_frame_bytes: 64 << 20,
            handshake: Duration::from_secs(10),
            ping_after: Duration::from_secs(20),
            dead_after: Duration::from_secs(60),
            bye: Duration::from_secs(3),
            tags: Duration::from_secs(5),
        }
    }
}
