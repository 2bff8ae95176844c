//! Models of a pool's threads for the tests of schedules ([`schedules`](crate::schedules)): the loop
//! of [`slot`](crate::slot) with the same steps in the same order, but without pipes and processes,
//! and callers. A child is a little chance.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::Deadline;
use shuttle::rand::Rng as _;
use shuttle::sync::mpsc::{Receiver, Sender, channel};
use shuttle::thread::{JoinHandle, spawn, yield_now};

use crate::call::{Call, CallError};
use crate::checkout::{Checkout, Entry};
use crate::mailbox::Mailbox;
use crate::offer::Offer;

pub(crate) type Outcome = Result<u32, CallError>;
type Book = Arc<Checkout<u32, u32>>;
type Running = (Entry<u32, u32>, JoinHandle<()>);

fn chance(times_in_ten: u32) -> bool {
    shuttle::rand::thread_rng().gen_range(0..10) < times_in_ten
}

/// A pool of models.
pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) slots: Vec<Running>,
    outcomes: Receiver<(u32, Outcome)>,
    tell: Sender<(u32, Outcome)>,
    calls: u32,
}

impl World {
    /// So many slots, each with so many mishaps before it.
    pub(crate) fn new(slots: usize, mishaps: u32) -> Self {
        let (tell, outcomes) = channel();
        let book = Arc::new(Checkout::new(100));
        let mut world = Self { book, slots: Vec::new(), outcomes, tell, calls: 0 };
        for _ in 0..slots {
            world.grow(mishaps);
        }
        world
    }

    pub(crate) fn grow(&mut self, mishaps: u32) {
        let mailbox: Entry<u32, u32> = Arc::new(Mailbox::new().unwrap());
        self.book.enter(&mailbox);
        let slot = Slot::new(&self.book, &mailbox, mishaps);
        self.slots.push((mailbox, spawn(move || slot.run())));
    }

    /// A caller with so many calls, one after the other.
    pub(crate) fn caller(&mut self, calls: u32) -> JoinHandle<()> {
        let (book, tell, first) = (Arc::clone(&self.book), self.tell.clone(), self.calls);
        self.calls += calls;
        spawn(move || {
            for number in first..first + calls {
                book.submit(call(number, Deadline::NEVER, &tell));
                book.check();
            }
        })
    }

    /// Two callers whose calls are too late when they come.
    pub(crate) fn late_callers(&mut self) -> [JoinHandle<()>; 2] {
        self.calls = 2;
        [0, 1].map(|number| {
            let (book, tell) = (Arc::clone(&self.book), self.tell.clone());
            spawn(move || book.submit(call(number, Deadline::after(Duration::ZERO), &tell)))
        })
    }

    /// Waits until every call has come to its end: each once, and an answer is that to its
    /// question.
    pub(crate) fn ends(&self) -> Vec<Outcome> {
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
    pub(crate) fn stop(self) {
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

/// A slot whose child is busy all the time: it only waits, as a slot does.
pub(crate) fn busy(book: &Book) -> Running {
    stuck(book, None)
}

/// A slot that is idle and then is not: a call that was handed to it meanwhile goes back.
pub(crate) fn fickle(book: &Book) -> Running {
    let mailbox: Entry<u32, u32> = Arc::new(Mailbox::new().unwrap());
    book.enter(&mailbox);
    let mut offer = Offer::new(Arc::clone(book), Arc::clone(&mailbox));
    assert!(offer.next().is_none(), "a call was made before the slot was idle");
    let (book, waiting) = (Arc::clone(book), Arc::clone(&mailbox));
    let thread = spawn(move || {
        while !offer.withdraw() {
            waiting.wait();
        }
        while !waiting.is_retired() {
            waiting.wait();
            waiting.clear();
        }
        book.leave(&waiting);
    });
    (mailbox, thread)
}

/// A slot whose child does not start, ever.
pub(crate) fn in_trouble(book: &Book) -> Running {
    stuck(book, Some("it does not start"))
}

fn stuck(book: &Book, trouble: Option<&'static str>) -> Running {
    let mailbox: Entry<u32, u32> = Arc::new(Mailbox::new().unwrap());
    book.enter(&mailbox);
    let (book, waiting) = (Arc::clone(book), Arc::clone(&mailbox));
    let thread = spawn(move || {
        book.note_trouble(&waiting, trouble);
        while !waiting.is_retired() {
            book.expire(&waiting);
            waiting.wait();
            waiting.clear();
        }
        book.leave(&waiting);
    });
    (mailbox, thread)
}
