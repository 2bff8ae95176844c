//! HTTP as its clients see it, over real sockets and mostly with bytes written by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod answers;
