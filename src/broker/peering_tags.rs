//! How two nodes find out that both understand tags, by pings that say more than others.
//!
//! The original answers any ping with what is in it. One of ours answers this question with
//! something else, and so both know: who has asked understands tags, or would not ask. Nobody sends
//! tags to anybody of whom that is not known.

use crate::tag::TAG_BYTES;

/// The payload of the ping that asks.
pub(crate) const QUESTION: &[u8] = b"broker-node: tags?";
/// The payload of the pong that says yes.
const YES: &[u8] = b"broker-node: tags";

/// What was said of tags on one connection.
#[derive(Debug, Default)]
pub(crate) struct TagTalk {
    /// Whether this side has asked, and not been answered.
    is_open: bool,
    /// Whether the other side has asked, or said yes.
    understands: bool,
}

impl TagTalk {
    /// What to ask, if it is not known.
    pub(crate) fn ask(&mut self) -> Option<&'static [u8]> {
        self.is_open = !self.understands;
        self.is_open.then_some(QUESTION)
    }

    /// The answer to a ping that asks.
    pub(crate) fn answer(&mut self, ping: &[u8]) -> Option<&'static [u8]> {
        let asks = ping == QUESTION;
        self.understands |= asks;
        asks.then_some(YES)
    }

    /// Whether the other side understands tags, if this pong says so.
    pub(crate) fn answered(&mut self, pong: &[u8]) -> Option<bool> {
        if !self.is_open || (pong != YES && pong != QUESTION) {
            return None;
        }
        self.is_open = false;
        self.understands |= pong == YES;
        Some(self.understands)
    }

    /// Whether the other side may send tags: it was asked, or has asked.
    pub(crate) fn is_held(&self) -> bool {
        self.is_open || self.understands
    }

    /// How much longer than others its frames may be.
    pub(crate) fn tag_bytes(&self) -> usize {
        if self.is_held() { TAG_BYTES } else { 0 }
    }
}
