//! What tells the messages of our own nodes apart, so that each node delivers and passes on each of
//! them once, however many ways lead to it.
//!
//! The original has no such thing on its wire, and what goes to it has none. Two publishers may say
//! the same at the same moment, so nothing that is made of a message's content can stand for it: a
//! tag is made where a message enters the part of the network that is ours, and stays with it there.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::counters::Counter;

/// Bytes of a tag on the wire.
pub(crate) const TAG_BYTES: usize = 16;

/// Tags that a node keeps in mind: of messages that came before these, a copy would be taken for a
/// new one, which only the TTL stops then. Copies by a way on which everything waits that may are still
/// among them. They take 13 to 16 MiB, but not before so many have come.
pub(crate) const KEPT_TAGS: usize = 262_144;

/// A number that nobody can guess, so that nobody can have a message of others taken for a copy that
/// he has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag(pub(crate) [u8; TAG_BYTES]);

/// Makes tags, and knows the last of those that were made or came.
#[derive(Debug)]
pub(crate) struct Tags {
    /// Two keyed hashes of the same number are one of 128 bits.
    keys: [RandomState; 2],
    made: AtomicU64,
    seen: Mutex<Seen>,
    /// Messages that came once more.
    pub(crate) duplicates: Counter,
}

impl Tags {
    pub(crate) fn new() -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            made: AtomicU64::new(0),
            seen: Mutex::new(Seen::new(KEPT_TAGS)),
            duplicates: Counter::default(),
        }
    }

    /// A new one, which is known from now on.
    pub(crate) fn make(&self) -> Tag {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let [low, high] = &self.keys;
        let halves = (u128::from(high.hash_one(number)) << 64) | u128::from(low.hash_one(number));
        let tag = Tag(halves.to_be_bytes());
        self.is_first(tag);
        tag
    }

    /// Whether this one was not known until now.
    pub(crate) fn is_first(&self, tag: Tag) -> bool {
        self.seen(|seen| seen.insert(tag))
    }

    /// Whether this one is known.
    pub(crate) fn is_known(&self, tag: Tag) -> bool {
        self.seen(|seen| seen.known.contains(&tag.number()))
    }

    fn seen<T>(&self, ask: impl FnOnce(&mut Seen) -> T) -> T {
        ask(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tag {
    fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// The last tags, in their order.
#[derive(Debug)]
struct Seen {
    known: HashSet<u128, Keyed>,
    /// Where the next one goes, and the oldest leaves once all places are taken.
    ring: Vec<u128>,
    next: usize,
    capacity: usize,
}

impl Seen {
    fn new(capacity: usize) -> Self {
        Self { known: HashSet::with_hasher(Keyed::new()), ring: Vec::new(), next: 0, capacity }
    }

    /// Whether it was new, which it is not any more.
    fn insert(&mut self, tag: Tag) -> bool {
        let tag = tag.number();
        if !self.known.insert(tag) {
            return false;
        }
        if self.ring.len() < self.capacity {
            self.ring.push(tag);
        } else if let Some(place) = self.ring.get_mut(self.next) {
            self.known.remove(&std::mem::replace(place, tag));
            self.next = self.next.saturating_add(1);
            if self.next >= self.ring.len() {
                self.next = 0;
            }
        }
        true
    }
}

/// Hashes tags at the price of a multiplication. They are random if they are ours; the key keeps
/// those of others from being chosen to meet in one place.
#[derive(Clone, Debug)]
struct Keyed(u64, u64);

impl Keyed {
    fn new() -> Self {
        let state = RandomState::new();
        Self(state.hash_one(0_u8), state.hash_one(1_u8))
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0, self.1)
    }
}

struct Folded(u64, u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        let product = u128::from(self.0).wrapping_mul(u128::from(self.1));
        halves(product).0 ^ halves(product).1
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).rotate_left(8);
        }
    }

    fn write_u128(&mut self, number: u128) {
        let (high, low) = halves(number);
        self.0 ^= high;
        self.1 ^= low;
    }
}

/// The upper and the lower half.
fn halves(number: u128) -> (u64, u64) {
    let low = number & u128::from(u64::MAX);
    (u64::try_from(number >> 64).unwrap_or_default(), u64::try_from(low).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn tag(number: u128) -> Tag {
        Tag(number.to_be_bytes())
    }

    #[test]
    fn what_was_made_is_known_and_no_two_are_alike() {
        let tags = Tags::new();
        let made: HashSet<Tag> = (0..1000).map(|_| tags.make()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|tag| tags.is_known(*tag) && !tags.is_first(*tag)));
        assert!(!made.contains(&Tags::new().make()), "nobody else makes them");
    }

    #[test]
    fn nothing_is_reserved_before_there_is_something_to_keep() {
        let seen = Seen::new(KEPT_TAGS);
        assert_eq!((seen.known.capacity(), seen.ring.capacity()), (0, 0));
    }

    #[test]
    fn as_many_are_kept_as_are_said_to_be() {
        let tags = Tags::new();
        for number in 0..=KEPT_TAGS {
            assert!(tags.is_first(tag(number as u128)));
        }
        assert!(!tags.is_known(tag(0)) && tags.is_known(tag(1)));
    }

    proptest! {
        #[test]
        fn the_last_ones_are_known_and_no_others(
            capacity in 1_usize..20,
            numbers in prop::collection::vec(0_u128..40, 0..200),
        ) {
            let mut seen = Seen::new(capacity);
            let mut kept = VecDeque::new();
            for number in numbers {
                prop_assert_eq!(seen.insert(tag(number)), !kept.contains(&number));
                if !kept.contains(&number) {
                    kept.push_back(number);
                    if kept.len() > capacity {
                        kept.pop_front();
                    }
                }
                prop_assert_eq!(seen.known.len(), kept.len());
                prop_assert!(kept.iter().all(|number| seen.known.contains(number)));
            }
        }
    }
}
