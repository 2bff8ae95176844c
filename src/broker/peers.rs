//! The peers of a node: who they are, where, and how they are reached.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ostler_net::Link;
use ostler_runtime::Deadline;

use crate::PeerState;
use crate::endpoint_info::{EndpointInfo, NetworkInfo};
use crate::handshake::Role;
use crate::leaving::Leaving;
use crate::peer_outlet::PeerOutlet;
use crate::route::Route;
use crate::{EndpointId, Filter};

/// One peer, as the endpoint's user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// Who and where it is.
    pub endpoint: EndpointInfo,
    /// Which side of the connection this node is.
    pub role: Role,
    /// How far the connection is.
    pub state: PeerState,
    /// What it has subscribed to.
    pub filter: Filter,
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.endpoint.id, &self.endpoint.network) {
            (Some(id), Some(network)) => write!(f, "{id} at {network}: {}", self.state),
            (Some(id), None) => write!(f, "{id}: {}", self.state),
            (None, Some(network)) => write!(f, "{network}: {}", self.state),
            (None, None) => self.state.fmt(f),
        }
    }
}

impl PeerInfo {
    /// One that is wished for, and whether an attempt is under way.
    pub(crate) fn wished((network, is_tried): (NetworkInfo, bool)) -> Self {
        let state = if is_tried { PeerState::Connecting } else { PeerState::Disconnected };
        let endpoint = EndpointInfo { id: None, network: Some(network) };
        Self { endpoint, role: Role::Connector, state, filter: Filter::new() }
    }
}

/// One peer.
pub(crate) struct Peer {
    pub(crate) link: Link,
    pub(crate) network: NetworkInfo,
    pub(crate) role: Role,
    pub(crate) route: Arc<Route>,
    pub(crate) outlet: Arc<PeerOutlet>,
    pub(crate) leaving: Arc<Leaving>,
    /// Whether it was not told the last that is wanted.
    pub(crate) stale: Arc<AtomicBool>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Peers {
    table: Mutex<BTreeMap<EndpointId, Peer>>,
    /// How many were taken out of which it was not told yet.
    untold: AtomicUsize,
    /// WebSocket clients.
    clients: AtomicUsize,
    changed: Condvar,
}

impl Peers {
    /// Takes in the peer that `make` makes while nobody sees who is here; the way to it, if it does.
    pub(crate) fn add(
        &self,
        id: EndpointId,
        make: impl FnOnce() -> Option<Peer>,
    ) -> Option<Arc<Route>> {
        let mut table = self.lock();
        let peer = make()?;
        let route = Arc::clone(&peer.route);
        table.insert(id, peer);
        drop(table);
        self.changed.notify_all();
        Some(route)
    }

    /// Takes out the peer that this link leads to. Whoever does it tells that it has gone, and then
    /// [that it has told so](Self::told).
    pub(crate) fn remove(&self, id: EndpointId, link: &Link) -> Option<Peer> {
        let mut table = self.lock();
        table.get(&id).filter(|peer| peer.link.id() == link.id())?;
        self.untold.fetch_add(1, Ordering::AcqRel);
        let gone = table.remove(&id);
        drop(table);
        self.changed.notify_all();
        gone
    }

    /// It is told that one has gone which was taken out.
    pub(crate) fn told(&self) {
        let table = self.lock();
        self.untold.fetch_sub(1, Ordering::AcqRel);
        drop(table);
        self.changed.notify_all();
    }

    /// A WebSocket client has come.
    pub(crate) fn client_came(&self) {
        self.clients.fetch_add(1, Ordering::AcqRel);
    }

    /// One has gone, and it is told.
    pub(crate) fn client_left(&self) {
        let table = self.lock();
        self.clients.fetch_sub(1, Ordering::AcqRel);
        drop(table);
        self.changed.notify_all();
    }

    /// Waits until all have gone, clients too, and it is told; whether they have in time.
    pub(crate) fn wait_gone(&self, deadline: Deadline) -> bool {
        let none = |count: &AtomicUsize| count.load(Ordering::Acquire) == 0;
        self.wait(deadline, |peers| peers.is_empty() && none(&self.untold) && none(&self.clients))
    }

    /// Has all of them asked whether they understand tags who were not; whether there are any.
    pub(crate) fn ask_tags(&self) -> bool {
        let table = self.lock();
        for peer in table.values().filter(|peer| peer.outlet.gate.close()) {
            // Its own connection asks.
            peer.link.call();
        }
        !table.is_empty()
    }

    /// Changes a peer's entry.
    pub(crate) fn change(&self, id: EndpointId, change: impl FnOnce(&mut Peer)) {
        if let Some(peer) = self.lock().get_mut(&id) {
            change(peer);
        }
        self.changed.notify_all();
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<PeerInfo> {
        let table = self.lock();
        let info = |(id, peer): (&EndpointId, &Peer)| PeerInfo {
            endpoint: EndpointInfo { id: Some(*id), network: Some(peer.network.clone()) },
            role: peer.role,
            state: PeerState::Peered,
            filter: peer.route.filter.clone(),
        };
        table.iter().map(info).collect()
    }

    /// Whether there is one of this kind.
    pub(crate) fn any(&self, is_so: impl Fn(EndpointId, &Peer) -> bool) -> bool {
        self.lock().iter().any(|(id, peer)| is_so(*id, peer))
    }

    /// How many there are, and how many messages wait to be sent to them.
    pub(crate) fn load(&self) -> (usize, usize) {
        let table = self.lock();
        (table.len(), table.values().map(|peer| peer.link.queued().0).sum())
    }

    /// The links of those that `chosen` says yes to.
    pub(crate) fn links(
        &self,
        chosen: impl Fn(EndpointId, &NetworkInfo) -> bool,
    ) -> Vec<(EndpointId, Link, Arc<Leaving>)> {
        let table = self.lock();
        let those = table.iter().filter(|(id, peer)| chosen(**id, &peer.network));
        those.map(|(id, peer)| (*id, peer.link.clone(), Arc::clone(&peer.leaving))).collect()
    }

    /// All links, and whether they were not told the last that is wanted.
    pub(crate) fn told_links(&self) -> Vec<(EndpointId, Link, Arc<AtomicBool>)> {
        let table = self.lock();
        let link =
            |(id, peer): (&EndpointId, &Peer)| (*id, peer.link.clone(), Arc::clone(&peer.stale));
        table.iter().map(link).collect()
    }

    /// Waits until the table is as wished; whether it is.
    pub(crate) fn wait(
        &self,
        deadline: Deadline,
        holds: impl Fn(&BTreeMap<EndpointId, Peer>) -> bool,
    ) -> bool {
        let mut table = self.lock();
        loop {
            if holds(&table) {
                return true;
            }
            table = match deadline.remaining() {
                None => self.changed.wait(table).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return false,
                Some(left) => {
                    let waited = self.changed.wait_timeout(table, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EndpointId, Peer>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
