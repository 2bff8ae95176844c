//! The checkout and the hand-over of calls under every order of steps that chance finds.
//!
//! The threads of a pool are models here: a slot is the loop of [`slot`](crate::slot) without
//! pipes and processes, and its child a little chance. Everything that threads meet in is the
//! pool's own code: the book, the mailboxes, and the order in which a slot looks
//! ([`offer`](crate::offer)). shuttle runs them on one thread and chooses at each step who goes on;
//! that nobody can is a failure, which is how a lost wake-up or a forgotten call shows.
//!
//! ```text
//! RUSTFLAGS='--cfg shuttle' cargo test -p ostler-pool --lib schedules
//! ```
//!
//! `SCHEDULES` is how many orders of each scenario are tried, by chance and again by priorities.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_runtime::environment::variable;
use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::mpsc::{Receiver, Sender, channel};
use shuttle::thread::{JoinHandle, spawn, yield_now};
use shuttle::{Config, Runner};

use crate::call::{Call, CallError};
use crate::checkout::{Checkout, Entry};
use crate::mailbox::Mailbox;
use crate::offer::Offer;

/// Orders of a scenario, by each scheduler, if the environment does not say.
const SCHEDULES: usize = 2000;
/// How many changes of priority may be needed to show a fault.
const DEPTH: usize = 3;

type Outcome = Result<u32, CallError>;
type Book = Arc<Checkout<u32, u32>>;

/// Tries `scenario` in many orders.
fn explore(scenario: fn()) {
    let schedules = variable("SCHEDULES").and_then(|text| text.parse().ok()).unwrap_or(SCHEDULES);
    run(RandomScheduler::new(schedules), scenario);
    run(PctScheduler::new(DEPTH, schedules), scenario);
}

fn run(scheduler: impl Scheduler + 'static, scenario: fn()) {
    Runner::new(scheduler, Config::new()).run(scenario);
}

fn chance(times_in_ten: u32) -> bool {
    shuttle::rand::thread_rng().gen_range(0..10) < times_in_ten
}

/// A pool of models.
struct World {
    book: Book,
    slots: Vec<(Entry<u32, u32>, JoinHandle<()>)>,
    outcomes: Receiver<(u32, Outcome)>,
    tell: Sender<(u32, Outcome)>,
    calls: u32,
}

impl World {
    /// So many slots, each with so many mishaps before it.
    fn new(slots: usize, mishaps: u32) -> Self {
        let (tell, outcomes) = channel();
        let book = Arc::new(Checkout::new(100));
        let mut world = Self { book, slots: Vec::new(), outcomes, tell, calls: 0 };
        for _ in 0..slots {
            world.grow(mishaps);
        }
        world
    }

    fn grow(&mut self, mishaps: u32) {
        let mailbox: Entry<u32, u32> = Arc::new(Mailbox::new().unwrap());
        self.book.enter(&mailbox);
        let slot = Slot::new(&self.book, &mailbox, mishaps);
        self.slots.push((mailbox, spawn(move || slot.run())));
    }

    /// A caller with so many calls, one after the other.
    fn caller(&mut self, calls: u32) -> JoinHandle<()> {
        let (book, tell, first) = (Arc::clone(&self.book), self.tell.clone(), self.calls);
        self.calls += calls;
        spawn(move || {
            for number in first..first + calls {
                book.submit(call(number, Deadline::NEVER, &tell));
                book.check();
            }
        })
    }

    /// Waits until every call has come to its end: each once, and an answer is that to its
    /// question.
    fn ends(&self) -> Vec<Outcome> {
        let mut ends = vec![None; self.calls as usize];
        for _ in 0..self.calls {
            let (number, outcome) = self.outcomes.recv().unwrap();
            assert!(outcome != Err(CallError::Internal), "a call was lost");
            assert!(outcome.as_ref().is_ok_and(|answer| *answer == number) || outcome.is_err());
            let before = ends[number as usize].replace(outcome);
            assert!(before.is_none(), "a call ended twice");
        }
        self.book.check();
        ends.into_iter().flatten().collect()
    }

    /// Ends every slot. Nothing may be left.
    fn stop(self) {
        for (mailbox, thread) in self.slots {
            mailbox.retire(false);
            thread.join().unwrap();
        }
        assert_eq!(self.book.load(), (0, 0), "queued and lent");
        assert_eq!((self.book.idle(), self.book.size()), (0, 0), "idle slots and slots");
        assert!(self.outcomes.try_recv().is_err(), "a call ended twice");
    }
}

fn call(number: u32, deadline: Deadline, tell: &Sender<(u32, Outcome)>) -> Call<u32, u32> {
    let tell = tell.clone();
    Call::new(number, deadline, move |outcome| {
        // A scenario that has failed does not listen any more.
        let _ = tell.send((number, outcome));
    })
}

/// The loop of the real slot, with the same steps in the same order.
struct Slot {
    book: Book,
    mailbox: Entry<u32, u32>,
    offer: Offer<u32, u32>,
    child: Child,
    held: Vec<Call<u32, u32>>,
    failures: u32,
    /// So many things may still go wrong.
    mishaps: u32,
}

enum Child {
    None,
    Ready,
    Lent(Call<u32, u32>),
}

impl Slot {
    fn new(book: &Book, mailbox: &Entry<u32, u32>, mishaps: u32) -> Self {
        let offer = Offer::new(Arc::clone(book), Arc::clone(mailbox));
        let (book, mailbox) = (Arc::clone(book), Arc::clone(mailbox));
        Self { book, mailbox, offer, child: Child::None, held: Vec::new(), failures: 0, mishaps }
    }

    fn run(mut self) {
        while !self.has_ended() {
            self.turn();
        }
        self.book.leave(&self.mailbox);
    }

    fn has_ended(&mut self) -> bool {
        self.mailbox.is_retired()
            && matches!(self.child, Child::None)
            && self.held.is_empty()
            && self.offer.withdraw()
    }

    fn turn(&mut self) {
        for call in std::mem::take(&mut self.held) {
            self.book.give_back(call);
        }
        if self.has_ended() {
            return;
        }
        if self.mailbox.is_retired() {
            if self.offer.withdraw() && matches!(self.child, Child::Ready) {
                self.child = Child::None;
                return;
            }
        } else if matches!(self.child, Child::None) {
            self.start();
        }
        self.settle();
        self.wait();
        if self.mailbox.is_awake() {
            if let Some(call) = self.offer.open() {
                self.lend(call);
            }
        }
        self.book.check();
    }

    fn mishap(&mut self) -> bool {
        let happens = self.mishaps > 0 && chance(4);
        self.mishaps -= u32::from(happens);
        happens
    }

    fn may_start(&self) -> bool {
        self.failures == 0 || self.book.may_start(&self.mailbox)
    }

    fn start(&mut self) {
        if !self.may_start() {
            return;
        }
        if self.mishap() {
            self.failures += 1;
            self.book.note_trouble(&self.mailbox, Some("it does not start"));
        } else {
            self.child = Child::Ready;
            self.book.note_trouble(&self.mailbox, None);
        }
    }

    fn settle(&mut self) {
        if matches!(self.child, Child::Ready) && !self.mailbox.is_retired() {
            if let Some(call) = self.offer.next() {
                self.lend(call);
            }
        }
    }

    fn lend(&mut self, call: Call<u32, u32>) {
        match self.child {
            Child::Ready => self.child = Child::Lent(call),
            Child::None => self.book.give_back(call),
            Child::Lent(_) => panic!("a slot has two calls"),
        }
    }

    /// One thing happens: the child does something, or the mailbox wakes the slot.
    fn wait(&mut self) {
        self.book.expire(&self.mailbox);
        match std::mem::replace(&mut self.child, Child::None) {
            Child::Lent(call) => {
                yield_now();
                if self.mishap() { self.lose(call) } else { self.deliver(call) }
            }
            Child::Ready if self.mishap() => self.note_loss(),
            Child::Ready => {
                self.child = Child::Ready;
                self.mailbox.wait();
            }
            // The time of the next start comes by itself.
            Child::None if !self.mailbox.is_retired() && self.may_start() => yield_now(),
            Child::None => self.mailbox.wait(),
        }
    }

    fn deliver(&mut self, call: Call<u32, u32>) {
        self.child = Child::Ready;
        self.failures = 0;
        self.book.finished();
        self.settle();
        let answer = *call.request();
        call.finish(Ok(answer));
    }

    fn note_loss(&mut self) {
        self.offer.withdraw();
        self.failures += 1;
        if chance(5) {
            self.book.note_trouble(&self.mailbox, Some("it is lost again and again"));
        }
    }

    fn lose(&mut self, mut call: Call<u32, u32>) {
        self.note_loss();
        let error = if self.mailbox.is_retired() && self.book.is_closed() {
            CallError::Stopping
        } else if call.losses == 0 {
            call.losses += 1;
            return self.held.push(call);
        } else {
            CallError::Lost("killed".to_owned())
        };
        self.book.finished();
        call.finish(Err(error));
    }
}

#[test]
fn every_call_is_answered_and_every_slot_is_idle_before_the_last_answer_is_told() {
    explore(|| {
        let mut world = World::new(2, 0);
        let callers = [world.caller(2), world.caller(2)];
        assert!(world.ends().iter().all(Result::is_ok));
        assert_eq!(world.book.load(), (0, 0));
        callers.into_iter().for_each(|caller| caller.join().unwrap());
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
        callers.into_iter().for_each(|caller| caller.join().unwrap());
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
        callers.into_iter().for_each(|caller| caller.join().unwrap());
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
        callers.into_iter().for_each(|caller| caller.join().unwrap());
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
        callers.into_iter().for_each(|caller| caller.join().unwrap());
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
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        world.stop();
    });
}

#[test]
fn a_call_whose_deadline_passes_in_the_queue_is_told_while_every_child_is_busy() {
    explore(|| {
        let mut world = World::new(0, 0);
        // A slot whose child is busy all the time: it only waits.
        let mailbox: Entry<u32, u32> = Arc::new(Mailbox::new().unwrap());
        world.book.enter(&mailbox);
        let (book, waiting) = (Arc::clone(&world.book), Arc::clone(&mailbox));
        let busy = spawn(move || {
            while !waiting.is_retired() {
                book.expire(&waiting);
                waiting.wait();
                waiting.clear();
            }
            book.leave(&waiting);
        });
        world.slots.push((mailbox, busy));
        let submits = |number: u32| {
            let (book, tell) = (Arc::clone(&world.book), world.tell.clone());
            spawn(move || book.submit(call(number, Deadline::after(Duration::ZERO), &tell)))
        };
        let callers = [submits(0), submits(1)];
        world.calls = 2;
        assert_eq!(world.ends(), vec![Err(CallError::TimedOutWaiting); 2]);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        world.stop();
    });
}
