//! A message on its way to all who want it, with its forms made once.

use std::cell::OnceCell;
use std::sync::Arc;

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
    /// As it goes to peers: `None` once it has gone through too many nodes.
    relayed: OnceCell<Option<Message>>,
    /// As it goes to WebSocket clients: `None` if it has no such form.
    frame: OnceCell<Option<Arc<[u8]>>>,
    id: EndpointId,
}

impl<'a> Parcel<'a> {
    /// A message that is in the endpoint of this id.
    pub(crate) fn new(message: &'a Message, origin: Origin, id: EndpointId) -> Self {
        Self { message, origin, relayed: OnceCell::new(), frame: OnceCell::new(), id }
    }

    /// The message as it goes to peers.
    pub(crate) fn relayed(&self) -> Option<&Message> {
        if !matches!(self.origin, Origin::Peer(_)) {
            return Some(self.message);
        }
        let (message, id) = (self.message, self.id);
        self.relayed.get_or_init(|| message.relayed(id)).as_ref()
    }

    /// The frame that goes to WebSocket clients.
    pub(crate) fn frame(&self) -> Option<&Arc<[u8]>> {
        let message = self.message;
        self.frame.get_or_init(|| websocket_data::frame(message)).as_ref()
    }
}
