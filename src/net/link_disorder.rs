//! Everything at once: many threads offer, hold, resume, close and abort while links come and go,
//! and yet each protocol is told its end exactly once, and nobody waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crossbeam_channel::unbounded;
use ostler_runtime::Deadline;

use crate::link_loopback::{PATIENCE, frame};
use crate::loopback::until;
use crate::{Address, Admit, Closed, Link, LinkLimits, Links, Listener, Protocol, Refused, Turn};

const THREADS: u64 = 4;
const ROUNDS: usize = 60;

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's linear congruence.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    closed: AtomicUsize,
    dropped: AtomicUsize,
}

/// Answers at random.
struct Moody {
    dice: Dice,
    counts: Arc<Counts>,
    over: bool,
}

impl Moody {
    fn boxed(seed: u64, counts: &Arc<Counts>) -> Box<Self> {
        counts.begun.fetch_add(1, Ordering::SeqCst);
        Box::new(Self { dice: Dice(seed), counts: counts.clone(), over: false })
    }

    fn turn(&mut self, link: &Link) -> Turn {
        assert!(!self.over, "called after the end");
        match self.dice.roll(60) {
            0 => Turn::Close,
            1 => Turn::Abort,
            2 => panic!("as a protocol may"),
            3 => {
                link.abort("from within");
                Turn::Hold
            }
            4 => {
                link.close();
                Turn::Continue
            }
            5..12 => {
                let same = link.clone();
                if !link.when_room(Box::new(move || same.resume())) {
                    link.resume();
                }
                Turn::Hold
            }
            12..30 => {
                link.push_out(&frame(vec![0; 3000]));
                Turn::Continue
            }
            _ => Turn::Continue,
        }
    }
}

impl Protocol for Moody {
    fn opened(&mut self, link: &Link) -> Turn {
        self.turn(link)
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        let some = usize::try_from(self.dice.roll(1 + input.len() as u64)).unwrap();
        (some, self.turn(link))
    }

    fn tick(&mut self, link: &Link, _: Instant) -> Turn {
        // Whoever has held without a reason goes on.
        link.resume();
        self.turn(link)
    }

    fn closed(&mut self, _: &Link, _: &Closed) {
        assert!(!std::mem::replace(&mut self.over, true));
        self.counts.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        self.counts.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn meddle(links: &Links, address: std::net::SocketAddr, seed: u64, counts: &Arc<Counts>) {
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let seed = seed + 1000 * round as u64;
        let (one, other) = (Moody::boxed(seed, counts), Moody::boxed(seed + 7, counts));
        let mut mine = Vec::from(<[Link; 2]>::from(links.pair(one, other).unwrap()));
        let caller = Moody::boxed(seed + 9, counts);
        mine.push(links.connect(address, PATIENCE, None, caller).unwrap());
        for _ in 0..200 {
            let link = &mine[usize::try_from(dice.roll(3)).unwrap()];
            let length = usize::try_from(1 + dice.roll(60_000)).unwrap();
            match dice.roll(100) {
                0 => link.close(),
                1 => link.abort("by another thread"),
                2..10 => link.resume(),
                10..14 => link.call(),
                14..30 => drop(link.force(&frame(vec![1; length]))),
                _ => {
                    if link.offer(&frame(vec![2; length])) == Err(Refused::Full) {
                        link.wait_room(Deadline::after(PATIENCE / 1000));
                    }
                }
            }
        }
        mine.iter().for_each(Link::close);
    }
}

#[test]
fn each_end_is_told_exactly_once_whatever_happens() {
    let limits = LinkLimits {
        max_bytes: 100_000,
        max_forced: 200_000,
        max_unconsumed: 300_000,
        close: PATIENCE / 100,
        ..LinkLimits::default()
    };
    let links = Links::start(2, limits).unwrap();
    let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    let address = listeners[0].inet().unwrap();
    let counts = Arc::new(Counts::default());
    let (seeds, seed) = unbounded();
    (0..100_000).for_each(|number| seeds.send(number).unwrap());
    let admitted = counts.clone();
    let admit: Admit = Arc::new(move |_| Some(Moody::boxed(seed.recv().unwrap(), &admitted)));
    let listener = links.listen(listeners, admit).unwrap();
    std::thread::scope(|scope| {
        for seed in 0..THREADS {
            let (links, counts) = (&links, &counts);
            scope.spawn(move || meddle(links, address, seed, counts));
        }
    });
    drop(listener);
    until(|| links.statistics().open == 0);
    drop(links);
    let count = |which: &AtomicUsize| which.load(Ordering::SeqCst);
    assert!(count(&counts.begun) >= 3 * ROUNDS * usize::try_from(THREADS).unwrap());
    assert_eq!(count(&counts.closed), count(&counts.begun));
    assert_eq!(count(&counts.dropped), count(&counts.begun));
}
