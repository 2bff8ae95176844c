//! Events of the daemons: what happens in them, told to WebSocket clients and peers.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod configured;
#[cfg(feature = "pypi")]
mod examples;
mod heard;
mod monitor;
mod newcomers;
mod workers;
