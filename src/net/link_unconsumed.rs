//! What all links together hold of bytes that have come and were not consumed: parts of long
//! messages.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What each link may hold besides, so that nobody's short messages depend on others' long ones.
const FREE_BYTES: usize = 1024 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Unconsumed(AtomicUsize);

impl Unconsumed {
    /// A link holds `bytes` now, of which `share` were counted here before. Whether it may: it holds
    /// no more than it did, or all together are within `most`.
    pub(crate) fn hold(&self, share: &AtomicUsize, bytes: usize, most: usize) -> bool {
        let new = bytes.saturating_sub(FREE_BYTES);
        let old = share.swap(new, Ordering::Relaxed);
        if new <= old {
            self.0.fetch_sub(old.saturating_sub(new), Ordering::Relaxed);
            return true;
        }
        let more = new.saturating_sub(old);
        self.0.fetch_add(more, Ordering::Relaxed).saturating_add(more) <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reaches_beyond_what_all_may_hold_may_not() {
        let (all, most) = (Unconsumed::default(), 100);
        let (one, other) = (AtomicUsize::new(0), AtomicUsize::new(0));
        assert!(all.hold(&one, FREE_BYTES + 60, most));
        assert!(all.hold(&other, FREE_BYTES + 40, most));
        assert!(!all.hold(&other, FREE_BYTES + 41, most));
        assert!(all.hold(&one, FREE_BYTES + 60, most), "it holds no more than it did");
        assert!(all.hold(&other, 0, most));
        assert!(all.hold(&one, FREE_BYTES + 100, most));
        assert!(all.hold(&other, FREE_BYTES, most), "so much is free");
        assert!(all.hold(&one, 0, most));
        assert_eq!(all.0.into_inner(), 0);
    }
}
