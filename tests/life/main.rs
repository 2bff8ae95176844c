//! The daemon's life: how it starts, what signals do to it, what it tells whom, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod exit;
mod load;
mod log;
mod manager;
mod reload;
mod stop;
mod user;

use ostler_tests::aside::{ask_aside, ready};
use ostler_tests::{Daemon, wait_for};

/// How many lines of the log have `words` in them.
fn logged(daemon: &Daemon, words: &str) -> usize {
    daemon.log().iter().filter(|line| line.contains(words)).count()
}

/// Waits until the log has so many lines with `words`.
fn wait_logged(daemon: &Daemon, words: &str, times: usize) {
    wait_for(&format!("{words}: {times} times"), || logged(daemon, words) >= times);
}

/// What a reload says when it has changed something.
const RELOADED: &str = "the configuration was read again";
/// What a reload says when it has not.
const UNCHANGED: &str = "everything stays as it was";
