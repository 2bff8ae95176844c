//! What comes of ten thousand changes that a master and three clones make over a bad network.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::channel::ChannelLimits;
use crate::convergence_changes::Changes;
use crate::convergence_world::{CLONES, Setup, World};
use crate::replica_options::CloneOptions;

pub(crate) const CHANGES: u64 = 10_000;
/// Changes that are made from one tick to the next.
const A_TICK: u64 = 20;
const ANY: Changes = Changes { clears: true, expires: false, counts: false };

/// What is so without being told otherwise.
pub(crate) fn setup() -> Setup {
    let (limits, clones) = (ChannelLimits::default(), CloneOptions::default());
    Setup { limits, clones, at_once: true }
}

fn run(seed: [u8; 32]) {
    let mut world = World::new(setup(), seed);
    world.tick(0, false);
    for number in 0..CHANGES {
        world.change(ANY, number, true);
        if number % A_TICK == 0 {
            if world.below(30) == 0 {
                let at = world.below(CLONES);
                world.cut_or_mend(at, true);
            }
            world.tick(0, true);
        }
    }
    world.settle();
}

/// Whoever was never cut for long has heard the same as the master, in the same order.
#[test]
fn every_clone_hears_of_every_change_in_the_order_of_the_master() {
    let changes = Changes { clears: false, ..ANY };
    let mut world = World::new(setup(), [7; 32]);
    world.tick(0, false);
    for number in 0..CHANGES {
        world.change(changes, number, true);
        if number % A_TICK == 0 {
            world.tick(0, true);
        }
    }
    world.settle();
    for at in 0..CLONES {
        assert_eq!(world.told[at].len(), world.told[CLONES].len());
        assert!(world.told[at] == world.told[CLONES], "clone {at} has heard something else");
    }
    assert!(world.answers > 100);
}

#[test]
fn all_are_equal_in_the_end_whatever_the_network_does() {
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    runner
        .run(&any::<[u8; 32]>(), |seed| {
            run(seed);
            Ok(())
        })
        .unwrap();
}
