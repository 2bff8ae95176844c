//! The named limits of WebSocket clients, with their defaults.

use std::time::Duration;

use crate::overflow::Overflow;

/// What WebSocket clients are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// Clients at the same time, of which a single address may be all but a quarter, and a quarter
    /// before they have subscribed; default 256.
    pub max_clients: usize,
    /// Longest message in bytes, whole or in fragments; default 32 MiB. It is never longer than
    /// [`LinkLimits::max_unconsumed`](ostler_net::LinkLimits::max_unconsumed) has room for.
    pub max_message: usize,
    /// Bytes that all clients together may have sent of messages in fragments that are not whole, but
    /// for the first 64 KiB of each; default 128 MiB. They may take three times as much memory. The
    /// client that reaches beyond it is left.
    pub max_unfinished: usize,
    /// Topics that a client may subscribe to; default 4096.
    pub max_topics: usize,
    /// Bytes of the message that it subscribes with; default 128 KiB. What clients want, each peer is
    /// told.
    pub max_subscriptions: usize,
    /// Messages that may wait for a client to read them; default 8192. (The original's 512 cuts off
    /// readers that fall behind for a few milliseconds.)
    pub max_queued: usize,
    /// What is done with a message for which there is no room; by default the client is cut off.
    pub overflow: Overflow,
    /// From the connection to the subscriptions, which come first; default 30 s.
    pub subscribe_deadline: Duration,
    /// How long a client may be silent before it is asked whether it is still there; default 15 s.
    pub ping_interval: Duration,
    /// How long a client may be silent before it is given up; default 45 s.
    pub dead_after: Duration,
    /// How long a client may take to close as well once it has been told that the node ends; default
    /// 250 ms. What it has not read by then is still sent by the system.
    pub farewell: Duration,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self {
            max_clients: 256,
            max_message: 32 << 20,
            max_unfinished: 128 << 20,
            max_topics: 4096,
            max_subscriptions: 128 << 10,
            max_queued: 8192,
            overflow: Overflow::Disconnect,
            subscribe_deadline: Duration::from_secs(30),
            ping_interval: Duration::from_secs(15),
            dead_after: Duration::from_secs(45),
            farewell: Duration::from_millis(250),
        }
    }
}
