//! The stores of a node, by their names.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use broker_store::StoreError;
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::peers::Peer;
use crate::store_handle::Handle;
use crate::store_health::StoreFigures;
use crate::store_hint::{Hint, PeerHint};
use crate::store_host::Host;
use crate::{EndpointId, Topic};

/// How long a store waits for one of its name that ends.
const END_WAIT: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Default)]
pub(crate) struct Stores {
    table: Mutex<BTreeMap<String, Entry>>,
    /// Held while one is attached, which may take the time that a file takes to be opened.
    attaching: Mutex<()>,
    /// One has ended.
    ended: Condvar,
    objects: AtomicU64,
}

/// One store. What is told to it goes to the host: whoever has the last handle ends the store, which
/// takes its time.
struct Entry {
    handle: Weak<Handle>,
    host: Weak<Host>,
    /// Whether its storage is closed.
    has_ended: bool,
}

impl Entry {
    /// Whether nobody can use it any more, but it has not ended yet.
    fn ends(&self) -> bool {
        self.handle.strong_count() == 0 && !self.has_ended
    }
}

/// Says that a store has ended when it is dropped: the last of what the store's host has.
pub(crate) struct Ending {
    core: Arc<Core>,
    name: String,
}

impl Ending {
    pub(crate) fn new(core: &Arc<Core>, name: &str) -> Self {
        Self { core: Arc::clone(core), name: name.to_owned() }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.core.stores.has_ended(&self.name);
    }
}

impl Stores {
    /// The store of this name, if it is attached.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Handle>> {
        self.table().get(name).and_then(|entry| entry.handle.upgrade())
    }

    /// The store of this name, which `make` attaches if it is not. One that ends is waited for: nobody
    /// opens what it has until it is closed.
    pub(crate) fn find_or(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Handle, StoreError>,
    ) -> Result<Arc<Handle>, StoreError> {
        if let Some(handle) = self.find(name) {
            return Ok(handle);
        }
        // Not even for this do others wait.
        self.wait_ended(name)?;
        let _attaching = self.attaching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = self.find(name) {
            return Ok(handle);
        }
        self.wait_ended(name)?;
        let handle = Arc::new(make()?);
        let mut table = self.table();
        table.retain(|_, other| other.handle.strong_count() > 0 || other.ends());
        let (weak, host) = (Arc::downgrade(&handle), Arc::downgrade(&handle.host));
        table.insert(name.to_owned(), Entry { handle: weak, host, has_ended: false });
        Ok(handle)
    }

    /// Numbers are counted from this one.
    pub(crate) fn count_from(&self, first: Option<u64>) {
        // As many as there may ever be behind it have room.
        let random = || (RandomState::new().hash_one(0_u8) >> 32) << 16;
        self.objects.store(first.unwrap_or_else(random).max(1), Ordering::Relaxed);
    }

    /// A number that no other object has.
    pub(crate) fn object(&self) -> u64 {
        self.objects.fetch_add(1, Ordering::Relaxed)
    }

    /// A store has ended, and nothing is left of it.
    fn has_ended(&self, name: &str) {
        if let Some(entry) = self.table().get_mut(name) {
            // One that could not be attached has never been here.
            entry.has_ended = entry.host.strong_count() == 0;
        }
        self.ended.notify_all();
    }

    /// Waits for one of this name that ends.
    fn wait_ended(&self, name: &str) -> Result<(), StoreError> {
        let ends = |table: &mut BTreeMap<String, Entry>| table.get(name).is_some_and(Entry::ends);
        let waited = self.ended.wait_timeout_while(self.table(), END_WAIT, ends);
        let (_table, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() { Err(StoreError::Ends(name.to_owned())) } else { Ok(()) }
    }

    /// Tells stores of all peers.
    pub(crate) fn look_at_peers(&self, core: &Core) {
        for peer in core.peers.all() {
            if let Some(id) = peer.endpoint.id {
                self.peer_wants(core, id);
            }
        }
    }

    /// A peer has come, or wants something else than before.
    pub(crate) fn peer_wants(&self, core: &Core, id: EndpointId) {
        for host in self.hosts() {
            let topic = host.master_topic();
            let is_so =
                |so: &dyn Fn(&Peer) -> bool| core.peers.any(|one, peer| one == id && so(peer));
            host.hear(|| {
                let has_master = is_so(&|peer| has(peer, topic));
                let wants_all = is_so(&|peer| peer.route.filter.matches(topic.as_bytes()));
                Hint::Peer(PeerHint { peer: id, is_gone: false, has_master, wants_all })
            });
        }
    }

    /// A peer has gone.
    pub(crate) fn peer_gone(&self, id: EndpointId) {
        let gone = PeerHint { peer: id, is_gone: true, has_master: false, wants_all: false };
        for host in self.hosts() {
            host.hear(|| Hint::Peer(gone));
        }
    }

    /// Ends all of them.
    pub(crate) fn end(&self, deadline: Deadline) {
        let all: Vec<_> =
            self.table().values().filter_map(|entry| entry.handle.upgrade()).collect();
        for handle in &all {
            handle.close(deadline);
        }
        // Those whose storage is slow end side by side.
        for handle in &all {
            handle.join();
        }
    }

    /// How they are.
    pub(crate) fn figures(&self) -> Vec<StoreFigures> {
        self.hosts().iter().map(|host| host.figures()).collect()
    }

    fn hosts(&self) -> Vec<Arc<Host>> {
        self.table().values().filter_map(|entry| entry.host.upgrade()).collect()
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a peer says that it has the master whose topic this is. One that wants all topics that begin
/// so may only pass its messages on.
pub(crate) fn has(peer: &Peer, topic: &Topic) -> bool {
    peer.route.filter.names(topic.as_bytes())
}
