//! The stores of a node, by their names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use broker_store::StoreStatistics;
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::peers::Peer;
use crate::store_handle::Handle;
use crate::{EndpointId, Topic};

/// The number of the first object that is a store's: in the original, the first seven are others.
const FIRST_OBJECT: u64 = 8;

/// See the module.
#[derive(Default)]
pub(crate) struct Stores {
    table: Mutex<BTreeMap<String, Weak<Handle>>>,
    /// Held while one is attached, which may take the time that a file takes to be opened.
    attaching: Mutex<()>,
    objects: AtomicU64,
}

impl Stores {
    /// The store of this name, if it is attached.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Handle>> {
        self.table().get(name).and_then(Weak::upgrade)
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
        table.retain(|_, other| other.strong_count() > 0);
        table.insert(name.to_owned(), Arc::downgrade(&handle));
        Ok(handle)
    }

    /// A number that no other object has.
    pub(crate) fn object(&self) -> u64 {
        FIRST_OBJECT.saturating_add(self.objects.fetch_add(1, Ordering::Relaxed))
    }

    /// A peer has come, or wants something else than before.
    pub(crate) fn peer_wants(&self, core: &Core, id: EndpointId) {
        for handle in self.all() {
            let topic = handle.master_topic();
            let has_it = core.peers.any(|one, peer| one == id && has(peer, topic));
            let wants_it = core
                .peers
                .any(|one, peer| one == id && peer.route.filter.matches(topic.as_bytes()));
            handle.peer_has_master(id, has_it, wants_it);
        }
    }

    /// A peer has gone.
    pub(crate) fn peer_gone(&self, id: EndpointId) {
        for handle in self.all() {
            handle.peer_gone(id);
        }
    }

    /// Ends all of them.
    pub(crate) fn end(&self, deadline: Deadline) {
        for handle in self.all() {
            handle.end(deadline);
        }
    }

    /// How they do.
    pub(crate) fn statistics(&self) -> Vec<(String, StoreStatistics)> {
        let all = self.all().into_iter();
        all.map(|handle| (handle.host.name.clone(), handle.host.lock().role.statistics())).collect()
    }

    fn all(&self) -> Vec<Arc<Handle>> {
        self.table().values().filter_map(Weak::upgrade).collect()
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Weak<Handle>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a peer says that it has the master whose topic this is. One that wants all topics that begin
/// so may only pass its messages on.
pub(crate) fn has(peer: &Peer, topic: &Topic) -> bool {
    peer.route.filter.iter().any(|one| one == topic.as_bytes())
}
