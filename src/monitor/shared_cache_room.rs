//! How much of answers waits in memory, beside what the caches hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most of it in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The room that there is, for all who share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Arc<AtomicUsize>);

/// A part that is taken, until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    room: Room,
    bytes: usize,
}

impl Room {
    /// Takes so many bytes, if they are there.
    pub(crate) fn take(&self, bytes: usize) -> Option<Taken> {
        let before = self.0.fetch_add(bytes, Ordering::AcqRel);
        let taken = Taken { room: self.clone(), bytes };
        (before.saturating_add(bytes) <= MAX_BYTES).then_some(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_has_a_limit_in_bytes_and_leaves_its_room_to_others() {
        let room = Room::default();
        let first = room.take(MAX_BYTES - 1).unwrap();
        assert!(room.take(2).is_none());
        let second = room.take(1).unwrap();
        assert!(room.take(1).is_none());
        drop((first, second));
        assert!(room.take(MAX_BYTES).is_some());
        assert!(room.take(MAX_BYTES + 1).is_none());
    }
}
