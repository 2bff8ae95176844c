//! The daemon's life: how it starts, what signals do to it, what it tells whom, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod exit;
mod log;
mod manager;
mod reload;

use ostler_tests::aside::{ask_aside, ready};
