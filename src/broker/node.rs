//! What a connection must know of the node that it belongs to.

use crate::EndpointId;
use crate::filter::Filter;

/// The node, as one of its connections sees it: each connection has a view of its own, because a
/// peer is claimed for it.
pub trait Node {
    /// What the node is called.
    fn id(&self) -> EndpointId;

    /// What peers are told that the node wants, [without](Filter::announced) what stays within it.
    fn filter(&self) -> Filter;

    /// Claims `peer` for this connection. Who was granted a peer has it until the connection ends.
    fn claim(&self, peer: EndpointId) -> Claim;

    /// Whether another connection has claimed `peer`, or was to.
    fn knows(&self, peer: EndpointId) -> bool;
}

/// What the node says to a connection that claims a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// It has the peer.
    Granted,
    /// Another connection has it and shakes hands: ask again when that is over.
    Running,
    /// Another connection has it, and is its peering.
    Taken,
    /// The node ends and takes no more peers.
    ShuttingDown,
}
