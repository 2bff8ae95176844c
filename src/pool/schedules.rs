//! The checkout and the hand-over of calls under every order of steps that chance finds.
//!
//! The threads of a pool are models ([`models`](crate::models)). Everything that they meet in is
//! the pool's own code: the book, the mailboxes, and the order in which a slot looks
//! ([`offer`](crate::offer)). shuttle runs them on one thread and chooses at each step who goes on;
//! that nobody can is a failure, which is how a lost wake-up or a forgotten call shows.
//!
//! ```text
//! RUSTFLAGS='--cfg shuttle' cargo test -p ostler-pool --lib schedules
//! ```
//!
//! `SCHEDULES` is how many orders of each scenario are tried, by chance and again by priorities.
//! The longest run so far had 120 000 by each for each of the eleven scenarios, 2 640 000 in all, in
//! twelve minutes on two busy cores, without a failure (24 November 2026).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ostler_runtime::environment::variable;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::{JoinHandle, yield_now};
use shuttle::{Config, MaxSteps, Runner};

use crate::call::CallError;
use crate::models::{World, busy, fickle, in_trouble};

/// Orders of a scenario, by each scheduler, if the environment does not say.
const SCHEDULES: usize = 2000;
/// How many changes of priority may be needed to show a fault.
const DEPTH: usize = 3;
/// No scenario takes so many steps unless somebody waits in vain.
const STEPS: usize = 50_000;

/// Tries `scenario` in many orders.
fn explore(scenario: fn()) {
    let schedules = variable("SCHEDULES").and_then(|text| text.parse().ok()).unwrap_or(SCHEDULES);
    run(RandomScheduler::new(schedules), scenario);
    run(PctScheduler::new(DEPTH, schedules), scenario);
}

fn run(scheduler: impl Scheduler + 'static, scenario: fn()) {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(STEPS);
    Runner::new(scheduler, config).run(scenario);
}

fn join(callers: [JoinHandle<()>; 2]) {
    for caller in callers {
        caller.join().unwrap();
    }
}

#[test]
fn every_call_is_answered_and_every_slot_is_idle_before_the_last_answer_is_told() {
    explore(|| {
        let mut world = World::new(2, 0);
        let callers = [world.caller(2), world.caller(2)];
        assert!(world.ends().iter().all(Result::is_ok));
        assert_eq!(world.book.load(), (0, 0));
        join(callers);
        world.stop();
    });
}

#[test]
fn calls_whose_children_are_lost_are_lent_again_or_told() {
    explore(|| {
        let mut world = World::new(2, 3);
        let callers = [world.caller(2), world.caller(2)];
        for end in world.ends() {
            assert!(matches!(end, Ok(_) | Err(CallError::Lost(_) | CallError::Down(_))), "{end:?}");
        }
        join(callers);
        world.stop();
    });
}

#[test]
fn slots_that_go_and_come_lose_no_call() {
    explore(|| {
        let mut world = World::new(2, 0);
        let callers = [world.caller(2), world.caller(2)];
        let (mailbox, thread) = world.slots.remove(0);
        world.grow(0);
        mailbox.retire(false);
        thread.join().unwrap();
        assert!(world.ends().iter().all(Result::is_ok));
        join(callers);
        world.stop();
    });
}

#[test]
fn slots_that_go_while_their_children_are_lost_lose_no_call() {
    explore(|| {
        let mut world = World::new(3, 1);
        let callers = [world.caller(2), world.caller(1)];
        let (mailbox, thread) = world.slots.remove(0);
        mailbox.retire(false);
        thread.join().unwrap();
        for end in world.ends() {
            assert!(matches!(end, Ok(_) | Err(CallError::Lost(_) | CallError::Down(_))), "{end:?}");
        }
        join(callers);
        world.stop();
    });
}

#[test]
fn a_pool_that_is_closed_ends_every_call_and_says_when_the_last_one_is_over() {
    explore(|| {
        let mut world = World::new(2, 1);
        let callers = [world.caller(2), world.caller(2)];
        let drained = world.book.close();
        for end in world.ends() {
            assert!(end != Err(CallError::TimedOutWaiting), "{end:?}");
        }
        join(callers);
        // What was told last may be counted a moment later.
        while world.book.load() != (0, 0) {
            yield_now();
        }
        assert!(drained.try_recv().is_ok(), "nobody says that it is drained");
        world.stop();
    });
}

#[test]
fn a_pool_that_is_stopped_tells_every_caller() {
    explore(|| {
        let mut world = World::new(2, 2);
        let callers = [world.caller(2), world.caller(2)];
        world.book.close();
        world.book.abandon();
        for (mailbox, _) in &world.slots {
            mailbox.retire(false);
        }
        world.ends();
        join(callers);
        world.stop();
    });
}

#[test]
fn a_call_whose_deadline_passes_in_the_queue_is_told_while_every_child_is_busy() {
    explore(|| {
        let mut world = World::new(0, 0);
        world.slots.push(busy(&world.book));
        let callers = world.late_callers();
        assert_eq!(world.ends(), vec![Err(CallError::TimedOutWaiting); 2]);
        join(callers);
        world.stop();
    });
}

#[test]
fn a_call_that_comes_back_too_late_is_told_while_every_child_is_busy() {
    explore(|| {
        let mut world = World::new(0, 0);
        world.slots.push(busy(&world.book));
        world.slots.push(fickle(&world.book));
        let callers = world.late_callers();
        assert_eq!(world.ends(), vec![Err(CallError::TimedOutWaiting); 2]);
        join(callers);
        world.stop();
    });
}

#[test]
fn the_next_slot_watches_the_deadlines_when_the_first_one_goes() {
    explore(|| {
        let mut world = World::new(0, 0);
        let (mailbox, first) = busy(&world.book);
        world.slots.push(busy(&world.book));
        let callers = world.late_callers();
        mailbox.retire(false);
        assert_eq!(world.ends(), vec![Err(CallError::TimedOutWaiting); 2]);
        join(callers);
        first.join().unwrap();
        world.stop();
    });
}

#[test]
fn when_one_slot_gets_well_all_others_try_again() {
    explore(|| {
        let world = World::new(3, 2);
        // Without a call there is nothing to wait for but this.
        while world.book.idle() < 3 {
            world.book.check();
            yield_now();
        }
        world.stop();
    });
}

#[test]
fn when_every_slot_is_in_trouble_whoever_waits_is_told() {
    explore(|| {
        let mut world = World::new(0, 0);
        world.slots.push(in_trouble(&world.book));
        world.slots.push(in_trouble(&world.book));
        let callers = [world.caller(2), world.caller(2)];
        for end in world.ends() {
            assert!(matches!(end, Err(CallError::Down(_))), "{end:?}");
        }
        join(callers);
        world.stop();
    });
}
