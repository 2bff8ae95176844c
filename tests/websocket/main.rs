//! The WebSocket interface as its clients see it, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "browser")]
mod browser;
mod messages;
mod overflow;
#[cfg(feature = "pypi")]
mod pypi;
mod secured;
mod unfinished;
mod upgrade;
