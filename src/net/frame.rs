//! The frame reader: bytes as they arrive, cut where the service says. Pure, without I/O or clock.
//!
//! The buffer grows as bytes arrive, not as a header announces them: a client that announces
//! 64 KiB and sends nothing costs the smallest buffer.

use crate::progress::{Bookmark, Progress};

/// Room that a first read is given; most requests are far shorter.
pub(crate) const FIRST_ROOM: usize = 1024;

/// The bytes received and not yet served.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// How many of the bytes have been taken already.
    taken: usize,
    /// How far the service has read in them.
    bookmark: Bookmark,
}

impl Inbox {
    /// An inbox that reads into an emptied `buffer`, for the sake of its capacity.
    pub(crate) fn reusing(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self { bytes: buffer, taken: 0, bookmark: Bookmark::default() }
    }

    /// Room for the next read, behind the bytes that are there: at least one byte, and never so
    /// much that the buffer outgrows one `longest` frame by more than a first read.
    pub(crate) fn room(&mut self, longest: usize) -> &mut Vec<u8> {
        // Usually none, else what follows is a part of a frame, which moves once.
        self.bytes.drain(..self.taken);
        self.taken = 0;
        if self.bytes.len() == self.bytes.capacity() {
            let left = longest.saturating_sub(self.bytes.len());
            self.bytes.reserve_exact(self.bytes.len().min(left).max(FIRST_ROOM));
        }
        &mut self.bytes
    }

    /// Takes the frame that ends at `end` out, header included, and leaves what follows it.
    pub(crate) fn take(&mut self, end: usize) -> Vec<u8> {
        self.bookmark = Bookmark::default();
        let (frame, surplus) = self.left().split_at_checked(end).unwrap_or((self.left(), &[]));
        // Whichever is shorter is copied: a client that sends many frames at once shall not have
        // all the others copied for each.
        if self.taken > 0 || surplus.len() > frame.len() {
            let frame = frame.to_vec();
            self.taken = self.taken.saturating_add(frame.len());
            if self.is_empty() {
                self.bytes.clear();
                self.taken = 0;
            }
            return frame;
        }
        let surplus = if surplus.is_empty() { Vec::new() } else { surplus.to_vec() };
        let mut frame = std::mem::replace(&mut self.bytes, surplus);
        frame.truncate(end);
        frame
    }

    /// Gives the buffer away if it holds nothing, so that silence keeps no memory.
    pub(crate) fn take_empty(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.bytes.capacity() > 0).then(|| std::mem::take(&mut self.bytes))
    }

    /// What `framing` says that the bytes at the front are.
    pub(crate) fn progress(
        &mut self,
        framing: impl FnOnce(&[u8], &mut Bookmark) -> Progress,
    ) -> Progress {
        framing(self.bytes.get(self.taken..).unwrap_or_default(), &mut self.bookmark)
    }

    /// Forgets the first `count` bytes, which are there.
    pub(crate) fn skip(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    /// The bytes that are held.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes are held.
    pub(crate) fn len(&self) -> usize {
        self.left().len()
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        self.left().is_empty()
    }

    /// Whether a buffer is held at all.
    pub(crate) fn has_buffer(&self) -> bool {
        self.bytes.capacity() > 0
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{HEADER_BYTES, length_prefixed};

    const LIMIT: usize = 3000;
    const LONGEST: usize = LIMIT + HEADER_BYTES;

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut bytes = (content.len() as u64).to_be_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes
    }

    fn progress(inbox: &mut Inbox) -> Progress {
        inbox.progress(|bytes, _| length_prefixed(bytes, LIMIT))
    }

    /// Feeds `bytes` in pieces of `size`, as reads would, and collects the bodies.
    fn bodies(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut inbox = Inbox::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            let mut piece = piece;
            while !piece.is_empty() {
                let room = inbox.room(LONGEST);
                let taken = piece.len().min(room.capacity() - room.len());
                assert!(taken > 0, "there is always room for a byte");
                room.extend_from_slice(&piece[..taken]);
                piece = &piece[taken..];
                while let Progress::Whole { body } = progress(&mut inbox) {
                    found.push(inbox.take(body.end)[body].to_vec());
                }
            }
        }
        assert!(inbox.is_empty());
        found
    }

    #[test]
    fn frames_are_found_however_their_bytes_are_cut() {
        let contents = [vec![], vec![b'x'; 1], vec![b'y'; LIMIT], vec![b'z'; 700], vec![]];
        let bytes: Vec<u8> = contents.iter().flat_map(|content| frame(content)).collect();
        for size in 1..=bytes.len() {
            assert_eq!(bodies(&bytes, size), contents, "pieces of {size}");
        }
    }

    #[test]
    fn what_follows_a_short_frame_stays_where_it_is() {
        let mut inbox = Inbox::default();
        let bytes = frame(b"abc").repeat(50);
        inbox.room(LONGEST).extend_from_slice(&bytes);
        let place = inbox.bytes.as_ptr();
        for left in (1..50).rev() {
            assert_eq!(inbox.take(11), frame(b"abc"));
            assert_eq!((inbox.len(), inbox.bytes.as_ptr()), (left * 11, place));
        }
        assert_eq!(inbox.take(11), frame(b"abc"));
        assert!(inbox.is_empty() && inbox.take_empty().is_some());
        // A part of a frame that follows moves to the front for the next read.
        inbox.room(LONGEST).extend_from_slice(&bytes[..27]);
        assert_eq!(inbox.take(11), frame(b"abc"));
        inbox.room(LONGEST).extend_from_slice(&bytes[27..33]);
        assert_eq!((inbox.take(11), inbox.take(11)), (frame(b"abc"), frame(b"abc")));
    }

    #[test]
    fn a_bookmark_is_kept_within_a_request_and_cleared_behind_it() {
        let mut inbox = Inbox::default();
        let calls = |inbox: &mut Inbox| {
            let mut calls = 0;
            inbox.progress(|_, bookmark| {
                bookmark.numbers[0] += 1;
                calls = bookmark.numbers[0];
                Progress::Header
            });
            calls
        };
        inbox.room(LONGEST).extend_from_slice(b"first second");
        assert_eq!((calls(&mut inbox), calls(&mut inbox)), (1, 2));
        assert_eq!(inbox.take(6), b"first ");
        assert_eq!((calls(&mut inbox), calls(&mut inbox)), (1, 2));
    }

    #[test]
    fn the_buffer_grows_with_the_bytes_and_not_with_the_announcement() {
        let mut inbox = Inbox::default();
        inbox.room(LONGEST).extend_from_slice(&(LIMIT as u64).to_be_bytes());
        assert!(inbox.room(LONGEST).capacity() <= FIRST_ROOM);
        assert!(inbox.take_empty().is_none());
    }

    #[test]
    fn an_empty_inbox_gives_its_buffer_away() {
        let mut inbox = Inbox::reusing(Vec::with_capacity(10));
        assert!(inbox.has_buffer());
        assert_eq!(inbox.take_empty().map(|buffer| buffer.capacity() >= 10), Some(true));
        assert!(!inbox.has_buffer());
    }
}
