//! The peers that an endpoint has at one time.

use std::ffi::{c_char, c_int};

use broker::PeerInfo;

use crate::bytes::lend;
use crate::fault::{Fault, answered, found, freed};
use crate::given::{Place, given, put};
use crate::identifier::Identifier;

/// `ostler_broker_peers`.
pub(crate) struct Peers(pub(crate) Vec<PeerInfo>);

impl Peers {
    fn at(&self, index: usize) -> Result<&PeerInfo, Fault> {
        let beyond = || Fault::invalid(format!("no peer has the index {index}"));
        self.0.get(index).ok_or_else(beyond)
    }
}

/// How many there are.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peers_size(peers: Option<&Peers>) -> usize {
    found(0, || Ok(given(peers, "the peers")?.0.len()))
}

/// What one is called.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peers_id(
    peers: Option<&Peers>,
    index: usize,
    id: Place<'_, Identifier>,
) -> c_int {
    answered(|| {
        let peer = given(peers, "the peers")?.at(index)?;
        put(id, peer.endpoint.id.unwrap_or_default().into())
    })
}

/// Where it is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peers_address(
    peers: Option<&Peers>,
    index: usize,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
    port: Place<'_, u16>,
) -> c_int {
    answered(|| {
        let network = given(peers, "the peers")?.at(index)?.endpoint.network.as_ref();
        put(port, network.map_or(0, |network| network.port))?;
        lend(network.map_or("", |network| &network.address).as_bytes(), bytes, length)
    })
}

/// How far the connection is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peers_state(
    peers: Option<&Peers>,
    index: usize,
    state: Place<'_, c_int>,
) -> c_int {
    answered(|| put(state, given(peers, "the peers")?.at(index)?.state.number().into()))
}

/// Frees the list.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_peers_free(peers: Option<&mut Option<Box<Peers>>>) {
    freed(peers);
}
