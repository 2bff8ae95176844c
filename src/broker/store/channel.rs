//! What both ends of a channel have in common. A channel takes the events of one producer to any
//! number of consumers, each of them once and in their order, over connections that may lose, repeat
//! and reorder what they carry. A store has one from its master to all clones, and one from each
//! clone that writes to the master.
//!
//! Events have numbers, of which the first is 2: a consumer that has acknowledged 0 has not answered
//! yet, and 1 stands for a channel without an event. Time is counted in ticks.

use std::time::Duration;

/// How long the ends of a channel wait, and how much they keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLimits {
    /// The time from one tick to the next; default 100 ms. A master and its clones should have the
    /// same: a clone counts the silence of its master in ticks of its own.
    pub tick: Duration,
    /// Ticks between the signs of life of both ends; default 5.
    pub heartbeat: u16,
    /// How many signs of life of a consumer may fail to come before it is taken for gone; default
    /// 100, which are 50 seconds.
    pub timeout: u16,
    /// Ticks without progress after which missing events are asked for; default 2.
    pub nack: u16,
    /// Events that are kept at each end, because they were not acknowledged or came too early;
    /// default 262 144.
    pub events: usize,
    /// Bytes of these events; default 64 MiB.
    pub bytes: usize,
    /// Bytes of one command, at most; default 64 MiB less what is around it. An endpoint takes what its
    /// peers do.
    pub command: usize,
}

impl Default for ChannelLimits {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(100),
            heartbeat: 5,
            timeout: 100,
            nack: 2,
            events: 262_144,
            bytes: 64 << 20,
            command: (64 << 20) - (128 << 10),
        }
    }
}
