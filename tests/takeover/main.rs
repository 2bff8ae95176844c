//! Taking over from the original: the same files say the same, or it is said what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod cases;
mod clients;
mod original;
