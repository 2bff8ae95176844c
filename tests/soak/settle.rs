//! Rest: what was done to the children is over, the clients have gone, and what a daemon holds now
//! can be compared.

use std::time::Duration;

use ostler_runtime::{Deadline, now};

use crate::census::Census;
use crate::client::pause;
use crate::load::{Load, put};
use crate::samples::Samples;
use crate::side::Side;

/// How long until the children are all well. What is not whole then is lost.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long until nothing changes any more.
const CALM: Duration = Duration::from_secs(30);
/// The time between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Nothing has changed in so many looks.
const LOOKS: usize = 6;

/// Waits for rest; what each daemon holds then.
pub(crate) fn settle(sides: &[Side]) -> Vec<Census> {
    let deadline = Deadline::after(PATIENCE);
    // A child that does not read shows when it is asked, so each is asked until none is left.
    loop {
        let second = now() + Duration::from_secs(1);
        let load = Load { until: second, faults: None, rate: 50, share: 0 };
        put(sides, load, &Samples::new());
        if sides.iter().all(Side::is_clean) {
            break;
        }
        if deadline.passed() {
            eprintln!("soak: the pool does not become whole");
            break;
        }
    }
    sides.iter().map(calm).collect()
}

/// Waits until cached answers are forgotten and the figures stay as they are.
fn calm(side: &Side) -> Census {
    let deadline = Deadline::after(CALM);
    let mut last = Census::of(side.daemon.pid());
    let mut same = 0;
    while !deadline.passed() && same < LOOKS {
        pause(LOOK);
        let cached = side.status().and_then(|status| status["cache"]["entries"].as_u64());
        let next = Census::of(side.daemon.pid());
        same = if next == last && cached == Some(0) { same + 1 } else { 0 };
        last = next;
    }
    last
}
