//! A daemon that is ready, and questions that are asked from another thread while the test goes on.

use std::sync::mpsc::{Receiver, channel};

use ostler_runtime::Thread;

use crate::wire::query;
use crate::{Answer, Daemon, FakeBurp};

/// A daemon in front of `fake` with `pool` children, all of which are ready.
pub fn ready(fake: &FakeBurp, pool: u64) -> Daemon {
    let daemon = fake.settings().set("pool", &pool.to_string()).start();
    daemon.wait_ready(pool);
    daemon
}

/// Asks from another thread. The answer comes through the channel; the thread is joined when its
/// handle is dropped.
///
/// # Panics
/// When no thread can be started.
pub fn ask_aside(daemon: &Daemon, text: &str) -> (Receiver<Answer>, Thread) {
    let (sender, receiver) = channel();
    let (address, text) = (daemon.address().clone(), text.to_owned());
    let asks = move || {
        // The test may have failed meanwhile.
        let _ = sender.send(query(&address, &text));
    };
    (receiver, Thread::spawn("client", asks).expect("a thread"))
}
