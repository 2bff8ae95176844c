//! The stores of a node, by their names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use broker_store::StoreStatistics;
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::peers::Peer;
use crate::store_handle::Handle;
use crate::store_hint::Hint;
use crate::store_host::Host;
use crate::{EndpointId, Topic};

/// The number of the first object that is a store's: in the original, the first seven are others.
const FIRST_OBJECT: u64 = 8;

/// See the module.
#[derive(Default)]
pub(crate) struct Stores {
    table: Mutex<BTreeMap<String, Entry>>,
    /// Held while one is attached, which may take the time that a file takes to be opened.
    attaching: Mutex<()>,
    objects: AtomicU64,
}

/// One store. What is told to it goes to the host: whoever has the last handle ends the store, which
/// takes its time.
struct Entry {
    handle: Weak<Handle>,
    host: Weak<Host>,
}

impl Stores {
    /// The store of this name, if it is attached.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Handle>> {
        self.table().get(name).and_then(|entry| entry.handle.upgrade())
    }

    /// The store of this name, which `make` attaches if it is not.
    pub(crate) fn find_or<E>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Handle, E>,
    ) -> Result<Arc<Handle>, E> {
        let _attaching = self.attaching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = self.find(name) {
            return Ok(handle);
        }
        let handle = Arc::new(make()?);
        let mut table = self.table();
        table.retain(|_, other| other.handle.strong_count() > 0);
        let entry = Entry { handle: Arc::downgrade(&handle), host: Arc::downgrade(&handle.host) };
        table.insert(name.to_owned(), entry);
        Ok(handle)
    }

    /// A number that no other object has.
    pub(crate) fn object(&self) -> u64 {
        FIRST_OBJECT.saturating_add(self.objects.fetch_add(1, Ordering::Relaxed))
    }

    /// A peer has come, or wants something else than before.
    pub(crate) fn peer_wants(&self, core: &Core, id: EndpointId) {
        for host in self.hosts() {
            let topic = host.master_topic();
            let is_so =
                |so: &dyn Fn(&Peer) -> bool| core.peers.any(|one, peer| one == id && so(peer));
            let has_master = is_so(&|peer| has(peer, topic));
            let wants_all = is_so(&|peer| peer.route.filter.matches(topic.as_bytes()));
            host.hear(Hint { peer: id, is_gone: false, has_master, wants_all });
        }
    }

    /// A peer has gone.
    pub(crate) fn peer_gone(&self, id: EndpointId) {
        for host in self.hosts() {
            host.hear(Hint { peer: id, is_gone: true, has_master: false, wants_all: false });
        }
    }

    /// Ends all of them.
    pub(crate) fn end(&self, deadline: Deadline) {
        let all: Vec<_> =
            self.table().values().filter_map(|entry| entry.handle.upgrade()).collect();
        for handle in all {
            handle.end(deadline);
        }
    }

    /// How they do.
    pub(crate) fn statistics(&self) -> Vec<(String, StoreStatistics)> {
        let all = self.hosts().into_iter();
        all.map(|host| (host.name.clone(), host.lock().role.statistics())).collect()
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
    peer.route.filter.iter().any(|one| one == topic.as_bytes())
}
