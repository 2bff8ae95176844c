//! The catalogue, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod assets;
mod discovery;
mod folder;
mod imports;
mod place;
mod remotes;
mod store_faults;
mod store_migrations;
mod store_rekey;
mod store_rows;
mod store_tasks;
mod store_transfer;
mod watching;
