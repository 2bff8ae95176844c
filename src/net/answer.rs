//! An answer and how much of it is written. Pure, without I/O.
//!
//! A body is shared with whoever else holds it (a cache, another client's answer) and never
//! copied: it goes from its own memory to the socket, in one call with its head.

use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;

/// Longest head in bytes that needs no memory of its own: a status of two letters and a length of
/// eight bytes.
const INLINE_BYTES: usize = 10;

/// The bytes that go before a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head(Bytes);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bytes {
    Inline { bytes: [u8; INLINE_BYTES], length: u8 },
    Owned(Box<[u8]>),
}

impl Head {
    /// A head of `N` bytes, without an allocation; more than ten do not compile.
    pub fn new<const N: usize>(head: [u8; N]) -> Self {
        const { assert!(N <= INLINE_BYTES) };
        let mut bytes = [0; INLINE_BYTES];
        for (to, from) in bytes.iter_mut().zip(head) {
            *to = from;
        }
        // The assertion above leaves nothing to cut off.
        Self(Bytes::Inline { bytes, length: u8::try_from(N).unwrap_or_default() })
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline { bytes, length } => {
                bytes.get(..usize::from(*length)).unwrap_or_default()
            }
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl Default for Head {
    fn default() -> Self {
        Self::new([])
    }
}

impl From<Vec<u8>> for Head {
    /// A head of any length; it does not count as an answer that waits to be read.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Owned(bytes.into_boxed_slice()))
    }
}

/// The bytes that go behind a head.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// Bytes of the program itself.
    Static(&'static [u8]),
    /// A part of bytes that others may hold too. A range beyond them counts as empty.
    Shared(Arc<Vec<u8>>, Range<usize>),
}

impl Body {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Static(bytes) => bytes,
            Self::Shared(bytes, range) => bytes.get(range.clone()).unwrap_or_default(),
        }
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Static(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Arc::new(bytes))
    }
}

impl From<Arc<Vec<u8>>> for Body {
    fn from(bytes: Arc<Vec<u8>>) -> Self {
        let range = 0..bytes.len();
        Self::Shared(bytes, range)
    }
}

/// What a service says to one request; neither part means anything to this crate.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What goes first.
    pub head: Head,
    /// What follows it.
    pub body: Body,
}

/// An answer on its way out.
#[derive(Debug)]
pub(crate) struct Outbox {
    answer: Answer,
    written: usize,
}

impl Outbox {
    /// Nothing of `answer` is written yet.
    pub(crate) fn new(answer: Answer) -> Self {
        Self { answer, written: 0 }
    }

    /// `count` more bytes are written.
    pub(crate) fn advance(&mut self, count: usize) {
        self.written = self.written.saturating_add(count);
    }

    /// What is left: of the head, and of the body.
    pub(crate) fn rest(&self) -> [IoSlice<'_>; 2] {
        let (head, body) = (self.answer.head.as_bytes(), self.answer.body.as_bytes());
        let into_body = self.written.saturating_sub(head.len());
        [
            IoSlice::new(head.get(self.written..).unwrap_or_default()),
            IoSlice::new(body.get(into_body..).unwrap_or_default()),
        ]
    }

    /// How many bytes it holds: all of its body, until the last of them is written.
    pub(crate) fn held(&self) -> usize {
        self.answer.body.as_bytes().len()
    }

    /// Whether nothing is left.
    pub(crate) fn is_written(&self) -> bool {
        self.rest().iter().all(|part| part.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(outbox: &Outbox) -> Vec<u8> {
        outbox.rest().iter().flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn what_is_left_follows_every_number_of_bytes_written() {
        let shared = Arc::new(b"..body..".to_vec());
        let heads = [Head::new(*b"OK12345678"), Head::from(b"a longer head".to_vec())];
        let bodies = [Body::Empty, Body::Static(b"static"), Body::Shared(shared, 2..6)];
        for (head, body) in
            heads.iter().flat_map(|head| bodies.iter().map(move |body| (head, body)))
        {
            let whole = [head.as_bytes(), body.as_bytes()].concat();
            for first in 0..=whole.len() {
                for second in 0..=whole.len() - first {
                    let (head, body) = (head.clone(), body.clone());
                    let mut outbox = Outbox::new(Answer { head, body });
                    outbox.advance(first);
                    outbox.advance(second);
                    assert_eq!(rest(&outbox), whole[first + second..]);
                    assert_eq!(outbox.is_written(), first + second == whole.len());
                }
            }
        }
    }

    #[test]
    fn a_head_may_be_short_and_an_answer_empty() {
        assert_eq!(Head::new(*b"KO").as_bytes(), b"KO");
        assert_eq!(Head::new([]).as_bytes(), b"");
        assert!(Outbox::new(Answer::default()).is_written());
    }

    #[test]
    fn a_range_beyond_the_bytes_is_empty() {
        assert_eq!(Body::Shared(Arc::new(vec![1, 2]), 1..9).as_bytes(), b"");
        assert_eq!(Body::from(vec![1, 2]).as_bytes(), [1, 2]);
    }
}
