//! C: children that die, hang, lie or will not go.

use ostler_tests::fault::Fault;
use ostler_tests::{FakeBurp, process};
use rustix::process::Signal;

/// The standard set-up has a pool of this many.
const POOL: u64 = 3;

#[test]
fn c01_an_idle_child_is_killed() {
    let burp = FakeBurp::new();
    let daemon = burp.settings().set("pool", "3").timeout(2).start();
    daemon.wait_ready(POOL);
    let before = daemon.children();
    let mut fault = Fault::begin("C01");
    process::kill(before[0].pid, Signal::KILL);
    for _ in 0..POOL * 2 {
        assert!(daemon.query("c:").status() == "OK");
    }
    process::wait_gone(&before[..1]);
    daemon.wait_ready(POOL);
    fault.within("the pool is whole", fault.elapsed(), 1.5);
    fault.saw("no client saw it");
}
