//! An endpoint of the broker among other nodes, over real sockets: those of the original as they
//! were recorded, hostile ones, and silent ones.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod in_process;
mod meeting;
mod meshed;
mod recorded;
mod relayed;
mod strangers;
mod told;

use ostler_tests::broker_peer as node;
