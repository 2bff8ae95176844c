//! The forms in which a message goes to peers: made once each, where somebody gets it so, and shared
//! by all.

use std::sync::OnceLock;

use crate::tag::{Tag, Tags};
use crate::{EndpointId, Message};

/// See the module.
#[derive(Debug)]
pub(crate) struct Forms {
    message: Message,
    /// The node that passes it on, if it came from a peer.
    relays: Option<EndpointId>,
    plain: OnceLock<Option<Message>>,
    tagged: OnceLock<Option<Message>>,
}

impl Forms {
    /// Those of a message, which `relays` passes on if it is another node's.
    pub(crate) fn new(message: Message, relays: Option<EndpointId>) -> Self {
        let (plain, tagged) = (OnceLock::new(), OnceLock::new());
        Self { message, relays, plain, tagged }
    }

    /// Bytes of the message as it came.
    pub(crate) fn bytes(&self) -> usize {
        self.message.frame().len()
    }

    /// Whether it has gone through so many nodes that it goes no further.
    pub(crate) fn is_expired(&self) -> bool {
        self.relays.is_some() && self.message.ttl() <= 1
    }

    /// Without a tag; `None` if it goes no further.
    pub(crate) fn plain(&self) -> Option<&Message> {
        self.plain.get_or_init(|| self.made(None)).as_ref()
    }

    /// With the tag that it came with, or a new one; without, if it takes none.
    pub(crate) fn tagged(&self, tags: &Tags) -> Option<&Message> {
        if !self.message.takes_tag() {
            return self.plain();
        }
        let tag = || self.message.tag().unwrap_or_else(|| tags.make());
        self.tagged.get_or_init(|| self.made(Some(tag()))).as_ref()
    }

    fn made(&self, tag: Option<Tag>) -> Option<Message> {
        match self.relays {
            Some(id) => self.message.relayed_as(id, tag),
            None => self.message.tagged_as(tag),
        }
    }
}
