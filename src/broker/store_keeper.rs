//! How a master's changes get into a storage that takes its time: together, as many as wait, and one
//! batch after the other.
//!
//! Whoever has the turn hands them over. That is the store's second thread, but for who waits for the
//! answer anyway: if nobody has the turn, it does so itself, which saves two changes of threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker_store::{Backend, BackendError, Change};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ostler_runtime::{Deadline, threads};

use crate::store_host::Host;
use crate::store_role::Role;

/// See the module.
pub(crate) struct Keeper {
    backend: Arc<dyn Backend>,
    rouse: Sender<()>,
    /// Whether somebody has the turn.
    is_taken: AtomicBool,
    /// Whether the storage has not taken what it was told last.
    has_failed: AtomicBool,
}

/// Who sees to it that a change is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// The store's thread, which is roused.
    Roused,
    /// Who makes the change, behind it.
    Here,
}

/// The right to hand changes over, until it is dropped.
struct Turn<'a> {
    host: &'a Host,
    keeper: &'a Keeper,
}

/// What has come of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// It is kept.
    Done,
    /// There was none.
    Nothing { has_ended: bool },
    /// It waits again.
    Failed { left: u64, has_ended: bool },
}

impl Keeper {
    pub(crate) fn new(backend: Arc<dyn Backend>, rouse: Sender<()>) -> Self {
        let (is_taken, has_failed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { backend, rouse, is_taken, has_failed }
    }

    /// Has the store's thread look what there is to hand over.
    pub(crate) fn rouse(&self) {
        // If it is told already, once is enough.
        let _ = self.rouse.try_send(());
    }

    /// The same for a change that has just been made: who has the turn looks once more behind it.
    pub(crate) fn has_more(&self) {
        if !self.is_taken.load(Ordering::Acquire) {
            self.rouse();
        }
    }

    /// Tells the storage of changes. If that panics it has failed.
    fn apply(&self, host: &Host, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        let applied = threads::caught("a storage", || self.backend.apply(changes));
        applied.unwrap_or_else(|| {
            host.core.counters.panics.count();
            let (what, source) = ("cannot write".to_owned(), "the storage panicked".into());
            Err(BackendError { what, source })
        })
    }

    fn turn<'a>(&'a self, host: &'a Host) -> Option<Turn<'a>> {
        let is_mine = !self.is_taken.swap(true, Ordering::AcqRel);
        is_mine.then(|| Turn { host, keeper: self })
    }
}

impl Turn<'_> {
    /// Hands over what waits, up to a limit.
    fn batch(&self) -> Kept {
        let (host, keeper) = (self.host, self.keeper);
        let (mut changes, has_ended) = {
            let mut state = host.lock();
            let has_ended = state.has_ended;
            let Role::Master(master) = &mut state.role else { return Kept::Nothing { has_ended } };
            (master.take_changes(host.core.options.stores.batch), has_ended)
        };
        if changes.is_empty() {
            return Kept::Nothing { has_ended };
        }
        let count = changes.len();
        let applied = keeper.apply(host, &mut changes);
        let listens = host.has_listeners();
        let mut state = host.lock();
        let Role::Master(master) = &mut state.role else { return Kept::Nothing { has_ended } };
        master.set_listeners(listens);
        match applied {
            Ok(()) => {
                master.applied(count, host.core.clock.now());
                host.finish(state);
                if keeper.has_failed.swap(false, Ordering::Relaxed) {
                    log::info!("store {}: its storage takes changes again", host.name);
                }
                Kept::Done
            }
            Err(error) => {
                master.failed(changes, &error);
                let left = master.unkept();
                host.finish(state);
                if !keeper.has_failed.swap(true, Ordering::Relaxed) {
                    host.storage_failed(&error.with_cause());
                }
                Kept::Failed { left, has_ended }
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.keeper.is_taken.store(false, Ordering::Release);
        // Who has made a change meanwhile has roused nobody; nor is the end seen while this is taken.
        let state = self.host.lock();
        if state.role.has_changes() || state.has_ended {
            self.keeper.rouse();
        }
    }
}

impl Host {
    /// Tells writers what has been kept behind the end, so that they do not write it to the next master.
    fn acknowledge(&self) {
        let mut state = self.lock();
        if let Role::Master(master) = &mut state.role {
            master.acknowledge();
        }
        self.finish(state);
    }

    /// Hands changes over in this thread until `is_done`, unless another one does.
    pub(crate) fn keep_here(&self, is_done: impl Fn() -> bool) {
        let Some(turn) = self.keeper.as_ref().and_then(|keeper| keeper.turn(self)) else { return };
        while !is_done() && turn.batch() == Kept::Done {}
    }
}

/// Hands changes over until the store has ended and all are done, or cannot be.
pub(crate) fn keep(host: &Host, roused: &Receiver<()>) {
    let Some(keeper) = &host.keeper else { return };
    loop {
        if keeper.has_failed.load(Ordering::Relaxed) {
            wait(roused, host.core.options.stores.storage_retry);
        }
        let Some(turn) = keeper.turn(host) else {
            // Who has it says so if there is more to do behind it.
            if roused.recv().is_err() {
                return;
            }
            continue;
        };
        let kept = turn.batch();
        drop(turn);
        match kept {
            Kept::Done | Kept::Failed { has_ended: false, .. } => {}
            Kept::Nothing { has_ended: true } => {
                host.acknowledge();
                return;
            }
            Kept::Nothing { has_ended: false } => {
                if roused.recv().is_err() {
                    return;
                }
            }
            Kept::Failed { left, has_ended: true } => {
                host.acknowledge();
                log::error!("store {}: its last {left} changes are lost", host.name);
                return;
            }
        }
    }
}

/// Waits so long; others who rouse it meanwhile want what it would do anyway.
fn wait(roused: &Receiver<()>, time: Duration) {
    let deadline = Deadline::after(time);
    while let Some(left) = deadline.remaining().filter(|left| !left.is_zero()) {
        if roused.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

#[cfg(test)]
#[path = "store_keeper_cases.rs"]
mod cases;
