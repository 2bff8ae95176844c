//! The catalogue, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod added;
mod assets;
mod configs;
mod creation;
mod differences;
mod discovery;
mod encrypted;
mod folder;
mod imports;
mod instance;
mod malformed;
mod racing;
mod recorded;
mod remotes;
mod replay;
mod single_settings;
mod watching;
