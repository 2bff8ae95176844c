//! C: children that die, hang, lie or will not go.

mod death;
mod end;
mod silence;
mod start;
mod words;

use ostler_tests::{Daemon, FakeBurp, PATIENCE, Settings, wait_until};
use serde_json::Value;

use ostler_runtime::Deadline;

/// The standard set-up has a pool of this many.
pub(crate) const POOL: u64 = 3;
/// The clients that ask at the same time there.
pub(crate) const CLIENTS: usize = 8;
/// A query that only a test asks: what the daemon asks for itself is another one.
pub(crate) const QUERY: &str = "c:client1:b:1";

/// The standard set-up, with the usual patience for burp: on a busy machine a child may take a
/// while, and only where it never answers shall it be late.
pub(crate) fn standard(burp: &FakeBurp) -> Settings {
    burp.settings().set("pool", &POOL.to_string()).set("threads", "16")
}

/// A daemon in the standard set-up, its pool whole.
pub(crate) fn whole(burp: &FakeBurp) -> Daemon {
    let daemon = standard(burp).start();
    daemon.wait_ready(POOL);
    daemon
}

/// A number out of the totals of a status report.
pub(crate) fn total(status: &Value, name: &str) -> u64 {
    status["totals"][name].as_u64().unwrap_or_else(|| panic!("no total {name}: {status}"))
}

/// Waits until so many children have been lost and the pool is whole all the same.
pub(crate) fn healed(daemon: &Daemon, losses: u64) -> Value {
    wait_until(Deadline::after(PATIENCE), "the pool is whole again", || {
        let status = daemon.status();
        let whole = status["n_ready"] == POOL && total(&status, "losses") >= losses;
        whole.then_some(status)
    })
}
