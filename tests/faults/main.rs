//! The scoreboard of faults: one test a row, with the row's id at the start of its name.
//!
//! `rows.tsv` holds the rows, [`ostler_tests::fault`] enters what the tests have measured, and
//! `cargo run -p ostler-tests --bin faults` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod children;
mod configuration;
mod load;
mod network;
mod overload;
mod resources;
mod security;
mod signals;
mod soak;
mod tls;
