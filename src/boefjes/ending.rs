//! How workers come to their end.
//!
//! No more tasks are taken; those that were not begun go back to the queue that they came from; those
//! that run have until the end of the drain. What is left then is failed, and the end waits for
//! nobody: not for a service, and not for a thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ostler_net::ending::{TICK, is_hurried};
use ostler_runtime::notify::State;
use ostler_runtime::{Deadline, Notifier, Signals, Thread};

use crate::running::Running;
use crate::task_state::Event;

/// So long the scheduler may take to hear what has become of the rest.
const LAST_WORDS: Duration = Duration::from_millis(900);
/// So many threads tell it, at most: others may have left more tasks than there are workers.
const TELLERS: usize = 64;
/// So long somebody who asks for tasks may take to hear that there are none. What is handed out to
/// him later is lost.
const LAST_POP: Duration = Duration::from_secs(1);
/// So long containers may take to be answered when all is done.
const LAST_ANSWERS: Duration = Duration::from_millis(400);

/// Ends them: all jobs finished within `drain`, or cut short, as another stop signal does at once.
pub(crate) fn end(running: Running, drain: Duration, signals: &mut Signals, notifier: &Notifier) {
    let Running { crew, dispatcher, workers, free, plugins, doors, over, .. } = running;
    crew.stopping.set();
    log::info!("stopping");
    notifier.tell(State::Stopping);
    // If there is no room the dispatcher has tokens enough.
    let _ = free.try_send(());
    let ledger = &crew.settler.ledger;
    ledger.on_all(Event::Stop);
    // All of it, the last words too, has its end within the drain.
    let deadline = Deadline::after(drain.saturating_sub(LAST_WORDS));
    let last_pop = Deadline::after(LAST_POP);
    let has_ended = || dispatcher.as_ref().is_none_or(Thread::has_ended);
    let is_whole = loop {
        if ledger.len() == 0 && (has_ended() || last_pop.passed()) {
            break has_ended();
        }
        notifier.tell(State::Watchdog);
        let tick = Deadline::after(TICK).earlier(deadline);
        if deadline.passed() || is_hurried(signals, tick) {
            break false;
        }
    };
    over.set();
    let last_words = Deadline::after(LAST_WORDS);
    let left = ledger.on_all(Event::Abandon);
    if !left.is_empty() {
        log::warn!("{} tasks were not finished", left.len());
    }
    let tellers = left.len().min(TELLERS);
    let left = Arc::new(Mutex::new(left));
    for _ in 0..tellers {
        let (settler, left) = (Arc::clone(&crew.settler), Arc::clone(&left));
        let next = move || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let tell = move || {
            while let Some((id, task, action)) = next() {
                settler.carry_out(id, task.as_deref(), action);
            }
        };
        match Thread::spawn("settle", tell) {
            Ok(thread) => thread.detach(),
            Err(error) => log::error!("cannot start a thread: {error}"),
        }
    }
    // So that nothing goes on that counts as failed.
    crew.hosts.stop(Deadline::after(Duration::ZERO));
    if let Some(containers) = &crew.containers {
        containers.stop();
    }
    // Workers save why their jobs have come to nothing.
    let is_over = || last_words.passed() || (ledger.len() == 0 && crew.state.is_idle());
    while !is_over() {
        notifier.tell(State::Watchdog);
        if is_hurried(signals, Deadline::after(TICK).earlier(last_words)) {
            break;
        }
    }
    for id in ledger.ids() {
        log::error!("task {id}: the scheduler does not know what has become of it");
    }
    doors.close(Deadline::after(if is_whole { LAST_ANSWERS } else { Duration::ZERO }));
    let threads = dispatcher.into_iter().chain(workers);
    if is_whole {
        threads.for_each(Thread::join);
        // A farewell to whoever was told of all that.
        let _ = crew.settler.events.set(None);
        drop(plugins);
    } else {
        // What they wait for nobody has time for. The end of the process ends them.
        threads.for_each(Thread::detach);
        std::mem::forget((crew, plugins));
    }
    log::info!("stopped");
}
