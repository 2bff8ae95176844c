//! The catalogue, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod place;
mod store_faults;
mod store_migrations;
mod store_rekey;
mod store_rows;
mod store_tasks;
mod store_transfer;
