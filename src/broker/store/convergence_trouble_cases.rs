//! What comes of ten thousand changes when not only the network is bad: the storage is slow and fails,
//! the master ends and another one begins, the clock jumps, and there is hardly any room.

use std::time::Duration;

use broker_data::Data;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::backend::Backend;
use crate::channel::ChannelLimits;
use crate::convergence_cases::{CHANGES, setup};
use crate::convergence_changes::{Changes, may_expire, tally};
use crate::convergence_world::{CLONES, Setup, World};
use crate::output::Notice;
use crate::replica_options::CloneOptions;
use crate::store_event::StoreEvent;

const COUNTS: Changes = Changes { clears: false, expires: false, counts: true };
/// The greatest jump of the clock, forward or back, in nanoseconds.
const JUMP: i64 = 10_000_000_000;
/// More than all jumps together.
const FAR: i64 = 10_000 * JUMP;

/// Whether it holds for a few seeds which are always the same, and for one which is another one each
/// time; which it was is told if it does not hold.
fn holds(run: impl Fn([u8; 32])) {
    let always = (1..=3).map(|number| Just([number; 32]).boxed());
    for seeds in always.chain([any::<[u8; 32]>().boxed()]) {
        let config = Config {
            cases: 1,
            failure_persistence: None,
            max_shrink_iters: 0,
            ..Config::default()
        };
        let once = |seed| {
            run(seed);
            Ok(())
        };
        TestRunner::new(config).run(&seeds, once).unwrap();
    }
}

/// Ten thousand changes, and what happens beside them.
fn changed(
    setup: Setup,
    changes: Changes,
    seed: [u8; 32],
    mut beside: impl FnMut(&mut World, u64),
) -> World {
    let mut world = World::new(setup, seed);
    world.tick(0, false);
    for number in 0..CHANGES {
        world.change(changes, number, true);
        beside(&mut world, number);
    }
    world
}

/// With a storage of the one or the other kind, as the seed has it.
fn either(seed: [u8; 32]) -> Setup {
    let [.., last] = seed;
    Setup { at_once: last % 2 == 0, ..setup() }
}

/// The storage does something now and then, or fails to.
fn keep(world: &mut World) {
    if !world.setup.at_once && world.below(3) == 0 {
        world.keep(true, true);
    }
}

/// Time passes now and then, and sometimes a way is cut or mended.
fn pass_time(world: &mut World, number: u64, a_tick: u64) {
    if number % a_tick == 0 {
        if world.below(30) == 0 {
            let at = world.below(CLONES);
            world.cut_or_mend(at, true);
        }
        world.tick(0, true);
    }
}

/// Whatever clones have written under keys of their own has come to be; what they added, once.
fn nothing_is_lost(world: &World, is_once: bool) {
    let entries = world.ledger.values();
    for (at, written) in world.written.iter().enumerate() {
        for (key, value) in &written.last {
            assert_eq!(entries.get(key), Some(value), "{key} of clone {at}");
        }
        if is_once {
            assert_eq!(entries.get(&tally(at)), Some(&Data::Count(written.added)), "clone {at}");
        }
    }
}

/// Also a witness listens: what is told or acknowledged is kept by then.
#[test]
fn nobody_hears_of_what_a_slow_storage_that_fails_has_not_kept() {
    holds(|seed| {
        let setup = Setup { at_once: false, ..setup() };
        let mut world = changed(setup, COUNTS, seed, |world, number| {
            keep(world);
            pass_time(world, number, 20);
        });
        world.settle();
        nothing_is_lost(&world, true);
    });
}

/// What the last master has done and not said is done again, but nothing that it has acknowledged.
#[test]
fn what_was_acknowledged_outlasts_every_master() {
    holds(|seed| {
        let mut world = changed(either(seed), COUNTS, seed, |world, number| {
            keep(world);
            if world.below(500) == 0 {
                world.restart(true);
            }
            pass_time(world, number, 10);
        });
        world.settle();
        nothing_is_lost(&world, false);
    });
}

#[test]
fn nothing_is_left_that_has_expired_whatever_the_clock_does() {
    holds(keys_expire);
}

fn keys_expire(seed: [u8; 32]) {
    let changes = Changes { clears: true, expires: true, counts: false };
    let mut world = changed(either(seed), changes, seed, |world, number| {
        keep(world);
        if number % 20 == 0 {
            let jump = if world.below(40) == 0 { world.between(-JUMP, JUMP) } else { 0 };
            world.tick(jump, true);
            if world.setup.at_once && !world.master.is_full() {
                assert_eq!(world.ledger.expired(world.time()), []);
            }
        }
        if world.below(2000) == 0 {
            world.restart(true);
        }
    });
    world.settle();
    let before = world.ledger.values();
    // The clock was never farther back.
    world.tick(FAR, false);
    world.settle();
    assert_eq!(world.ledger.expiries().unwrap(), []);
    let after = world.ledger.values();
    assert!(before.iter().all(|(key, value)| may_expire(key) || after.get(key) == Some(value)));
    for told in &world.told[..CLONES] {
        let expired = told.iter().filter_map(|event| match event {
            StoreEvent::Expire { key, .. } => Some(key),
            _ => None,
        });
        let expired: Vec<&Data> = expired.collect();
        assert!(expired.len() > 10 && expired.iter().all(|key| may_expire(key)), "{expired:?}");
    }
}

/// Ten thousand changes, or as many as there is room for.
fn narrow(seed: [u8; 32], mutation_buffer: Duration) -> World {
    let [one, two, ..] = seed;
    let events = [1, 2, 3, 8, 30][usize::from(one) % 5];
    let bytes = [1, 400, 2000, 1 << 20][usize::from(two) % 4];
    let limits = ChannelLimits { events, bytes, timeout: 10, ..ChannelLimits::default() };
    let clones = CloneOptions { mutation_buffer, ..CloneOptions::default() };
    changed(Setup { limits, clones, ..either(seed) }, COUNTS, seed, |world, number| {
        keep(world);
        pass_time(world, number, 4);
    })
}

#[test]
fn what_was_accepted_is_not_lost_however_little_room_there_is() {
    holds(|seed| {
        let mut world = narrow(seed, CloneOptions::default().mutation_buffer * 10);
        assert!(world.refused > 100, "there was room for nearly all");
        world.settle();
        nothing_is_lost(&world, true);
    });
}

#[test]
fn what_finds_no_master_in_time_is_lost_and_that_is_told() {
    holds(|seed| {
        let mut world = narrow(seed, Duration::from_millis(500));
        world.settle();
        let entries = world.ledger.values();
        let lost: usize = world.written.iter().map(|written| written.undelivered).sum();
        assert!(lost > 0, "each of them was heard in time");
        for (at, written) in world.written.iter().enumerate() {
            let most = written.added;
            let least = most.saturating_sub(written.undelivered as u64);
            let (most, least) = (Data::Count(most), Data::Count(least));
            let sum = entries.get(&tally(at)).cloned().unwrap_or(Data::Count(0));
            assert!(least <= sum && sum <= most, "clone {at}: {least} to {most}, and it is {sum}");
        }
        assert!(world.notices.iter().any(|notice| matches!(notice, Notice::Undelivered(_))));
    });
}
