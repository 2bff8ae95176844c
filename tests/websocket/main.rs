//! The WebSocket interface as its clients see it, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod messages;
mod overflow;
mod pypi;
mod secured;
mod upgrade;
