//! What a store says, on its way out: in its order, and without the store's lock, so that who hears it
//! may use the store.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use broker_store::Output;
use ostler_runtime::{Deadline, threads};

/// As many outputs that wait are enough: who writes waits for them.
const MAX_WAITING: usize = 1024;
/// Outputs that one thread hands over, also those of others, before it goes on with what is its own.
const TURN: usize = 256;

/// See the module.
#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// There is room, or nobody hands over any more.
    freed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Output>,
    /// Who hands over what waits.
    busy: Option<ThreadId>,
    /// How many wait for room, or for the end.
    waits: usize,
}

impl Outbox {
    /// Takes what is to be said. To be called in the order in which it is, as under the store's lock.
    pub(crate) fn put(&self, output: Output) {
        self.lock().waiting.push_back(output);
    }

    /// Hands over what waits, unless another thread does, or this one farther up. Whether nothing is left
    /// that nobody hands over.
    pub(crate) fn drain(&self, mut hand_over: impl FnMut(Output)) -> bool {
        let mut state = self.lock();
        if state.busy.is_some() || state.waiting.is_empty() {
            return true;
        }
        state.busy = Some(thread::current().id());
        for _ in 0..TURN {
            let Some(output) = state.waiting.pop_front() else { break };
            let frees = state.waits > 0 && state.waiting.len() <= MAX_WAITING / 2;
            drop(state);
            if frees {
                self.freed.notify_all();
            }
            // What panics has lost one output, not the store.
            threads::caught("what a store says", || hand_over(output));
            state = self.lock();
        }
        state.busy = None;
        let (is_done, waits) = (state.waiting.is_empty(), state.waits > 0);
        drop(state);
        if waits {
            self.freed.notify_all();
        }
        is_done
    }

    /// Waits until there is room for one more; whether there is. Who hands over farther up would wait for
    /// itself, and does not.
    pub(crate) fn wait_room(&self, deadline: Deadline) -> bool {
        let state = self.lock();
        if state.waiting.len() < MAX_WAITING || state.busy == Some(thread::current().id()) {
            return true;
        }
        self.wait(state, deadline, |state| state.waiting.len() <= MAX_WAITING / 2)
    }

    /// Waits until nobody hands over; whether that came about.
    pub(crate) fn wait_quiet(&self, deadline: Deadline) -> bool {
        self.wait(self.lock(), deadline, |state| state.busy.is_none())
    }

    fn wait(
        &self,
        mut state: MutexGuard<'_, State>,
        deadline: Deadline,
        is_so: impl Fn(&State) -> bool,
    ) -> bool {
        state.waits = state.waits.saturating_add(1);
        while !is_so(&state) {
            let left = deadline.remaining();
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = match left {
                None => self.freed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let waited = self.freed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state.waits = state.waits.saturating_sub(1);
        is_so(&state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn output(number: u64) -> Output {
        Output { answers: vec![(number, Ok(number.into()))], ..Output::default() }
    }

    #[test]
    fn one_thread_hands_over_so_much_in_its_order_and_leaves_the_rest() {
        let outbox = Outbox::default();
        let most = TURN as u64;
        for number in 0..=most {
            outbox.put(output(number));
        }
        let mut heard = Vec::new();
        let mut hear = |output: Output| heard.push(output.answers[0].0);
        assert!(!outbox.drain(&mut hear));
        assert!(outbox.drain(&mut hear));
        assert_eq!(heard, (0..=most).collect::<Vec<_>>());
    }

    #[test]
    fn who_hands_over_does_not_wait_for_itself_and_others_wait_for_it() {
        let outbox = Outbox::default();
        for number in 0..MAX_WAITING as u64 {
            outbox.put(output(number));
        }
        assert!(!outbox.wait_room(Deadline::after(Duration::ZERO)));
        let (begun, has_begun) = mpsc::channel();
        let outbox = &outbox;
        thread::scope(|scope| {
            let other = scope.spawn(move || {
                has_begun.recv().unwrap();
                outbox.wait_room(Deadline::after(Duration::from_secs(60)))
            });
            let mut told = Some(begun);
            loop {
                let is_done = outbox.drain(|_| {
                    outbox.put(output(0));
                    // Not even if it is told again farther up.
                    assert!(outbox.drain(|_| unreachable!()));
                    assert!(outbox.wait_room(Deadline::after(Duration::ZERO)));
                    outbox.lock().waiting.pop_back();
                    told.take().into_iter().for_each(|begun| begun.send(()).unwrap());
                });
                if is_done {
                    break;
                }
            }
            assert!(other.join().unwrap());
        });
        assert!(outbox.wait_quiet(Deadline::after(Duration::ZERO)));
    }

    #[test]
    fn what_panics_is_lost_and_nothing_else() {
        let outbox = Outbox::default();
        outbox.put(output(0));
        outbox.put(output(1));
        let mut heard = Vec::new();
        assert!(outbox.drain(|output| {
            let number = output.answers[0].0;
            assert_ne!(number, 0);
            heard.push(number);
        }));
        assert_eq!(heard, [1]);
    }
}
