//! The first thread of a store, for what takes time to pass; and what becomes of a thread that panics.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use ostler_runtime::{Deadline, threads};

use crate::store_host::{Host, State};

/// How long a thread of a store that has panicked lets others go first.
const PAUSE: Duration = Duration::from_millis(100);

/// Does what a thread of a store does, until it has come to its end: from its beginning if it panics.
pub(crate) fn again(host: &Host, roused: &Receiver<()>, work: impl Fn(&Host, &Receiver<()>)) {
    while threads::caught("a store's thread", || work(host, roused)).is_none() {
        host.core.counters.panics.count();
        host.lock().dozes = false;
        // It looks at everything anyway.
        let _ = roused.recv_timeout(PAUSE);
    }
}

/// Does what comes in and lets time pass, until the store has ended.
pub(crate) fn run(host: &Host, roused: &Receiver<()>) {
    let time = host.core.options.stores.channel.tick;
    let mut tick = Deadline::after(time);
    loop {
        while host.heed() {}
        host.say();
        let mut state = host.lock();
        if state.has_ended {
            drop(state);
            end(host);
            return;
        }
        let is_due = state.role.needs_ticks() || host.requests.are_open();
        if host.inbox.len() > 0 && !(is_due && tick.passed()) {
            host.work_off(state);
        } else if state.role.is_paused() && !tick.passed() && goes_on(host, &mut state) {
            state.role.set_listeners(host.has_listeners());
            state.role.go_on(host.core.clock.now());
            host.finish(state);
        } else if !is_due {
            doze(host, state, roused, time);
            tick = Deadline::after(time);
        } else if tick.passed() {
            tick = Deadline::after(time);
            // A master that is refused is silent: its clones look for the other one.
            if !host.is_refused(&state) {
                state.role.set_listeners(host.has_listeners());
                state.role.tick(host.core.clock.now());
            }
            host.forget_early(&mut state);
            host.finish(state);
            host.requests.expire(&host.name);
        } else {
            drop(state);
            let left = tick.remaining().unwrap_or(time);
            if roused.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }
}

/// Whether more of what writers want is done now: those who hear of it are not behind.
fn goes_on(host: &Host, state: &mut State) -> bool {
    host.hold(state);
    state.held.is_none() && !state.is_ending
}

/// Has everything said that an ended store has yet to say.
fn end(host: &Host) {
    host.is_over.store(true, Ordering::Release);
    // Who hands over now may leave some of it, and nobody does later.
    host.outbox.wait_quiet(Deadline::after(host.core.options.end_wait));
    host.say();
}

/// Waits while nothing happens by itself but that keys expire.
fn doze(host: &Host, mut state: MutexGuard<'_, State>, roused: &Receiver<()>, time: Duration) {
    let next = if host.is_refused(&state) { None } else { state.role.next_expiry() };
    let now = host.core.clock.now();
    if next.is_some_and(|next| next < now) {
        state.role.set_listeners(host.has_listeners());
        state.role.expire(now);
        let is_stuck = state.role.next_expiry() == next;
        host.finish(state);
        if is_stuck {
            // Its storage takes nothing now.
            let _ = roused.recv_timeout(time);
        }
        return;
    }
    state.dozes = true;
    state.wakes_at = next;
    drop(state);
    // Its sender lives as long as the host.
    let left = next.map_or(i64::MAX, |next| next.nanos().saturating_sub(now.nanos()));
    let left = u64::try_from(left).unwrap_or(0).saturating_add(1);
    let _ = roused.recv_timeout(Duration::from_nanos(left));
    host.lock().dozes = false;
}
