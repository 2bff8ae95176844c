//! A bounded queue between those who deliver and those who read, who may wait, poll a descriptor, or
//! come now and then.
//!
//! # What is promised
//!
//! - It never holds more than its limits in items and bytes, but for one item of each thread that
//!   delivers at the same moment, for one item that alone is longer than the limit, and for what a
//!   reader puts back.
//! - The descriptor is readable exactly while items wait, or once the queue is closed.
//! - Whoever found it full is told when half of it is free, or when it is closed.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use ostler_runtime::{Deadline, Wake};

/// How much may wait in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Items; default 4096.
    pub items: usize,
    /// Bytes of all items; default 64 MiB.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { items: 4096, bytes: 64 << 20 }
    }
}

/// See the module. An item says how many bytes it holds when it is put in.
pub(crate) struct Queue<T> {
    limits: QueueLimits,
    state: Mutex<State<T>>,
    /// Whether it was filled to its limits and is not half empty again; asked without the lock.
    full: AtomicBool,
    filled: Condvar,
    emptied: Condvar,
    wake: OnceLock<Wake>,
    dropped: AtomicU64,
}

struct State<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    readers: usize,
    closed: bool,
    /// Called once when there is room.
    waiters: Vec<Box<dyn FnOnce() + Send>>,
}

impl<T> Queue<T> {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            readers: 0,
            closed: false,
            waiters: Vec::new(),
        };
        Self {
            limits,
            state: Mutex::new(state),
            full: AtomicBool::new(false),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            wake: OnceLock::new(),
            dropped: AtomicU64::new(0),
        }
    }

    /// Whether it was filled to its limits and half of them is not free again.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Puts an item in, whether there is room or not; nothing once it is closed.
    pub(crate) fn put(&self, item: T, bytes: usize) {
        self.put_locked(self.lock(), item, bytes);
    }

    /// Puts an item in if there is room for it, else drops it: how many are dropped.
    pub(crate) fn put_or_drop(&self, item: T, bytes: usize) -> u64 {
        let state = self.lock();
        if self.is_beyond(&state) {
            return self.count_drops(1);
        }
        self.put_locked(state, item, bytes);
        0
    }

    /// Puts an item in if there is room for it, else nothing comes in any more: how many are
    /// dropped.
    pub(crate) fn put_or_close(&self, item: T, bytes: usize) -> u64 {
        let state = self.lock();
        if state.closed {
            return 0;
        }
        if self.is_beyond(&state) {
            drop(state);
            let dropped = self.count_drops(1);
            self.close();
            return dropped;
        }
        self.put_locked(state, item, bytes);
        0
    }

    /// Puts an item in and drops those that have waited longest, as many as are beyond the limits:
    /// how many.
    pub(crate) fn push_out(&self, item: T, bytes: usize) -> u64 {
        let mut gone = Vec::new();
        let mut state = self.lock();
        while self.is_beyond(&state)
            && let Some((old, length)) = state.items.pop_front()
        {
            state.bytes = state.bytes.saturating_sub(length);
            gone.push(old);
        }
        let dropped = self.count_drops(gone.len());
        self.put_locked(state, item, bytes);
        dropped
    }

    fn put_locked(&self, mut state: MutexGuard<'_, State<T>>, item: T, bytes: usize) {
        if state.closed {
            return;
        }
        let was_empty = state.items.is_empty();
        state.items.push_back((item, bytes));
        state.bytes = state.bytes.saturating_add(bytes);
        if self.is_beyond(&state) {
            self.full.store(true, Ordering::Release);
        }
        let waits = state.readers > 0;
        if was_empty && let Some(wake) = self.wake.get() {
            wake.wake();
        }
        drop(state);
        if waits {
            // One that only waits for something to be there takes nothing.
            self.filled.notify_all();
        }
    }

    fn count_drops(&self, count: usize) -> u64 {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.dropped.fetch_add(count, Ordering::Relaxed);
        count
    }

    /// How many items were dropped for want of room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Has `waiter` called once there is room; `false` if there is already, or the queue is closed.
    pub(crate) fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        let mut state = self.lock();
        if state.closed || !self.is_full() {
            return false;
        }
        state.waiters.push(waiter);
        true
    }

    /// Waits until there is room. `false` if there is none in time.
    pub(crate) fn wait_room(&self, deadline: Deadline) -> bool {
        let mut state = self.lock();
        while !state.closed && self.is_full() {
            match wait(&self.emptied, state, deadline) {
                Some(guard) => state = guard,
                None => return false,
            }
        }
        true
    }

    /// Waits until an item waits or the queue is closed; `None` if neither is so in time.
    fn filled(&self, deadline: Deadline) -> Option<MutexGuard<'_, State<T>>> {
        let mut state = self.lock();
        while state.items.is_empty() && !state.closed {
            if deadline.passed() {
                return None;
            }
            state.readers = state.readers.saturating_add(1);
            let waited = wait(&self.filled, state, deadline);
            state = waited.unwrap_or_else(|| self.lock());
            state.readers = state.readers.saturating_sub(1);
        }
        Some(state)
    }

    /// Whether an item waits or the queue is closed, for which it waits up to the deadline.
    pub(crate) fn wait_filled(&self, deadline: Deadline) -> bool {
        self.filled(deadline).is_some()
    }

    /// Moves up to `most` items into `taken`, once there is one; how many. Zero when the deadline
    /// has passed or the queue is closed and empty.
    pub(crate) fn take(&self, most: usize, deadline: Deadline, taken: &mut VecDeque<T>) -> usize {
        let Some(mut state) = self.filled(deadline) else { return 0 };
        let count = most.min(state.items.len());
        let mut bytes = 0_usize;
        taken.extend(state.items.drain(..count).map(|(item, length)| {
            bytes = bytes.saturating_add(length);
            item
        }));
        state.bytes = state.bytes.saturating_sub(bytes);
        if state.items.is_empty()
            && !state.closed
            && let Some(wake) = self.wake.get()
        {
            wake.clear();
        }
        let waiters = self.made_room(&mut state);
        drop(state);
        for waiter in waiters {
            waiter();
        }
        count
    }

    /// Puts items that were taken in front of those that wait.
    pub(crate) fn put_back(&self, items: impl DoubleEndedIterator<Item = (T, usize)>) {
        let mut state = self.lock();
        for (item, bytes) in items.rev() {
            state.bytes = state.bytes.saturating_add(bytes);
            state.items.push_front((item, bytes));
        }
        if state.items.is_empty() {
            return;
        }
        if let Some(wake) = self.wake.get() {
            wake.wake();
        }
        self.filled.notify_all();
    }

    /// How many items wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Whether it is closed and empty.
    pub(crate) fn has_ended(&self) -> bool {
        let state = self.lock();
        state.closed && state.items.is_empty()
    }

    /// Nothing more comes in; what waits may still be taken.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.full.store(false, Ordering::Release);
        if let Some(wake) = self.wake.get() {
            wake.wake();
        }
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        self.filled.notify_all();
        self.emptied.notify_all();
        for waiter in waiters {
            waiter();
        }
    }

    /// Nothing more comes in, and what waits is dropped.
    pub(crate) fn end(&self) {
        let waiting = {
            let mut state = self.lock();
            state.bytes = 0;
            std::mem::take(&mut state.items)
        };
        self.close();
        drop(waiting);
    }

    /// The descriptor that is readable while items wait.
    pub(crate) fn descriptor(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        if self.wake.get().is_none() {
            let wake = Wake::new()?;
            let state = self.lock();
            if state.closed || !state.items.is_empty() {
                wake.wake();
            }
            // Somebody else's is as good. Whoever puts items in has the lock and sees it.
            let _ = self.wake.set(wake);
        }
        self.wake.get().map(AsFd::as_fd).ok_or(rustix::io::Errno::BADF)
    }

    /// Whoever waits for room, if half of it is free.
    fn made_room(&self, state: &mut State<T>) -> Vec<Box<dyn FnOnce() + Send>> {
        let half = |now: usize, limit: usize| now <= limit / 2;
        if !half(state.items.len(), self.limits.items) || !half(state.bytes, self.limits.bytes) {
            return Vec::new();
        }
        self.full.store(false, Ordering::Release);
        self.emptied.notify_all();
        std::mem::take(&mut state.waiters)
    }

    fn is_beyond(&self, state: &State<T>) -> bool {
        state.items.len() >= self.limits.items || state.bytes >= self.limits.bytes
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a notice; `None` once the deadline has passed.
fn wait<'a, S>(
    condvar: &Condvar,
    guard: MutexGuard<'a, S>,
    deadline: Deadline,
) -> Option<MutexGuard<'a, S>> {
    let Some(left) = deadline.remaining() else {
        return Some(condvar.wait(guard).unwrap_or_else(PoisonError::into_inner));
    };
    if left.is_zero() {
        return None;
    }
    Some(condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0)
}

#[cfg(test)]
#[path = "queue_cases.rs"]
mod cases;
