//! What becomes of messages for whom nobody is fast enough: nothing is lost unless it is asked for,
//! and nothing grows.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod drops;
mod ends;
mod publishers;
mod slow_peers;
mod subscribers;
mod together;
