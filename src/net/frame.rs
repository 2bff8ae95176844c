//! The frame reader: bytes as they arrive, cut into frames. Pure, without I/O or clock.
//!
//! The buffer grows as bytes arrive, not as a header announces them: a client that announces
//! 64 KiB and sends nothing costs the smallest buffer.

/// Bytes of the length that precedes a body.
pub(crate) const HEADER_BYTES: usize = 8;

/// Room that a first read is given; most requests are far shorter.
pub(crate) const FIRST_ROOM: usize = 1024;

/// The bytes received and not yet served.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
}

/// What the bytes at the front of an [`Inbox`] are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No byte has come.
    Nothing,
    /// A part of the header.
    Header,
    /// The header and a part of the body, which will have `announced` bytes.
    Body {
        /// Length of the whole body in bytes.
        announced: u64,
    },
    /// A whole frame, whose body ends at this offset of the inbox.
    Whole {
        /// Offset of the first byte behind the frame.
        end: usize,
    },
    /// A header that announces more than the limit.
    Oversized {
        /// What it announces, in bytes.
        announced: u64,
    },
}

impl Inbox {
    /// An inbox that reads into an emptied `buffer`, for the sake of its capacity.
    pub(crate) fn reusing(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self { bytes: buffer }
    }

    /// Room for the next read, behind the bytes that are there: at least one byte, and never so
    /// much that the buffer outgrows one longest frame by more than a first read.
    pub(crate) fn room(&mut self, max_request: usize) -> &mut Vec<u8> {
        if self.bytes.len() == self.bytes.capacity() {
            let longest = max_request.saturating_add(HEADER_BYTES);
            let left = longest.saturating_sub(self.bytes.len());
            self.bytes.reserve_exact(self.bytes.len().min(left).max(FIRST_ROOM));
        }
        &mut self.bytes
    }

    /// Takes the frame that ends at `end` out, and leaves what follows it. The answer holds the
    /// header too; [`body`] cuts it off.
    pub(crate) fn take(&mut self, end: usize) -> Vec<u8> {
        let surplus = match self.bytes.get(end..) {
            None | Some([]) => Vec::new(),
            Some(surplus) => surplus.to_vec(),
        };
        let mut frame = std::mem::replace(&mut self.bytes, surplus);
        frame.truncate(end);
        frame
    }

    /// Gives the buffer away if it holds nothing, so that silence keeps no memory.
    pub(crate) fn take_empty(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.bytes.capacity() > 0).then(|| std::mem::take(&mut self.bytes))
    }

    /// What the bytes at the front are.
    pub(crate) fn progress(&self, max_request: usize) -> Progress {
        let Some((header, body)) = self.bytes.split_first_chunk::<HEADER_BYTES>() else {
            return if self.bytes.is_empty() { Progress::Nothing } else { Progress::Header };
        };
        let announced = u64::from_be_bytes(*header);
        match usize::try_from(announced) {
            Ok(length) if length <= max_request => {
                if body.len() >= length {
                    Progress::Whole { end: HEADER_BYTES.saturating_add(length) }
                } else {
                    Progress::Body { announced }
                }
            }
            _ => Progress::Oversized { announced },
        }
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
        self.bytes.len()
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a buffer is held at all.
    pub(crate) fn has_buffer(&self) -> bool {
        self.bytes.capacity() > 0
    }
}

/// The body of a frame taken by [`Inbox::take`].
pub(crate) fn body(frame: &[u8]) -> &[u8] {
    frame.get(HEADER_BYTES..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 3000;

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut bytes = (content.len() as u64).to_be_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes
    }

    /// Feeds `bytes` in pieces of `size`, as reads would, and collects the bodies.
    fn bodies(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut inbox = Inbox::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            let mut piece = piece;
            while !piece.is_empty() {
                let room = inbox.room(LIMIT);
                let taken = piece.len().min(room.capacity() - room.len());
                assert!(taken > 0, "there is always room for a byte");
                room.extend_from_slice(&piece[..taken]);
                piece = &piece[taken..];
                while let Progress::Whole { end } = inbox.progress(LIMIT) {
                    found.push(body(&inbox.take(end)).to_vec());
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
    fn progress_tells_nothing_header_body_and_whole_apart() {
        let bytes = frame(b"abc");
        for (count, expected) in [
            (0, Progress::Nothing),
            (1, Progress::Header),
            (7, Progress::Header),
            (8, Progress::Body { announced: 3 }),
            (10, Progress::Body { announced: 3 }),
            (11, Progress::Whole { end: 11 }),
        ] {
            let inbox = Inbox { bytes: bytes[..count].to_vec() };
            assert_eq!(inbox.progress(LIMIT), expected, "{count} bytes");
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_with_its_header() {
        for announced in [LIMIT as u64 + 1, u64::MAX, 1 << 63] {
            let inbox = Inbox { bytes: announced.to_be_bytes().to_vec() };
            assert_eq!(inbox.progress(LIMIT), Progress::Oversized { announced });
        }
    }

    #[test]
    fn the_buffer_grows_with_the_bytes_and_not_with_the_announcement() {
        let mut inbox = Inbox::default();
        inbox.room(LIMIT).extend_from_slice(&(LIMIT as u64).to_be_bytes());
        assert!(inbox.room(LIMIT).capacity() <= FIRST_ROOM);
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
