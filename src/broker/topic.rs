//! What a message is about: bytes, with `/` between their parts by convention. Who subscribes to a
//! topic has those that begin with it as well.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// A topic of at most [`MAX_BYTES`](Topic::MAX_BYTES), cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<[u8]>);

/// A topic does not fit into a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a topic of {0} bytes, of which a message holds at most {most}", most = Topic::MAX_BYTES)]
pub struct TopicTooLong(pub usize);

/// Parts a topic from the next.
const SEPARATOR: u8 = b'/';

impl Topic {
    /// The longest topic that a message holds: its length has two bytes.
    pub const MAX_BYTES: usize = u16::MAX as usize;
    /// Begins the topics that are the protocol's own.
    pub const RESERVED: &'static [u8] = b"<$>";
    /// Begins the topics that never leave a node.
    pub const LOCAL: &'static [u8] = b"<$>/local/";

    /// Ends the topic of a store's master, behind the store's name.
    pub(crate) const MASTER: &'static [u8] = b"<$>/data/master";
    /// Ends the topic of all clones of a store.
    pub(crate) const CLONE: &'static [u8] = b"<$>/data/clone";

    /// The topic with these bytes.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, TopicTooLong> {
        let bytes = bytes.as_ref();
        if bytes.len() > Self::MAX_BYTES {
            return Err(TopicTooLong(bytes.len()));
        }
        Ok(Self(bytes.into()))
    }

    /// This topic with `below` behind it and one separator between them; one that ends the result
    /// is dropped.
    pub fn join(&self, below: impl AsRef<[u8]>) -> Result<Self, TopicTooLong> {
        let (above, below) = (self.as_bytes(), below.as_ref());
        let mut joined = above.strip_suffix(&[SEPARATOR]).unwrap_or(above).to_vec();
        let rest = below.strip_prefix(&[SEPARATOR]);
        if !above.is_empty() && !below.is_empty() || rest.is_some() {
            joined.push(SEPARATOR);
        }
        joined.extend_from_slice(rest.unwrap_or(below));
        if joined.last() == Some(&SEPARATOR) {
            joined.pop();
        }
        Self::new(joined)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether messages about `topic` stay within the node.
    pub fn is_internal(topic: &[u8]) -> bool {
        topic.starts_with(Self::LOCAL)
    }

    /// Whether whoever wants this very topic says that it has the master of a store.
    pub(crate) fn is_of_master(topic: &[u8]) -> bool {
        topic.ends_with(Self::MASTER)
    }

    /// Whether this is what a master or clones of a store are told about.
    pub(crate) fn is_of_store(topic: &[u8]) -> bool {
        Self::is_of_master(topic) || topic.ends_with(Self::CLONE)
    }
}

impl AsRef<[u8]> for Topic {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&str> for Topic {
    type Error = TopicTooLong;

    fn try_from(text: &str) -> Result<Self, TopicTooLong> {
        Self::new(text)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(f)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_joined_by_one_separator() {
        for (above, below, joined) in [
            ("a", "b", "a/b"),
            ("a/", "b", "a/b"),
            ("a", "/b", "a/b"),
            ("a/", "/b", "a/b"),
            ("a", "b/", "a/b"),
            ("a", "", "a"),
            ("a/", "", "a"),
            ("", "b", "b"),
            ("", "/b", "/b"),
            ("", "", ""),
            ("zeek/event", "my/event", "zeek/event/my/event"),
        ] {
            let topic = Topic::new(above).unwrap().join(below).unwrap();
            assert_eq!(topic, Topic::new(joined).unwrap(), "{above} and {below}");
        }
    }

    #[test]
    fn a_topic_that_no_message_holds_is_refused() {
        let longest = vec![b'x'; Topic::MAX_BYTES];
        let topic = Topic::new(&longest).unwrap();
        assert_eq!(topic.as_bytes(), longest);
        assert_eq!(topic.join("y"), Err(TopicTooLong(65_537)));
        assert_eq!(
            Topic::new(vec![b'x'; 65_536]).unwrap_err().to_string(),
            "a topic of 65536 bytes, of which a message holds at most 65535"
        );
    }

    #[test]
    fn local_topics_stay_and_reserved_ones_need_not() {
        assert!(Topic::is_internal(b"<$>/local/data/statuses"));
        assert!(!Topic::is_internal(b"store/<$>/data/master"));
        assert!(!Topic::is_internal(b"<$>"));
    }

    #[test]
    fn the_bytes_need_not_be_text() {
        let topic = Topic::new(b"a\xff\n").unwrap();
        assert_eq!(
            (topic.to_string().as_str(), format!("{topic:?}").as_str()),
            ("a\u{fffd}\n", r#""a\xff\n""#)
        );
    }
}
