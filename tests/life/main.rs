//! The daemon's life: how it starts, what signals do to it, what it tells whom, and how it ends.

mod exit;
mod log;
mod manager;
mod reload;

use ostler_tests::aside::{ask_aside, ready};
