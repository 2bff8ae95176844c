//! Which connection of a node has which peer: exactly one has, however many are tried at once from
//! either side.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::EndpointId;
use crate::PeerState;
use crate::node::Claim;

/// The peers that are taken, for all connections of a node.
#[derive(Debug, Default)]
pub struct Claims(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    by_peer: BTreeMap<EndpointId, Holder>,
    is_closed: bool,
}

/// Who has a peer.
#[derive(Clone, Copy, Debug)]
struct Holder {
    connection: u64,
    state: PeerState,
}

impl Claims {
    /// Nobody has a peer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes `peer` for a connection that shakes hands with it.
    pub fn claim(&self, peer: EndpointId, connection: u64) -> Claim {
        let mut taken = self.taken();
        if taken.is_closed {
            return Claim::ShuttingDown;
        }
        let holder = Holder { connection, state: PeerState::Connecting };
        match taken.by_peer.entry(peer).or_insert(holder) {
            known if known.connection == connection => Claim::Granted,
            known if known.state == PeerState::Peered => Claim::Taken,
            _ => Claim::Running,
        }
    }

    /// Notes that a connection has become the peering with its peer.
    pub fn peered(&self, peer: EndpointId, connection: u64) {
        if let Some(holder) = self.taken().by_peer.get_mut(&peer) {
            if holder.connection == connection {
                holder.state = PeerState::Peered;
            }
        }
    }

    /// Gives up the peer that a connection has: which one.
    pub fn release(&self, connection: u64) -> Option<EndpointId> {
        let mut taken = self.taken();
        let mut held = taken.by_peer.iter().filter(|(_, holder)| holder.connection == connection);
        let peer = held.next().map(|(peer, _)| *peer)?;
        taken.by_peer.remove(&peer);
        Some(peer)
    }

    /// Gives nobody a peer any more.
    pub fn close(&self) {
        self.taken().is_closed = true;
    }

    /// Whether another connection than this one has `peer`.
    pub fn is_held_by_another(&self, peer: EndpointId, connection: u64) -> bool {
        self.taken().by_peer.get(&peer).is_some_and(|holder| holder.connection != connection)
    }

    /// How far the connection to a peer is, if there is one.
    pub fn state(&self, peer: EndpointId) -> Option<PeerState> {
        self.taken().by_peer.get(&peer).map(|holder| holder.state)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: EndpointId = EndpointId([1; 16]);
    const OTHER: EndpointId = EndpointId([2; 16]);

    #[test]
    fn one_connection_has_a_peer_until_it_ends() {
        let claims = Claims::new();
        assert_eq!(
            (claims.claim(PEER, 1), claims.claim(PEER, 1)),
            (Claim::Granted, Claim::Granted)
        );
        assert_eq!(claims.claim(PEER, 2), Claim::Running);
        assert_eq!(claims.claim(OTHER, 2), Claim::Granted);
        assert_eq!(claims.state(PEER), Some(PeerState::Connecting));
        claims.peered(PEER, 2);
        assert_eq!(claims.claim(PEER, 2), Claim::Running, "it is not its own");
        claims.peered(PEER, 1);
        assert_eq!(
            (claims.claim(PEER, 2), claims.state(PEER)),
            (Claim::Taken, Some(PeerState::Peered))
        );
        assert!(claims.is_held_by_another(PEER, 2) && !claims.is_held_by_another(PEER, 1));
        assert_eq!((claims.release(1), claims.release(1)), (Some(PEER), None));
        assert_eq!((claims.state(PEER), claims.claim(PEER, 2)), (None, Claim::Granted));
    }

    #[test]
    fn a_node_that_ends_gives_nobody_a_peer() {
        let claims = Claims::new();
        assert_eq!(claims.claim(PEER, 1), Claim::Granted);
        claims.close();
        assert_eq!(
            (claims.claim(PEER, 1), claims.claim(OTHER, 2)),
            (Claim::ShuttingDown, Claim::ShuttingDown)
        );
    }
}
