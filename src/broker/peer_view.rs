//! The node as one of its connections sees it.

use std::sync::Arc;

use crate::core::Core;
use crate::node::{Claim, Node};
use crate::{EndpointId, Filter};

/// See the module.
pub(crate) struct PeerView {
    pub(crate) core: Arc<Core>,
    /// Which connection it is.
    pub(crate) number: u64,
}

impl PeerView {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::clone(core), number: core.number() }
    }
}

impl Node for PeerView {
    fn id(&self) -> EndpointId {
        self.core.id
    }

    fn filter(&self) -> Filter {
        self.core.filter()
    }

    fn claim(&self, peer: EndpointId) -> Claim {
        self.core.claims.claim(peer, self.number)
    }

    fn knows(&self, peer: EndpointId) -> bool {
        self.core.claims.is_held_by_another(peer, self.number)
    }
}
