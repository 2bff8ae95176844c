//! The WebSocket interface as its clients see it, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod messages;
mod overflow;
mod pypi;
mod secured;
mod upgrade;
