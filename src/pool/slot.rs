//! A slot: one thread that owns one child for as long as the pool lives, and for a while the
//! child's successor too.
//!
//! The thread waits in one `poll` for its mailbox, its children's pipes and ends, and whatever else
//! their sessions want watched. What it sees becomes events of the state table
//! ([`state`](crate::state)); this file carries the table's actions out.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, Seldom, now, threads::caught};

use crate::backoff;
use crate::call::{Call, CallError};
use crate::checkout::{Checkout, Entry};
use crate::child::{Child, GRACE};
use crate::dialect::{Cause, Dialect, Session, Step};
use crate::loss::why_it_ended;
use crate::offer::Offer;
use crate::pool::Options;
use crate::replace::{Replacement, Turns};
use crate::state::{Action, Event, State, next};
use crate::statistics::{Counters, SlotReport, count};

/// How long a child that was lent may take at least, even if its caller was told meanwhile that it
/// is too late. A healthy child is not killed for a call that came to it with its last breath.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// What all slots share.
pub(crate) struct Shared<D: Dialect> {
    pub(crate) dialect: D,
    pub(crate) options: RwLock<Options>,
    pub(crate) checkout: Arc<Checkout<D::Request, D::Answer>>,
    pub(crate) counters: Counters,
    /// Counts what may have made children out of date.
    pub(crate) revision: AtomicU64,
    pub(crate) turns: Turns,
    pub(crate) failed_starts: Seldom,
}

type CallOf<D> = Call<<D as Dialect>::Request, <D as Dialect>::Answer>;
type ChildOf<D> = Child<<D as Dialect>::Session, CallOf<D>>;

/// See the module.
pub(crate) struct Slot<D: Dialect> {
    pub(crate) shared: Arc<Shared<D>>,
    pub(crate) mailbox: Entry<D::Request, D::Answer>,
    pub(crate) report: Arc<Mutex<SlotReport>>,
    pub(crate) children: Vec<ChildOf<D>>,
    offer: Offer<D::Request, D::Answer>,
    pub(crate) failures: u32,
    pub(crate) start_at: Instant,
    recoveries: u64,
    pub(crate) replacement: Replacement,
    /// Calls whose child was lost, and when they are to be asked again.
    pub(crate) held: Vec<(Instant, CallOf<D>)>,
}

/// What comes with an event.
pub(crate) struct Detail<A> {
    answer: Option<A>,
    pub(crate) cause: Option<Cause>,
    pub(crate) too_long: bool,
    /// What brought it.
    pub(crate) event: Option<Event>,
}

impl<A> Detail<A> {
    pub(crate) fn none() -> Self {
        Self { answer: None, cause: None, too_long: false, event: None }
    }

    pub(crate) fn because(words: impl Into<String>) -> Self {
        Self { cause: Some(Cause::new(words)), ..Self::none() }
    }
}

impl<D: Dialect> Slot<D> {
    pub(crate) fn new(
        shared: Arc<Shared<D>>,
        mailbox: Entry<D::Request, D::Answer>,
        report: Arc<Mutex<SlotReport>>,
    ) -> Self {
        let start = now();
        let offer = Offer::new(Arc::clone(&shared.checkout), Arc::clone(&mailbox));
        Self {
            shared,
            mailbox,
            report,
            children: Vec::new(),
            offer,
            failures: 0,
            start_at: start,
            recoveries: 0,
            replacement: Replacement::new(start),
            held: Vec::new(),
        }
    }

    /// The thread's body: serves until the mailbox says that the slot is retired.
    pub(crate) fn run(mut self) {
        while !self.has_ended() {
            if caught("a slot", || self.turn()).is_none() {
                count(&self.shared.counters.panics);
                self.start_over();
            }
        }
        self.shared.checkout.leave(&self.mailbox);
        self.report(None);
    }

    /// Whether the slot is retired and has nothing left, not even a call that is on its way here.
    fn has_ended(&mut self) -> bool {
        self.mailbox.is_retired()
            && self.children.is_empty()
            && self.held.is_empty()
            && self.withdraw()
    }

    fn turn(&mut self) {
        self.release_held();
        if self.has_ended() {
            return;
        }
        if self.mailbox.is_retired() {
            self.retire();
        } else {
            self.start();
            self.replace();
        }
        self.settle();
        self.wait();
        self.children.retain(|child| child.state != State::Gone);
    }

    /// After a panic: nothing that the slot had can be trusted.
    fn start_over(&mut self) {
        self.withdraw();
        self.give_up_turn();
        for child in self.children.drain(..) {
            // Dropping it kills and reaps it, and its call tells its caller.
            if child.call.is_some() {
                self.shared.checkout.finished();
            }
        }
        for _ in self.held.drain(..) {
            self.shared.checkout.finished();
        }
        self.failures = self.failures.saturating_add(1);
        self.start_at = now() + backoff::wait(self.failures);
    }

    fn retire(&mut self) {
        if self.withdraw() {
            let hurry = self.mailbox.is_hurried();
            for index in 0..self.children.len() {
                // A lent child first finishes what it is at, unless there is a hurry.
                let retire = self.children.get(index).is_some_and(|child| match child.state {
                    State::Greeting | State::Ready => true,
                    State::Lent | State::Overdue => hurry,
                    State::Ending | State::Killed | State::Gone => false,
                });
                if retire {
                    self.happen(index, Event::Retire, Detail::because("the pool stops"));
                }
            }
        }
        self.give_up_turn();
    }

    /// Takes the slot off the idle ones. False if a call is on its way to it.
    pub(crate) fn withdraw(&mut self) -> bool {
        self.offer.withdraw()
    }

    /// Starts a child if there is none and the time has come.
    fn start(&mut self) {
        if self.has_live_child() {
            return;
        }
        let recoveries = self.shared.checkout.recoveries();
        if recoveries != self.recoveries {
            self.recoveries = recoveries;
            self.start_at = now();
        }
        if now() >= self.start_at && self.may_start() {
            self.spawn();
        }
    }

    pub(crate) fn may_start(&self) -> bool {
        self.failures == 0 || self.shared.checkout.may_start(&self.mailbox)
    }

    pub(crate) fn has_live_child(&self) -> bool {
        self.children.iter().any(Child::is_live)
    }

    pub(crate) fn spawn(&mut self) {
        count(&self.shared.counters.starts);
        let deadline = Deadline::after(self.options().start_deadline);
        let spawned = self.shared.dialect.prepare().and_then(|(launch, session)| {
            Child::spawn(&launch, session, deadline)
                .map_err(|error| Cause::with_detail("a process cannot be started", error))
        });
        match spawned {
            Ok(mut child) => {
                log::debug!("started child {}", child.pid());
                child.session.spawned(child.pid());
                child.session.greet(&mut child.output);
                // A write that fails here is seen again as the child's end.
                let _ = child.write();
                self.children.push(child);
                self.report(self.children.len().checked_sub(1));
            }
            Err(cause) => self.note_failed_start(&cause),
        }
    }

    pub(crate) fn options(&self) -> Options {
        *self.shared.options.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The child that serves: the youngest that is ready or lent.
    pub(crate) fn serving(&self) -> Option<usize> {
        self.children.iter().rposition(Child::serves)
    }

    /// Retires a child that has a successor, and lends the one that is ready.
    fn settle(&mut self) {
        if self.mailbox.is_retired() {
            return;
        }
        let busy = |child: &ChildOf<D>| matches!(child.state, State::Lent | State::Overdue);
        if self.children.iter().any(busy) {
            return;
        }
        let Some(serving) = self.serving() else { return };
        for index in 0..serving {
            if self.children.get(index).is_some_and(|child| child.state == State::Ready) {
                self.retire_old(index);
            }
        }
        self.make_room();
        // A child whose output has ended is about to be lost.
        let ready = |child: &ChildOf<D>| child.state == State::Ready && child.stdout.is_some();
        if self.children.iter().any(ready) {
            if let Some(call) = self.offer.next() {
                self.lend(call);
            }
        }
    }

    fn lend(&mut self, call: CallOf<D>) {
        let ready = |child: &ChildOf<D>| child.state == State::Ready && child.stdout.is_some();
        let found = self.children.iter().rposition(ready);
        // What it has said since it was last looked at, or its end, is seen before it is asked: else
        // it would be taken for the answer.
        if let Some(index) = found {
            self.read(index);
        }
        let child = found.and_then(|index| Some((index, self.children.get_mut(index)?)));
        let Some((index, child)) = child.filter(|(_, child)| ready(child)) else {
            // The child was lost while the call was on its way.
            self.shared.checkout.give_back(call);
            return;
        };
        child.call = Some(call);
        self.happen(index, Event::Lent, Detail::none());
    }

    /// Takes what the mailbox holds.
    pub(crate) fn open_mailbox(&mut self) {
        if let Some(call) = self.offer.open() {
            self.lend(call);
        }
    }

    /// An event happened to a child: looks the table up and carries its actions out.
    pub(crate) fn happen(&mut self, index: usize, event: Event, mut detail: Detail<D::Answer>) {
        let Some(child) = self.children.get_mut(index) else { return };
        let (after, actions) = next(child.state, event);
        let before = std::mem::replace(&mut child.state, after);
        if after == before && actions.is_empty() {
            return;
        }
        detail.event = Some(event);
        if actions.contains(&Action::NoteLoss) {
            // Whoever sees that a child was lost does not see it serve any more.
            self.report(Some(index));
        }
        for action in actions {
            self.act(index, *action, &mut detail);
        }
        self.report(Some(index));
    }

    fn act(&mut self, index: usize, action: Action, detail: &mut Detail<D::Answer>) {
        let Some(child) = self.children.get_mut(index) else { return };
        match action {
            Action::Ask => {
                let Some(call) = child.call.as_ref() else { return };
                child.deadline = call.deadline();
                child.lent_at = now();
                child.session.ask(call.request(), &mut child.output);
                // A write that fails is seen again as the child's end.
                let _ = child.write();
            }
            Action::Deliver => self.deliver(index, detail.answer.take()),
            Action::FailLate => {
                count(&self.shared.counters.late);
                let grace = child.session.overdue(&mut child.output);
                let least = Deadline::at(child.lent_at + LEAST_TIME);
                child.deadline = grace.map_or(least, Deadline::after);
                // A write that fails is seen again as the child's end.
                let _ = child.write();
                self.fail(index, CallError::TimedOut);
            }
            Action::FailLost => self.fail_lost(index, detail),
            Action::AskToEnd => {
                child.ask_to_end();
                child.deadline =
                    Deadline::after(if self.mailbox.is_hurried() { Duration::ZERO } else { GRACE });
            }
            Action::Kill => {
                child.session.killed();
                child.kill();
                child.deadline = Deadline::NEVER;
            }
            Action::Reap => child.reap(),
            Action::NoteStart => {
                child.deadline = Deadline::NEVER;
                log::info!("child {} is ready", child.pid());
                self.shared.checkout.note_trouble(&self.mailbox, None);
            }
            Action::NoteFailedStart => {
                let cause = why_it_ended(child, detail);
                self.note_failed_start(&cause);
            }
            Action::NoteLoss => self.note_loss(index, detail),
        }
    }

    fn deliver(&mut self, index: usize, answer: Option<D::Answer>) {
        let Some(child) = self.children.get_mut(index) else { return };
        child.deadline = Deadline::NEVER;
        child.requests += 1;
        self.failures = 0;
        count(&self.shared.counters.answered);
        let limit = self.shared.options.read().unwrap_or_else(PoisonError::into_inner).max_requests;
        self.replacement.look_soon(limit > 0 && child.requests >= limit);
        let call = child.call.take();
        self.shared.checkout.finished();
        // The child is back at work, or entered as idle, before anyone sees its answer.
        if self.children.get(index).is_some_and(|child| child.input.is_empty()) {
            self.settle();
        }
        if let (Some(call), Some(answer)) = (call, answer) {
            call.finish(Ok(answer));
        }
    }

    /// Bytes came from a child: its session says what they mean.
    pub(crate) fn hear(&mut self, index: usize) {
        let limit = self.options().max_answer_bytes;
        let Some(child) = self.children.get_mut(index) else { return };
        if matches!(child.state, State::Ending | State::Killed | State::Gone) {
            // What it still says is of no use to anybody.
            return child.input.clear();
        }
        if child.input.len() > limit {
            let words = format!("more than {limit} bytes in one answer");
            let detail = Detail { too_long: true, ..Detail::because(words) };
            return self.happen(index, Event::Broke, detail);
        }
        let (event, detail) = match child.state {
            State::Greeting => match child.session.greeting(&mut child.input, &mut child.output) {
                Step::More => return self.speak(index),
                Step::Done(()) => (Event::Greeted, Detail::none()),
                Step::Broken(why) => (Event::Broke, Detail::because(why)),
            },
            State::Lent | State::Overdue => {
                match child.session.answer(&mut child.input, &mut child.output) {
                    Step::More => return self.speak(index),
                    Step::Done(answer) => {
                        (Event::Answered, Detail { answer: Some(answer), ..Detail::none() })
                    }
                    Step::Broken(why) => (Event::Broke, Detail::because(why)),
                }
            }
            State::Ready => return self.hear_idle(index),
            State::Ending | State::Killed | State::Gone => return,
        };
        self.happen(index, event, detail);
        self.hear_idle(index);
    }

    /// A child that nobody asked must say nothing that matters.
    fn hear_idle(&mut self, index: usize) {
        let Some(child) = self.children.get_mut(index) else { return };
        if child.state == State::Ready && !child.input.is_empty() {
            if let crate::Idle::Dirty(why) = child.session.idle(&mut child.input) {
                self.happen(index, Event::Broke, Detail::because(why));
            }
        }
    }

    fn speak(&mut self, index: usize) {
        if let Some(child) = self.children.get_mut(index) {
            if child.has_output() {
                let _ = child.write();
            }
        }
    }

    fn report(&self, index: Option<usize>) {
        // The child that serves is the one that matters, whatever happens to another.
        let child = self.serving().or(index).and_then(|index| self.children.get(index));
        let child = child.filter(|child| child.state != State::Gone);
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(child) = child {
            report.state = child.state.name();
            report.pid = Some(child.pid());
            report.born = Some(child.born);
            report.requests = child.requests;
        } else {
            let last_error = report.last_error.take();
            *report = SlotReport { state: "waiting", last_error, ..SlotReport::default() };
        }
    }
}
