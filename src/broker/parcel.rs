//! A message on its way to all who want it, with its forms made once.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::tag::{Tag, Tags};
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
    plain: OnceCell<Option<Message>>,
    /// The same to those that understand tags.
    tagged: OnceCell<Option<Message>>,
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
        let (plain, tagged, frame) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { message, origin, plain, tagged, frame, id, tags }
    }

    /// The message as it goes to peers.
    pub(crate) fn plain(&self) -> Option<&Message> {
        self.plain.get_or_init(|| self.form(None)).as_ref()
    }

    /// The message as it goes to peers that understand tags: it keeps the one that it came with, or
    /// has a new one.
    pub(crate) fn tagged(&self) -> Option<&Message> {
        if !self.message.takes_tag() {
            return self.plain();
        }
        let tag = || self.message.tag().unwrap_or_else(|| self.tags.make());
        self.tagged.get_or_init(|| self.form(Some(tag()))).as_ref()
    }

    fn form(&self, tag: Option<Tag>) -> Option<Message> {
        match self.origin {
            Origin::Peer(_) => self.message.relayed_as(self.id, tag),
            _ => self.message.tagged_as(tag),
        }
    }

    /// The frame that goes to WebSocket clients.
    pub(crate) fn frame(&self) -> Option<&Arc<[u8]>> {
        let message = self.message;
        self.frame.get_or_init(|| websocket_data::frame(message)).as_ref()
    }
}
