//! How much is held of requests that are not answered: of one, and of all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests of so many bytes are taken however many others wait.
const SMALL_BYTES: usize = 64 * 1024;

/// The bytes of one connection's request. They count among those of all until it is answered or gone.
pub(crate) struct Incoming {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Incoming {
    /// Nothing yet.
    pub(crate) fn new(all: &Arc<AtomicUsize>) -> Self {
        Self { all: Arc::clone(all), own: 0 }
    }

    /// Has the request be of so many bytes; whether that is too much where all may have `limit`.
    pub(crate) fn is_too_much(&mut self, bytes: usize, limit: usize) -> bool {
        self.count(bytes) > limit && bytes > SMALL_BYTES
    }

    /// The request counts no longer.
    pub(crate) fn clear(&mut self) {
        self.count(0);
    }

    /// How many bytes there are of all requests once this one has so many.
    fn count(&mut self, bytes: usize) -> usize {
        let before = std::mem::replace(&mut self.own, bytes);
        // What is taken away was added before: the sum never wraps.
        self.all.fetch_add(bytes, Ordering::Relaxed);
        self.all.fetch_sub(before, Ordering::Relaxed).saturating_sub(before)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_requests_are_too_much_once_all_are_and_short_ones_never() {
        let all = Arc::new(AtomicUsize::new(0));
        let (mut one, mut other) = (Incoming::new(&all), Incoming::new(&all));
        let limit = 3 * SMALL_BYTES;
        assert!(!one.is_too_much(2 * SMALL_BYTES, limit));
        assert!(!other.is_too_much(SMALL_BYTES, limit));
        assert!(other.is_too_much(SMALL_BYTES + 1, limit));
        assert!(one.is_too_much(2 * SMALL_BYTES, limit));
        assert!(!Incoming::new(&all).is_too_much(SMALL_BYTES, limit));
        one.clear();
        assert!(!other.is_too_much(2 * SMALL_BYTES, limit));
        drop(other);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
