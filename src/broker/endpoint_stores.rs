//! The stores that an endpoint takes part in.

use std::sync::Arc;

use broker_store::{BackendKind, BackendOptions, CloneOptions, StoreError, open};

use crate::Endpoint;
use crate::store::Store;
use crate::store_handle::Handle;

impl Endpoint {
    /// Attaches the master of a store, which keeps its entries as `kind` says. If this node has it
    /// already it is that one. If a peer has it, it is refused.
    ///
    /// Whatever `kind` is, a clone begins with a copy of all entries, which goes in one frame: those that
    /// together are longer than [`PeeringLimits::max_frame_bytes`](crate::PeeringLimits::max_frame_bytes),
    /// 64 MiB by default, can be read on this node only.
    pub fn attach_master(
        &self,
        name: &str,
        kind: BackendKind,
        options: &BackendOptions,
    ) -> Result<Store, StoreError> {
        let core = self.core();
        let handle = core.stores.find_or(name, || {
            let backend = open(kind, options).map_err(|error| StoreError::backend(name, &error))?;
            Handle::master(core, name, Arc::from(backend), kind == BackendKind::Memory)
        })?;
        // One of them may have come while this one was attached.
        core.stores.look_at_peers(core);
        if handle.is_master() {
            Ok(Store(handle))
        } else {
            Err(StoreError::NoMaster(name.to_owned()))
        }
    }

    /// Attaches a clone of a store, whose master is looked for from now on. If this node has a clone
    /// already it is that one.
    pub fn attach_clone(&self, name: &str, options: CloneOptions) -> Result<Store, StoreError> {
        let core = self.core();
        let handle = core.stores.find_or(name, || Handle::clone_of(core, name, options))?;
        if handle.is_master() {
            Err(StoreError::NoMaster(name.to_owned()))
        } else {
            Ok(Store(handle))
        }
    }
}
