//! What a node wants to be sent by its peers: all that somebody in it has subscribed to.

use std::collections::BTreeMap;

use crate::{Filter, Topic};

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
