//! A message on its way to all who want it, with its forms made once.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::peer_forms::Forms;
use crate::tag::Tags;
use crate::{EndpointId, Message, websocket_data};

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The endpoint's own user, or the endpoint itself.
    Local,
    /// Somebody of this process who is not told what he has said himself.
    Hub(u64),
    /// A peer.
    Peer(EndpointId),
    /// A WebSocket client.
    Client(u64),
}

/// See the module.
pub(crate) struct Parcel<'a> {
    /// As it came, or was made.
    pub(crate) message: &'a Message,
    pub(crate) origin: Origin,
    /// As it goes to peers.
    forms: OnceCell<Arc<Forms>>,
    /// As it goes to WebSocket clients: `None` if it has no such form.
    frame: OnceCell<Option<Arc<[u8]>>>,
    id: EndpointId,
    tags: &'a Tags,
}

impl<'a> Parcel<'a> {
    /// A message that is in the endpoint of this id, which makes these tags.
    pub(crate) fn new(
        message: &'a Message,
        origin: Origin,
        id: EndpointId,
        tags: &'a Tags,
    ) -> Self {
        Self { message, origin, forms: OnceCell::new(), frame: OnceCell::new(), id, tags }
    }

    /// The message as it goes to peers; `None` once it has gone through too many nodes.
    pub(crate) fn plain(&self) -> Option<&Message> {
        let is_as_it_goes = !matches!(self.origin, Origin::Peer(_)) && self.message.tag().is_none();
        if is_as_it_goes { Some(self.message) } else { self.forms().plain() }
    }

    /// The message as it goes to peers that understand tags.
    pub(crate) fn tagged(&self) -> Option<&Message> {
        self.forms().tagged(self.tags)
    }

    /// Its forms for peers, also for those that get it later.
    pub(crate) fn forms(&self) -> &Arc<Forms> {
        self.forms.get_or_init(|| {
            let relays = matches!(self.origin, Origin::Peer(_)).then_some(self.id);
            Arc::new(Forms::new(self.message.clone(), relays))
        })
    }

    /// The frame that goes to WebSocket clients.
    pub(crate) fn frame(&self) -> Option<&Arc<[u8]>> {
        let message = self.message;
        self.frame.get_or_init(|| websocket_data::frame(message)).as_ref()
    }
}
