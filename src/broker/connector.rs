//! The peers that shall be connected to, and the thread that keeps trying. Names are resolved on
//! threads of their own, for which nobody waits: a resolver may take as long as it likes.
//!
//! ```text
//! Due ──time──▶ Trying ──hands shaken──▶ Peered
//!  ▲              │                        │
//!  └── retry ─────┴────────── lost ────────┘      without a retry it is forgotten instead
//! ```

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use ostler_net::Links;
use ostler_runtime::now;

use crate::core::Core;
use crate::endpoint_info::NetworkInfo;
use crate::peer_link::PeerLink;
use crate::resolver::{self, Resolve};
use crate::status::Error;
use crate::{Ec, EndpointId};

/// How long the resolver may take for a name before the attempt has failed.
const RESOLVE_WAIT: Duration = Duration::from_secs(10);

/// Names that are being resolved at the same time, at most; others wait for a second.
const MAX_RESOLVING: usize = 32;

/// Told once how a wish has come out first.
pub(crate) type Outcome = Sender<Result<EndpointId, Error>>;

/// The peers that shall be connected to.
#[derive(Default)]
pub(crate) struct Wishes {
    state: Mutex<State>,
    changed: Condvar,
    /// How many names are being resolved.
    pub(crate) resolving: AtomicUsize,
}

#[derive(Default)]
struct State {
    wishes: Vec<Wish>,
    next: u64,
    is_over: bool,
}

struct Wish {
    key: u64,
    network: NetworkInfo,
    phase: Phase,
    /// Addresses of its name that were not tried in this round.
    addresses: VecDeque<SocketAddr>,
    /// Those who wait to learn what comes of it.
    outcomes: Vec<Outcome>,
}

/// What a wish had come to when it was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// It had not come true.
    Wish,
    /// This was the peer.
    Peer(EndpointId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Due(Instant),
    /// Its name is being resolved, until this moment.
    Resolving(Instant),
    Trying,
    Peered(EndpointId),
}

/// What the thread does next.
enum Job {
    Resolve(u64, NetworkInfo),
    Connect(u64, NetworkInfo, SocketAddr),
    /// The resolver takes too long.
    GiveUp(u64, NetworkInfo),
    End,
}

impl Wishes {
    /// Wishes for a peer. A second wish for the same place only changes when to try again.
    pub(crate) fn add(&self, network: NetworkInfo, outcome: Option<Outcome>) {
        let mut state = self.lock();
        let same = |wish: &&mut Wish| is_same(&wish.network, &network);
        if let Some(wish) = state.wishes.iter_mut().find(same) {
            wish.network.retry_seconds = network.retry_seconds;
            match wish.phase {
                Phase::Peered(id) => tell(outcome.into_iter().collect(), &Ok(id)),
                // Whoever asked first learns it from the same attempt.
                Phase::Due(_) => {
                    wish.outcomes.extend(outcome);
                    wish.phase = Phase::Due(now());
                }
                Phase::Resolving(_) | Phase::Trying => wish.outcomes.extend(outcome),
            }
            drop(state);
            self.changed.notify_all();
            return;
        }
        state.next = state.next.saturating_add(1);
        let key = state.next;
        let (phase, addresses) = (Phase::Due(now()), VecDeque::new());
        let outcomes = outcome.into_iter().collect();
        state.wishes.push(Wish { key, network, phase, addresses, outcomes });
        drop(state);
        self.changed.notify_all();
    }

    /// Wishes for it no more: what somebody did.
    pub(crate) fn remove(&self, network: &NetworkInfo) -> Option<Removed> {
        self.remove_one(|wish| is_same(&wish.network, network))
    }

    /// The same with the one that this peer came of.
    pub(crate) fn remove_peered(&self, id: EndpointId) -> Option<Removed> {
        self.remove_one(|wish| wish.phase == Phase::Peered(id))
    }

    fn remove_one(&self, is_meant: impl FnMut(&Wish) -> bool) -> Option<Removed> {
        let mut state = self.lock();
        let place = state.wishes.iter().position(is_meant)?;
        let wish = state.wishes.swap_remove(place);
        drop(state);
        tell(wish.outcomes, &Err(Ec::PeerInvalid.into()));
        Some(match wish.phase {
            Phase::Peered(id) => Removed::Peer(id),
            Phase::Due(_) | Phase::Resolving(_) | Phase::Trying => Removed::Wish,
        })
    }

    /// Whether a wish still stands.
    pub(crate) fn holds(&self, key: u64) -> bool {
        self.lock().wishes.iter().any(|wish| wish.key == key)
    }

    /// A wish has come true.
    pub(crate) fn came_true(&self, key: u64, id: EndpointId) {
        let mut state = self.lock();
        if let Some(wish) = state.wishes.iter_mut().find(|wish| wish.key == key) {
            wish.phase = Phase::Peered(id);
            // Another time its name is asked for anew.
            wish.addresses.clear();
            tell(std::mem::take(&mut wish.outcomes), &Ok(id));
        }
    }

    /// An attempt has failed: what is to be told of it, unless another address is tried first.
    pub(crate) fn failed(&self, key: u64, error: Error) -> Option<Error> {
        let mut state = self.lock();
        let place = state.wishes.iter().position(|wish| wish.key == key)?;
        let wish = state.wishes.get_mut(place)?;
        if !wish.addresses.is_empty() {
            wish.phase = Phase::Due(now());
            drop(state);
            self.changed.notify_all();
            return None;
        }
        let outcomes = if let Some(next) = retry(&wish.network) {
            wish.phase = Phase::Due(next);
            Vec::new()
        } else {
            state.wishes.swap_remove(place).outcomes
        };
        drop(state);
        self.changed.notify_all();
        tell(outcomes, &Err(error.clone()));
        Some(error)
    }

    /// A peer has gone. It is tried again if somebody wishes for it.
    pub(crate) fn lost(&self, id: EndpointId) {
        let mut state = self.lock();
        state.wishes.retain_mut(|wish| {
            if wish.phase != Phase::Peered(id) {
                return true;
            }
            let next = retry(&wish.network);
            wish.phase = next.map_or(Phase::Trying, Phase::Due);
            next.is_some()
        });
        drop(state);
        self.changed.notify_all();
    }

    /// All that are no peers now, and whether an attempt is under way.
    pub(crate) fn open(&self) -> Vec<(NetworkInfo, bool)> {
        let state = self.lock();
        let open = state.wishes.iter().filter(|wish| !matches!(wish.phase, Phase::Peered(_)));
        let is_tried = |wish: &Wish| matches!(wish.phase, Phase::Resolving(_) | Phase::Trying);
        open.map(|wish| (wish.network.clone(), is_tried(wish))).collect()
    }

    /// Ends the thread.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        let wishes = std::mem::take(&mut state.wishes);
        drop(state);
        self.changed.notify_all();
        for wish in wishes {
            tell(wish.outcomes, &Err(Ec::ShuttingDown.into()));
        }
    }

    /// The thread's work, until [`end`](Self::end).
    pub(crate) fn run(&self, core: &Arc<Core>, links: &Links, resolve: Resolve) {
        loop {
            match self.next() {
                Job::End => return,
                Job::Resolve(key, network) => resolver::start(core, key, network, resolve),
                Job::GiveUp(key, network) => {
                    log::warn!("peer {network}: the name is not resolved within {RESOLVE_WAIT:?}");
                    core.unreachable(key, network);
                }
                Job::Connect(key, network, address) => {
                    let tls = core.client();
                    let wait = core.options.connect_wait;
                    let link = PeerLink::towards(core, key, network.clone());
                    if let Err(error) = links.connect(address, wait, tls.as_ref(), Box::new(link)) {
                        log::warn!("peer {network} at {address}: {error}");
                        core.unreachable(key, network);
                    }
                }
            }
        }
    }

    /// A resolver has found something. Whether somebody still waits for it.
    pub(crate) fn resolved(&self, key: u64, addresses: Vec<SocketAddr>) -> bool {
        let mut state = self.lock();
        let waits = |wish: &&mut Wish| wish.key == key && matches!(wish.phase, Phase::Resolving(_));
        let Some(wish) = state.wishes.iter_mut().find(waits) else { return false };
        if !addresses.is_empty() {
            wish.addresses = addresses.into();
            wish.phase = Phase::Due(now());
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Waits for the next thing to do.
    fn next(&self) -> Job {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return Job::End;
            }
            let time = now();
            let due = |wish: &Wish| match wish.phase {
                Phase::Due(at) | Phase::Resolving(at) => Some(at.saturating_duration_since(time)),
                Phase::Trying | Phase::Peered(_) => None,
            };
            let Some(wait) = state.wishes.iter().filter_map(due).min() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if !wait.is_zero() {
                let waited = self.changed.wait_timeout(state, wait);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let is_due = |wish: &&mut Wish| due(wish) == Some(Duration::ZERO);
            let Some(wish) = state.wishes.iter_mut().find(is_due) else { continue };
            let (key, network) = (wish.key, wish.network.clone());
            if matches!(wish.phase, Phase::Resolving(_)) {
                return Job::GiveUp(key, network);
            }
            if wish.addresses.is_empty() {
                let is_possible = self.resolving.load(Ordering::Acquire) < MAX_RESOLVING;
                let wait = if is_possible { RESOLVE_WAIT } else { Duration::from_secs(1) };
                let until = time.checked_add(wait).unwrap_or(time);
                if is_possible {
                    wish.phase = Phase::Resolving(until);
                    return Job::Resolve(key, network);
                }
                wish.phase = Phase::Due(until);
                continue;
            }
            wish.phase = Phase::Trying;
            if let Some(address) = wish.addresses.pop_front() {
                return Job::Connect(key, network, address);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// An attempt to connect has failed.
    pub(crate) fn unreachable(&self, key: u64, network: NetworkInfo) {
        self.attempt_failed(key, Error::peer_unavailable(network));
    }

    /// The same, with the reason.
    pub(crate) fn attempt_failed(&self, key: u64, error: Error) {
        if let Some(error) = self.wishes.failed(key, error) {
            self.error(error);
        }
    }
}

fn is_same(one: &NetworkInfo, other: &NetworkInfo) -> bool {
    one.address == other.address && one.port == other.port
}

/// When to try again.
fn retry(network: &NetworkInfo) -> Option<Instant> {
    let seconds = network.retry_seconds;
    (seconds > 0).then(|| now().checked_add(Duration::from_secs(seconds))).flatten()
}

fn tell(outcomes: Vec<Outcome>, what: &Result<EndpointId, Error>) {
    for outcome in outcomes {
        // Whoever asked may have gone.
        let _ = outcome.try_send(what.clone());
    }
}

#[cfg(test)]
#[path = "connector_cases.rs"]
mod cases;
