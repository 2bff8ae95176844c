//! What a node wants to be sent by its peers: all that somebody in it has subscribed to.
//!
//! Peers are told all of it at once, and take no more than so much. What WebSocket clients add to it
//! leaves room for what the program itself wants.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Filter, Topic};

/// How many topics there may be for a client to add some.
const MAX_TOPICS: usize = Filter::MAX_TOPICS / 2;
/// How many bytes they may have on the wire.
const MAX_BYTES: usize = Filter::MAX_ENCODED_BYTES / 2;
/// What a topic has on the wire beside its own bytes, at most.
const LENGTH_BYTES: usize = 5;

/// Counts for each topic how often it is wanted.
#[derive(Debug, Default)]
pub(crate) struct Attraction(BTreeMap<Topic, usize>);

impl Attraction {
    /// Somebody wants these. Whether the node's filter may be another now.
    pub(crate) fn add<'a>(&mut self, topics: impl IntoIterator<Item = &'a Topic>) -> bool {
        let mut new = false;
        for topic in topics {
            if Topic::is_internal(topic.as_bytes()) {
                continue;
            }
            let count = self.0.entry(topic.clone()).or_default();
            new |= *count == 0;
            *count = count.saturating_add(1);
        }
        new
    }

    /// Whether a client may want these too.
    pub(crate) fn has_room(&self, topics: &[Topic]) -> bool {
        let new: BTreeSet<&Topic> =
            topics.iter().filter(|topic| !self.0.contains_key(topic)).collect();
        let length = |topic: &Topic| topic.as_bytes().len().saturating_add(LENGTH_BYTES);
        let bytes = || self.0.keys().chain(new.iter().copied()).map(length).sum::<usize>();
        new.is_empty()
            || self.0.len().saturating_add(new.len()) <= MAX_TOPICS && bytes() <= MAX_BYTES
    }

    /// Who wanted these does not any more. Whether the node's filter may be another now.
    pub(crate) fn remove<'a>(&mut self, topics: impl IntoIterator<Item = &'a Topic>) -> bool {
        let mut gone = false;
        for topic in topics {
            let Some(count) = self.0.get_mut(topic) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(topic);
                gone = true;
            }
        }
        gone
    }

    /// The least specific of them.
    pub(crate) fn filter(&self) -> Filter {
        self.0.keys().collect()
    }
}
