//! Taking over from the original: the same files say the same, or it is said what is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod clients;
mod original;
