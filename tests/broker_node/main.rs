//! The program `broker-node` as scripts for the original's start it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "pypi")]
mod clients;
mod configured;
mod handshakes;
mod modes;
mod places;
mod reloaded;
mod secured;
mod stopping;
mod stores;
mod watched;

use ostler_tests::{broker_peer as node, broker_program as program};
