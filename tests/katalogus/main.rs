//! The catalogue, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod assets;
mod discovery;
mod folder;
mod imports;
mod remotes;
mod watching;
