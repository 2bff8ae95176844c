//! The catalogue, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod assets;
mod differences;
mod discovery;
mod folder;
mod imports;
mod instance;
mod recorded;
mod remotes;
mod replay;
mod watching;
