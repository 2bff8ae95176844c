//! The checkout: one queue of calls in order of arrival, and the slots that are idle.
//!
//! Calls and slots meet under one small lock: a call goes straight to an idle slot or into the
//! queue, and a slot that becomes idle takes the oldest call or is entered as idle. Either happens
//! as one step, so no call waits while a slot is idle, and no slot has two calls. The hand-over
//! itself goes through the slot's [`Mailbox`].
//!
//! The book also knows which slots are in trouble. When all are, nobody can serve, and waiting
//! calls are told so at once instead of at their deadlines.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use ostler_runtime::now;

use crate::call::{Call, CallError};
use crate::mailbox::Mailbox;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering};

/// A slot's entry in the book.
pub(crate) type Entry<Q, A> = Arc<Mailbox<Call<Q, A>>>;

/// See the module.
pub(crate) struct Checkout<Q, A> {
    book: Mutex<Book<Q, A>>,
    limit: AtomicUsize,
    drained: (Sender<()>, Receiver<()>),
}

struct Book<Q, A> {
    queue: VecDeque<Call<Q, A>>,
    idle: Vec<Entry<Q, A>>,
    slots: Vec<Slot<Q, A>>,
    /// The earliest deadline that slot number 0 watches for on behalf of the queue.
    alarm: Option<Instant>,
    closed: bool,
    /// The slots are going: what comes back finds nobody any more.
    abandoned: bool,
    lent: usize,
    recoveries: u64,
}

struct Slot<Q, A> {
    mailbox: Entry<Q, A>,
    trouble: Option<String>,
}

impl<Q, A> Checkout<Q, A> {
    /// A book for a queue of at most `limit` calls.
    pub(crate) fn new(limit: usize) -> Self {
        let book = Book {
            queue: VecDeque::new(),
            idle: Vec::new(),
            slots: Vec::new(),
            alarm: None,
            closed: false,
            abandoned: false,
            lent: 0,
            recoveries: 0,
        };
        Self { book: Mutex::new(book), limit: AtomicUsize::new(limit), drained: bounded(1) }
    }

    /// Changes how many calls may wait. Those that wait already stay.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Enters a slot. It is not idle yet, nor in trouble: if all others are, they need not leave it
    /// to one of them any more to try again.
    pub(crate) fn enter(&self, mailbox: &Entry<Q, A>) {
        let mut book = self.lock();
        if book.down().is_some() {
            for slot in &book.slots {
                slot.mailbox.wake();
            }
        }
        book.slots.push(Slot { mailbox: Arc::clone(mailbox), trouble: None });
    }

    /// Strikes a slot out. If all that stay are in trouble, waiting calls are told.
    pub(crate) fn leave(&self, mailbox: &Entry<Q, A>) {
        let mut book = self.lock();
        book.idle.retain(|other| !Arc::ptr_eq(other, mailbox));
        book.slots.retain(|slot| !Arc::ptr_eq(&slot.mailbox, mailbox));
        // The first slot watches the deadlines of the queue, and it may be another one now.
        if let Some(slot) = book.slots.first() {
            slot.mailbox.wake();
        }
        self.tell_if_down(book);
    }

    /// Gives a call to an idle slot, or queues it, or tells its caller why not.
    pub(crate) fn submit(&self, mut call: Call<Q, A>) {
        let mut book = self.lock();
        if book.closed {
            drop(book);
            return call.finish(Err(CallError::Stopping));
        }
        if let Some(mailbox) = book.idle.pop() {
            book.lent += 1;
            drop(book);
            if let Err(call) = mailbox.hand(call) {
                call.finish(Err(CallError::Internal));
                self.finished();
            }
            return;
        }
        if let Some(cause) = book.down() {
            drop(book);
            return call.finish(Err(CallError::Down(cause)));
        }
        let limit = self.limit.load(Ordering::Relaxed);
        if book.queue.len() >= limit {
            // Those who went away make room for those who are here.
            let queue = std::mem::take(&mut book.queue);
            let (wanted, unwanted): (VecDeque<_>, VecDeque<_>) =
                queue.into_iter().partition(Call::is_wanted);
            book.queue = wanted;
            let full = book.queue.len() >= limit;
            if full || !unwanted.is_empty() {
                drop(book);
                for call in unwanted {
                    call.finish(Err(CallError::Unwanted));
                }
                if full {
                    return call.finish(Err(CallError::Full { limit }));
                }
                return self.submit(call);
            }
        }
        call.waited = true;
        let deadline = call.deadline().instant();
        book.queue.push_back(call);
        book.watch(deadline);
    }

    /// A call that was lent and lost its child goes to another one, before all others.
    pub(crate) fn give_back(&self, call: Call<Q, A>) {
        let mut book = self.lock();
        if book.abandoned {
            drop(book);
            self.finished();
            return call.finish(Err(CallError::Stopping));
        }
        if let Some(mailbox) = book.idle.pop() {
            drop(book);
            if let Err(call) = mailbox.hand(call) {
                call.finish(Err(CallError::Internal));
                self.finished();
            }
            return;
        }
        book.lent = book.lent.saturating_sub(1);
        if let Some(cause) = book.down() {
            self.note_drained(&book);
            drop(book);
            return call.finish(Err(CallError::Down(cause)));
        }
        let deadline = call.deadline().instant();
        book.queue.push_front(call);
        book.watch(deadline);
    }

    /// The slot's child is free: takes the oldest call that is still wanted, or enters the slot as
    /// idle.
    pub(crate) fn next(&self, mailbox: &Entry<Q, A>) -> Option<Call<Q, A>> {
        loop {
            let mut book = self.lock();
            let Some(call) = book.queue.pop_front() else {
                if !book.idle.iter().any(|other| Arc::ptr_eq(other, mailbox)) {
                    book.idle.push(Arc::clone(mailbox));
                }
                return None;
            };
            book.lent += 1;
            drop(book);
            // Outside the lock: whether the caller is still there takes a system call.
            let outcome = if call.deadline().passed() {
                CallError::TimedOutWaiting
            } else if call.is_wanted() {
                return Some(call);
            } else {
                CallError::Unwanted
            };
            call.finish(Err(outcome));
            self.finished();
        }
    }

    /// A lent call is over.
    pub(crate) fn finished(&self) {
        let mut book = self.lock();
        book.lent = book.lent.saturating_sub(1);
        self.note_drained(&book);
    }

    /// Strikes the slot from the idle ones. False if a call has been handed to it meanwhile.
    pub(crate) fn withdraw(&self, mailbox: &Entry<Q, A>) -> bool {
        let mut book = self.lock();
        let before = book.idle.len();
        book.idle.retain(|other| !Arc::ptr_eq(other, mailbox));
        book.idle.len() < before
    }

    /// Notes a slot's trouble, or its end. When every slot is in trouble, all waiting calls are
    /// told. When one gets well, the others are woken, so that they try again at once.
    pub(crate) fn note_trouble(&self, mailbox: &Entry<Q, A>, trouble: Option<&str>) {
        let mut book = self.lock();
        let was_down = book.down().is_some();
        for slot in &mut book.slots {
            if Arc::ptr_eq(&slot.mailbox, mailbox) {
                slot.trouble = trouble.map(str::to_owned);
            }
        }
        if was_down && book.down().is_none() {
            book.recoveries += 1;
            for slot in &book.slots {
                slot.mailbox.wake();
            }
        }
        self.tell_if_down(book);
    }

    fn tell_if_down(&self, mut book: MutexGuard<'_, Book<Q, A>>) {
        let Some(cause) = book.down() else { return };
        let queue = std::mem::take(&mut book.queue);
        self.note_drained(&book);
        drop(book);
        for call in queue {
            call.finish(Err(CallError::Down(cause.clone())));
        }
    }

    /// How many slots there are.
    pub(crate) fn size(&self) -> usize {
        self.lock().slots.len()
    }

    /// Whether no more calls are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether this slot should try to start a child now: always, unless every slot is in trouble;
    /// then one of them tries for all.
    pub(crate) fn may_start(&self, mailbox: &Entry<Q, A>) -> bool {
        let book = self.lock();
        book.down().is_none()
            || book.slots.first().is_some_and(|s| Arc::ptr_eq(&s.mailbox, mailbox))
    }

    /// How often the pool has come back from having no child at all.
    pub(crate) fn recoveries(&self) -> u64 {
        self.lock().recoveries
    }

    /// Whether another slot has a child, so that this one's may be missing for a while.
    pub(crate) fn has_other(&self, mailbox: &Entry<Q, A>) -> bool {
        let book = self.lock();
        book.slots.iter().any(|s| s.trouble.is_none() && !Arc::ptr_eq(&s.mailbox, mailbox))
    }

    /// Tells the callers whose deadlines have passed in the queue. Returns when to look again, for
    /// the slot that watches (the first one); `None` for the others.
    pub(crate) fn expire(&self, mailbox: &Entry<Q, A>) -> Option<Instant> {
        let mut book = self.lock();
        if !book.slots.first().is_some_and(|slot| Arc::ptr_eq(&slot.mailbox, mailbox)) {
            return None;
        }
        let alarm = book.alarm?;
        if now() < alarm {
            return Some(alarm);
        }
        let (late, queue): (VecDeque<_>, _) =
            std::mem::take(&mut book.queue).into_iter().partition(|call| call.deadline().passed());
        book.alarm = queue.iter().filter_map(|call| call.deadline().instant()).min();
        book.queue = queue;
        let again = book.alarm;
        drop(book);
        for call in late {
            call.finish(Err(CallError::TimedOutWaiting));
        }
        again
    }

    /// Takes no more calls. The returned channel gets one message when none is left.
    pub(crate) fn close(&self) -> Receiver<()> {
        let mut book = self.lock();
        book.closed = true;
        self.note_drained(&book);
        self.drained.1.clone()
    }

    fn note_drained(&self, book: &Book<Q, A>) {
        if book.closed && book.lent == 0 && book.queue.is_empty() {
            // One message is enough; a second one finds the channel full.
            let _ = self.drained.0.try_send(());
        }
    }

    /// Ends all waiting calls, and those that come back to wait.
    pub(crate) fn abandon(&self) {
        let mut book = self.lock();
        book.abandoned = true;
        let queue = std::mem::take(&mut book.queue);
        drop(book);
        for call in queue {
            call.finish(Err(CallError::Stopping));
        }
    }

    /// Calls in the queue, and calls with a child.
    pub(crate) fn load(&self) -> (usize, usize) {
        let book = self.lock();
        (book.queue.len(), book.lent)
    }

    /// What must hold at every moment: no call waits while a slot is idle, and no slot is idle twice.
    #[cfg(all(test, shuttle))]
    pub(crate) fn check(&self) {
        let book = self.lock();
        assert!(book.queue.is_empty() || book.idle.is_empty(), "a call waits beside an idle slot");
        for (index, slot) in book.idle.iter().enumerate() {
            let twice = book.idle.iter().skip(index + 1).any(|other| Arc::ptr_eq(slot, other));
            assert!(!twice, "a slot is idle twice");
        }
    }

    /// How many slots are idle.
    #[cfg(all(test, shuttle))]
    pub(crate) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    fn lock(&self) -> MutexGuard<'_, Book<Q, A>> {
        // The book is whole between any two lines that can panic, so a poisoned lock is still good.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Book<Q, A> {
    /// The cause, if every slot is in trouble.
    fn down(&self) -> Option<String> {
        if self.slots.iter().any(|slot| slot.trouble.is_none()) {
            return None;
        }
        self.slots.first().and_then(|slot| slot.trouble.clone())
    }

    /// Sees to it that the watching slot wakes by `deadline`.
    fn watch(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if self.alarm.is_none_or(|alarm| deadline < alarm) {
            self.alarm = Some(deadline);
            if let Some(slot) = self.slots.first() {
                slot.mailbox.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostler_runtime::Deadline;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    type TestCall = Call<u32, u32>;

    fn call(request: u32) -> (TestCall, std::sync::mpsc::Receiver<Result<u32, CallError>>) {
        let (sender, receiver) = channel();
        let deadline = Deadline::after(Duration::from_secs(60));
        (
            Call::new(request, deadline, move |outcome| {
                // A test may have dropped its end.
                let _ = sender.send(outcome);
            }),
            receiver,
        )
    }

    fn with_slots(n: usize) -> (Checkout<u32, u32>, Vec<Entry<u32, u32>>) {
        let checkout = Checkout::new(2);
        let slots: Vec<_> = (0..n).map(|_| Arc::new(Mailbox::new().unwrap())).collect();
        for slot in &slots {
            checkout.enter(slot);
        }
        (checkout, slots)
    }

    #[test]
    fn calls_leave_in_the_order_of_their_arrival() {
        let (checkout, slots) = with_slots(1);
        let (first, _a) = call(1);
        let (second, _b) = call(2);
        checkout.submit(first);
        checkout.submit(second);
        assert_eq!(checkout.next(&slots[0]).map(|c| *c.request()), Some(1));
        assert_eq!(checkout.next(&slots[0]).map(|c| *c.request()), Some(2));
        assert!(checkout.next(&slots[0]).is_none());
    }

    #[test]
    fn an_idle_slot_is_handed_one_call_and_is_then_idle_no_more() {
        let (checkout, slots) = with_slots(1);
        assert!(checkout.next(&slots[0]).is_none());
        let (first, _a) = call(1);
        let (second, _b) = call(2);
        checkout.submit(first);
        checkout.submit(second);
        assert_eq!(slots[0].take().map(|c| *c.request()), Some(1));
        assert!(slots[0].take().is_none());
        assert_eq!(checkout.load(), (1, 1));
        assert!(!checkout.withdraw(&slots[0]));
    }

    #[test]
    fn a_full_queue_refuses_in_words() {
        let (checkout, _slots) = with_slots(1);
        let (calls, receivers): (Vec<_>, Vec<_>) = (0..3).map(call).unzip();
        for call in calls {
            checkout.submit(call);
        }
        assert_eq!(receivers[2].try_recv(), Ok(Err(CallError::Full { limit: 2 })));
        assert!(receivers[0].try_recv().is_err());
    }

    #[test]
    fn when_every_slot_is_in_trouble_the_waiting_are_told_at_once() {
        let (checkout, slots) = with_slots(2);
        let (first, told) = call(1);
        checkout.submit(first);
        checkout.note_trouble(&slots[1], Some("refused"));
        assert!(told.try_recv().is_err());
        checkout.note_trouble(&slots[0], Some("refused"));
        assert_eq!(told.try_recv(), Ok(Err(CallError::Down("refused".into()))));
        assert!(checkout.may_start(&slots[0]) && !checkout.may_start(&slots[1]));
        let (late, told) = call(2);
        checkout.submit(late);
        assert_eq!(told.try_recv(), Ok(Err(CallError::Down("refused".into()))));
        checkout.note_trouble(&slots[0], None);
        assert!(checkout.may_start(&slots[1]));
    }

    #[test]
    fn a_late_call_is_told_by_the_first_slot_and_an_unwanted_one_is_dropped() {
        let (checkout, slots) = with_slots(2);
        let (sender, told) = channel();
        let late: TestCall = Call::new(1, Deadline::after(Duration::ZERO), move |outcome| {
            sender.send(outcome).unwrap();
        });
        checkout.submit(late);
        assert_eq!(checkout.expire(&slots[1]), None);
        assert_eq!(checkout.expire(&slots[0]), None);
        assert_eq!(told.try_recv(), Ok(Err(CallError::TimedOutWaiting)));

        let (gone, told) = call(2);
        checkout.submit(gone.wanted_while(|| false));
        assert!(checkout.next(&slots[0]).is_none());
        assert_eq!(told.try_recv(), Ok(Err(CallError::Unwanted)));
        assert_eq!(checkout.load(), (0, 0));
    }
}
