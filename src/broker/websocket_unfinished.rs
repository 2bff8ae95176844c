//! What WebSocket clients together hold of messages that come in fragments and are not whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What each client may hold besides, so that nobody's short messages depend on others' long ones.
const FREE_BYTES: usize = 64 * 1024;

/// Of all clients; that of all clones is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished(Arc<AtomicUsize>);

/// Of a single client, which counts until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct UnfinishedPart {
    all: Unfinished,
    bytes: usize,
}

impl Unfinished {
    /// For one more client.
    pub(crate) fn part(&self) -> UnfinishedPart {
        UnfinishedPart { all: self.clone(), bytes: 0 }
    }
}

impl UnfinishedPart {
    /// Holds so many more bytes, if all together are within `most` then, or it is little: whether it
    /// may.
    pub(crate) fn grow(&mut self, bytes: usize, most: usize) -> bool {
        let bytes = self.bytes.saturating_add(bytes);
        let more = counted(bytes).saturating_sub(counted(self.bytes));
        let before = self.all.0.fetch_add(more, Ordering::Relaxed);
        let fits = more == 0 || before.saturating_add(more) <= most;
        if fits {
            self.bytes = bytes;
        } else {
            self.all.0.fetch_sub(more, Ordering::Relaxed);
        }
        fits
    }

    /// Nothing is held any more.
    pub(crate) fn clear(&mut self) {
        if self.bytes > 0 {
            self.all.0.fetch_sub(counted(self.bytes), Ordering::Relaxed);
            self.bytes = 0;
        }
    }
}

fn counted(bytes: usize) -> usize {
    bytes.saturating_sub(FREE_BYTES)
}

impl Drop for UnfinishedPart {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reaches_beyond_what_all_clients_may_hold_may_not_but_a_little_is_free() {
        let all = Unfinished::default();
        let (mut one, mut other) = (all.part(), all.part());
        assert!(one.grow(FREE_BYTES, 100) && one.grow(60, 100));
        assert!(other.grow(FREE_BYTES + 40, 100));
        assert!(!other.grow(1, 100));
        assert!(all.part().grow(FREE_BYTES, 100), "so much is free");
        one.clear();
        assert!(other.grow(60, 100) && !one.grow(FREE_BYTES + 1, 100));
        assert!(one.grow(FREE_BYTES, 100), "what was refused is not held");
        drop((one, other));
        assert_eq!(all.0.load(Ordering::Relaxed), 0);
    }
}
