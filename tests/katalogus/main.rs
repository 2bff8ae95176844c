//! The catalogue, from outside.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod added;
mod assets;
mod configs;
mod creation;
mod differences;
mod discovery;
mod documents;
mod elsewhere;
mod encrypted;
mod folder;
mod imports;
mod instance;
mod malformed;
mod overload;
mod overtaking;
mod place;
mod racing;
mod recorded;
mod redirections;
mod remotes;
mod replay;
mod single_settings;
mod store_faults;
mod store_importing;
mod store_migrations;
mod store_rekey;
mod store_rows;
mod store_server;
mod store_tasks;
mod store_transfer;
mod watching;
