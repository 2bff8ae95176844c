//! Which topics a node wants: the sorted, minimal list of the prefixes that it subscribed to, and those
//! by which it says that it has the masters of stores.

use std::fmt;

use thiserror::Error;

use crate::topic::Topic;
use crate::wire::{Malformed, read_bytes, read_count, write_bytes, write_count};

/// A set of topics of which none begins another. It matches each topic that begins with one of
/// them; the empty one begins all. Beside them it has the topics of masters that one of them begins:
/// they match no more than that, but say where masters are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Filter {
    topics: Vec<Box<[u8]>>,
    /// Sorted.
    masters: Vec<Box<[u8]>>,
}

/// The bytes are no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// They end too early, or do not end with the last topic.
    #[error("a malformed filter")]
    Malformed,
    /// There are more than [`MAX_TOPICS`](Filter::MAX_TOPICS) or
    /// [`MAX_ENCODED_BYTES`](Filter::MAX_ENCODED_BYTES).
    #[error(
        "a filter of more than {} topics or {} bytes",
        Filter::MAX_TOPICS,
        Filter::MAX_ENCODED_BYTES
    )]
    TooLarge,
}

impl Filter {
    /// How many topics a peer may subscribe to.
    pub const MAX_TOPICS: usize = 65_536;
    /// How long the filter of a peer may be on the wire, in bytes.
    pub const MAX_ENCODED_BYTES: usize = 1 << 20;

    /// A filter that matches nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a topic, and says whether the filter matches more than before. Those that begin with
    /// it are swallowed.
    pub fn extend(&mut self, topic: &[u8]) -> bool {
        if self.matches(topic) {
            if Topic::is_of_master(topic) && !self.names(topic) {
                self.add_master(topic.into());
            }
            return false;
        }
        // Whatever begins with the topic stands right behind its place.
        let from = self.topics.partition_point(|known| known.as_ref() < topic);
        let behind = self.topics.get(from..).unwrap_or_default();
        let swallowed = behind.partition_point(|known| known.starts_with(topic));
        let range = from..from.saturating_add(swallowed);
        let gone: Vec<_> = self.topics.splice(range, [topic.into()]).collect();
        for master in gone.into_iter().filter(|topic| Topic::is_of_master(topic)) {
            self.add_master(master);
        }
        true
    }

    fn add_master(&mut self, topic: Box<[u8]>) {
        let place = self.masters.partition_point(|known| *known < topic);
        self.masters.insert(place, topic);
    }

    /// Whether it has this very topic, which may be that of a master.
    pub fn names(&self, topic: &[u8]) -> bool {
        let find = |topics: &[Box<[u8]>]| topics.binary_search_by(|one| (**one).cmp(topic)).is_ok();
        find(&self.topics) || find(&self.masters)
    }

    /// Whether messages about `topic` are wanted.
    pub fn matches(&self, topic: &[u8]) -> bool {
        // As no topic begins another, only the last one up to `topic` can begin it.
        let up_to = self.topics.partition_point(|known| known.as_ref() <= topic);
        let last = up_to.checked_sub(1).and_then(|last| self.topics.get(last));
        last.is_some_and(|known| topic.starts_with(known))
    }

    /// What peers are told: all but the topics that stay within the node.
    #[must_use]
    pub fn announced(&self) -> Self {
        let told = |topics: &[Box<[u8]>]| {
            topics.iter().filter(|topic| !Topic::is_internal(topic)).cloned().collect()
        };
        Self { topics: told(&self.topics), masters: told(&self.masters) }
    }

    /// The topics of which none begins another, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.topics.iter().map(AsRef::as_ref)
    }

    /// How many of these there are.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Appends the form that stands in handshakes and routing updates.
    pub fn encode(&self, out: &mut Vec<u8>) {
        write_count(self.topics.len().saturating_add(self.masters.len()), out);
        for topic in self.topics.iter().chain(&self.masters) {
            write_bytes(topic, out);
        }
    }

    /// Reads all of `bytes` as a filter. One that is not sorted or minimal becomes it.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, FilterError> {
        let input = &mut bytes;
        if input.len() > Self::MAX_ENCODED_BYTES {
            return Err(FilterError::TooLarge);
        }
        let count = read_count(input)?;
        // Each topic has at least the byte of its length.
        if count > input.len() {
            return Err(FilterError::Malformed);
        }
        if count > Self::MAX_TOPICS {
            return Err(FilterError::TooLarge);
        }
        let mut topics = Vec::with_capacity(count);
        for _ in 0..count {
            topics.push(read_bytes(input)?);
        }
        if input.is_empty() {
            Ok(topics.into_iter().collect())
        } else {
            Err(FilterError::Malformed)
        }
    }
}

impl From<Malformed> for FilterError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for Filter {
    fn from_iter<I: IntoIterator<Item = T>>(topics: I) -> Self {
        let mut all: Vec<Box<[u8]>> =
            topics.into_iter().map(|topic| topic.as_ref().into()).collect();
        all.sort_unstable();
        all.dedup();
        let mut filter = Self::new();
        for topic in all {
            // Sorted, each topic stands right behind the one that begins it.
            if !filter.topics.last().is_some_and(|before| topic.starts_with(before)) {
                filter.topics.push(topic);
            } else if Topic::is_of_master(&topic) {
                filter.masters.push(topic);
            }
        }
        filter
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.topics.iter().chain(&self.masters);
        let shown = all.map(|topic| topic.escape_ascii().to_string());
        f.debug_set().entries(shown).finish()
    }
}

#[cfg(test)]
#[path = "filter_cases.rs"]
mod cases;
