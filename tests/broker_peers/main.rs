//! An endpoint of the broker among other nodes, over real sockets: those of the original as they
//! were recorded, hostile ones, and silent ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod meeting;
mod meshed;
mod recorded;
mod relayed;
mod strangers;

use ostler_tests::broker_peer as node;
