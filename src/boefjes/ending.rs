//! How workers come to their end.
//!
//! No more tasks are taken; those that were not begun go back to the queue that they came from; those
//! that run have until the end of the drain. What is left then is failed, and the end waits for
//! nobody: not for a service, and not for a thread.

use std::time::Duration;

use ostler_net::ending::{TICK, is_hurried};
use ostler_runtime::notify::State;
use ostler_runtime::{Deadline, Notifier, Signals, Thread};

use crate::running::Running;
use crate::task_state::Event;

/// So long the scheduler may take to hear what has become of the rest.
const LAST_WORDS: Duration = Duration::from_millis(400);

/// Ends them: all jobs finished within `drain`, or cut short, as another stop signal does at once.
pub(crate) fn end(running: Running, drain: Duration, signals: &mut Signals, notifier: &Notifier) {
    log::info!("stopping");
    notifier.tell(State::Stopping);
    let Running { crew, dispatcher, workers, free, plugins, doors, over, .. } = running;
    crew.stopping.set();
    // If there is no room the dispatcher has tokens enough.
    let _ = free.try_send(());
    let ledger = &crew.settler.ledger;
    ledger.on_all(Event::Stop);
    let deadline = Deadline::after(drain);
    let has_ended = || dispatcher.as_ref().is_none_or(Thread::has_ended);
    let is_whole = loop {
        if ledger.wait_empty(Deadline::after(TICK).earlier(deadline)) && has_ended() {
            break true;
        }
        notifier.tell(State::Watchdog);
        if deadline.passed() || is_hurried(signals, Deadline::after(Duration::ZERO)) {
            break false;
        }
    };
    over.set();
    let left = ledger.on_all(Event::Abandon);
    // So that nothing goes on that counts as failed.
    crew.hosts.stop(Deadline::after(Duration::ZERO));
    if let Some(containers) = &crew.containers {
        containers.stop();
    }
    if !left.is_empty() {
        log::warn!("{} tasks were not finished", left.len());
    }
    for (task, action) in left {
        let settler = std::sync::Arc::clone(&crew.settler);
        match Thread::spawn("settle", move || settler.carry_out(&task, action)) {
            Ok(thread) => thread.detach(),
            Err(error) => log::error!("cannot start a thread: {error}"),
        }
    }
    ledger.wait_empty(Deadline::after(LAST_WORDS));
    for id in ledger.settling() {
        log::error!("task {id}: the scheduler does not know what has become of it");
    }
    doors.close(Deadline::after(if is_whole { LAST_WORDS } else { Duration::ZERO }));
    let threads = dispatcher.into_iter().chain(workers);
    if is_whole {
        threads.for_each(Thread::join);
        drop(plugins);
    } else {
        // What they wait for nobody has time for. The end of the process ends them.
        threads.for_each(Thread::detach);
        std::mem::forget((crew, plugins));
    }
    log::info!("stopped");
}
