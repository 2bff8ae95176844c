//! The load: requests at a steady rate, misbehaving clients, and disturbances, until the time is
//! over or enough faults have been met.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};

use crate::client::{exchange, pause};
use crate::disturb::disturb;
use crate::judge::judge;
use crate::network::misbehave;
use crate::samples::Samples;
use crate::side::{Burp, Side};

/// Clients of one daemon: enough to keep the rate while every child hangs.
const CLIENTS: usize = 48;
/// Misbehaving clients of one daemon.
const CULPRITS: usize = 24;
/// How often the pool is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often memory is measured.
const SAMPLE: Duration = Duration::from_secs(10);

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// When it ends.
    pub(crate) until: Instant,
    /// Or after so many faults in all.
    pub(crate) faults: Option<u64>,
    /// Requests a second and daemon.
    pub(crate) rate: u32,
    /// Of a thousand requests, so many meet a fault, and as many misbehaving clients come.
    pub(crate) share: u64,
}

/// Tickets at a steady rate.
struct Pace {
    start: Instant,
    each: Duration,
    next: AtomicU32,
}

impl Pace {
    fn new(each: Duration) -> Self {
        Self { start: now(), each, next: AtomicU32::new(0) }
    }

    /// Waits for the next turn. False when it comes after `until`.
    fn turn(&self, until: Instant) -> bool {
        let due = self.start + self.each * self.next.fetch_add(1, Ordering::Relaxed);
        if due >= until {
            return false;
        }
        pause(Deadline::at(due).remaining().unwrap_or_default());
        true
    }
}

/// Puts all sides under it.
pub(crate) fn put(sides: &[Side], load: Load, samples: &Samples) {
    let each = Duration::from_secs(1) / load.rate;
    let share = u32::try_from(load.share).expect("a share");
    let paces: Vec<(Pace, Pace)> =
        sides.iter().map(|_| (Pace::new(each), Pace::new(each * 1000 / share.max(1)))).collect();
    let over = || {
        let faults = || sides.iter().map(|side| side.tally.faults()).sum::<u64>();
        now() >= load.until || load.faults.is_some_and(|limit| faults() >= limit)
    };
    let over = &over;
    thread::scope(|scope| {
        for (side, (requests, misdeeds)) in sides.iter().zip(&paces) {
            for _ in 0..CLIENTS {
                scope.spawn(move || {
                    while requests.turn(load.until) && !over() {
                        ask(side, load.share);
                    }
                });
            }
            if share == 0 {
                continue;
            }
            for _ in 0..CULPRITS {
                scope.spawn(move || {
                    while misdeeds.turn(load.until) && !over() {
                        misbehave(side);
                    }
                });
            }
            scope.spawn(move || {
                let between = disturbances(side, load);
                let mut next = now() + between;
                while !over() {
                    if now() >= next {
                        disturb(side);
                        next = now() + between;
                    }
                    pause(LOOK);
                }
            });
        }
        for side in sides {
            scope.spawn(move || {
                while !over() {
                    side.look();
                    pause(LOOK);
                }
            });
        }
        scope.spawn(move || {
            while !over() {
                samples.take(sides);
                let deadline = Deadline::after(SAMPLE);
                while !over() && !deadline.passed() {
                    pause(LOOK);
                }
            }
        });
    });
}

/// Asks one query and judges what comes.
pub(crate) fn ask(side: &Side, share: u64) {
    let asked = side.query(share);
    let request = side.request(&asked);
    let from = now();
    // A moment more, so that what comes too late is told from what never comes.
    let outcome = exchange(side.address, &request, side.timeout + 2 * side.tolerance);
    judge(side, &asked, from, outcome);
}

/// The time between two disturbances. A real child takes up to six seconds to get ready.
fn disturbances(side: &Side, load: Load) -> Duration {
    match side.burp {
        Burp::Scripted(..) => Duration::from_secs(2500) / (load.rate * 25).max(1),
        Burp::Real(..) => Duration::from_secs(12),
    }
}
