//! S: signals, start, stop and reload.

pub(crate) mod flood;
pub(crate) mod manager;
mod reload;
mod stop;

use ostler_tests::process::wait_gone;
use ostler_tests::{Daemon, FakeBurp};
use rustix::process::Signal;

/// The standard set-up has a pool of this many.
const POOL: u64 = 3;
/// And so many clients.
const CLIENTS: usize = 8;

/// A daemon of the standard pool, all of which is ready, with the usual patience for burp: a child
/// that a test holds shall not be late.
fn ready(fake: &FakeBurp) -> Daemon {
    let daemon = fake.settings().set("pool", "3").set("threads", "16").start();
    daemon.wait_ready(POOL);
    daemon
}

/// It ends with this signal, successfully, and its children with it.
fn ends_with(mut daemon: Daemon, signal: Signal) {
    let children = daemon.children();
    daemon.signal(signal);
    assert_eq!(daemon.ended().code(), Some(0), "{signal:?}");
    wait_gone(&children);
}
