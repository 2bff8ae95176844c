//! An endpoint of the broker among other nodes, over real sockets: those of the original as they
//! were recorded, hostile ones, and silent ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod meeting;
mod recorded;
mod relayed;
mod strangers;

use ostler_tests::broker_peer as node;
