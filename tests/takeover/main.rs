//! Taking over from the original: the same files say the same, or it is said what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cases;
mod clients;
mod original;
