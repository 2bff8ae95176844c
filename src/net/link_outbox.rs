//! What waits to be written over a link. Pure data.
//!
//! Frames are copied one behind the other into chunks, so that a frame costs whoever offers it no
//! more than its bytes, and many go out with one call; a long one is a chunk by itself and is not
//! copied. A frame that has been written waits no more, though others of its chunk do, and only the
//! one that has been begun cannot be pushed out.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use crate::LinkLimits;

/// Bytes written with one call, and the longest chunk of several frames.
const CHUNK_BYTES: usize = 256 * 1024;

/// Frames from this length on are not copied.
const SHARED_BYTES: usize = 32 * 1024;

/// Chunks written with one call.
const CHUNKS: usize = 16;

/// The first room of a chunk for several frames.
const FIRST_BYTES: usize = 8 * 1024;

/// An emptied chunk of this size is kept also while the link is quiet.
const SPARE_BYTES: usize = 4096;

/// Frames in their order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Chunk>,
    /// Also those that are being written.
    frames: usize,
    /// Also those that are being written.
    bytes: usize,
    /// Those of forced frames, until their chunk has been written.
    forced: usize,
    /// An emptied chunk for the next frames.
    spare: Option<Chunk>,
    /// How many frames may wait, where that is not the limit of all links.
    max_frames: Option<usize>,
}

/// Chunks that are being written.
#[derive(Debug, Default)]
pub(crate) struct Flight(VecDeque<Chunk>);

#[derive(Debug)]
struct Chunk {
    body: Body,
    /// Where that begins which is to be written.
    start: usize,
    /// The lengths of its frames that were not written as a whole.
    lengths: VecDeque<usize>,
    /// How much of the first of them has been written.
    begun: usize,
    /// What its frames are.
    worth: Worth,
}

#[derive(Debug)]
enum Body {
    Own(Vec<u8>),
    Shared(Arc<[u8]>),
}

/// What becomes of a frame when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It may be pushed out by others.
    Offered,
    /// It may not.
    Kept,
    /// Nor this, which has room of its own.
    Forced,
}

impl Outbox {
    /// Puts `frame` behind the others.
    pub(crate) fn push(&mut self, frame: &Arc<[u8]>, worth: Worth) {
        self.frames = self.frames.saturating_add(1);
        self.bytes = self.bytes.saturating_add(frame.len());
        if worth == Worth::Forced {
            self.forced = self.forced.saturating_add(frame.len());
        }
        if frame.len() < SHARED_BYTES {
            let last = self.waiting.back_mut().filter(|chunk| chunk.takes(frame.len(), worth));
            if let Some(chunk) = last {
                return chunk.append(frame);
            }
            let mut chunk = self.spare.take().unwrap_or_else(|| self.fresh(frame.len()));
            chunk.worth = worth;
            chunk.append(frame);
            self.waiting.push_back(chunk);
        } else {
            let body = Body::Shared(frame.clone());
            self.waiting.push_back(Chunk::of(body, Some(frame.len()), worth));
        }
    }

    /// Drops the offered frame that has waited longest, unless it is being written. Whether there
    /// was one.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        self.set_begun_apart();
        let droppable = |chunk: &Chunk| chunk.worth == Worth::Offered && chunk.begun == 0;
        let Some(index) = self.waiting.iter().position(droppable) else { return false };
        let Some(chunk) = self.waiting.get_mut(index) else { return false };
        let length = chunk.lengths.pop_front().unwrap_or_default();
        chunk.start = chunk.start.saturating_add(length);
        if chunk.lengths.is_empty() {
            self.waiting.remove(index);
        }
        self.frames = self.frames.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(length);
        true
    }

    /// Gives the frame that has been begun a chunk of its own.
    fn set_begun_apart(&mut self) {
        let several = |chunk: &&mut Chunk| chunk.begun > 0 && chunk.lengths.len() > 1;
        let Some(chunk) = self.waiting.front_mut().filter(several) else { return };
        let length = chunk.lengths.pop_front().unwrap_or_default();
        let left = length.saturating_sub(chunk.begun);
        let bytes = chunk.rest().get(..left).unwrap_or_default().to_vec();
        let mut apart = Chunk::of(Body::Own(bytes), Some(length), chunk.worth);
        apart.begun = std::mem::take(&mut chunk.begun);
        chunk.start = chunk.start.saturating_add(left);
        self.waiting.push_front(apart);
    }

    /// Moves what one call should write to `flight`, which is empty.
    pub(crate) fn take(&mut self, flight: &mut Flight) {
        let mut bytes = 0_usize;
        while flight.0.len() < CHUNKS && bytes < CHUNK_BYTES {
            let Some(chunk) = self.waiting.pop_front() else { return };
            bytes = bytes.saturating_add(chunk.rest().len());
            flight.0.push_back(chunk);
        }
    }

    /// `count` bytes of `flight` have been written; what is left of it waits again. How many
    /// frames were finished.
    pub(crate) fn put_back(&mut self, flight: &mut Flight, count: usize) -> usize {
        self.bytes = self.bytes.saturating_sub(count);
        let mut count = count;
        let mut finished = 0_usize;
        while let Some(mut chunk) = flight.0.pop_front() {
            let rest = chunk.rest().len();
            if count < rest {
                finished = finished.saturating_add(self.advance(&mut chunk, count));
                flight.0.push_front(chunk);
                break;
            }
            count = count.saturating_sub(rest);
            finished = finished.saturating_add(self.advance(&mut chunk, rest));
            self.recycle(chunk);
        }
        while let Some(chunk) = flight.0.pop_back() {
            self.waiting.push_front(chunk);
        }
        self.frames = self.frames.saturating_sub(finished);
        finished
    }

    /// `count` bytes of a chunk have been written: how many of its frames are, as a whole.
    fn advance(&mut self, chunk: &mut Chunk, count: usize) -> usize {
        chunk.start = chunk.start.saturating_add(count);
        chunk.begun = chunk.begun.saturating_add(count);
        let mut finished = 0_usize;
        while let Some(&length) = chunk.lengths.front().filter(|length| **length <= chunk.begun) {
            chunk.lengths.pop_front();
            chunk.begun = chunk.begun.saturating_sub(length);
            finished = finished.saturating_add(1);
            if chunk.worth == Worth::Forced {
                self.forced = self.forced.saturating_sub(length);
            }
        }
        finished
    }

    /// Forgets everything: how many frames were not written.
    pub(crate) fn clear(&mut self) -> usize {
        self.waiting.clear();
        self.spare = None;
        self.bytes = 0;
        self.forced = 0;
        std::mem::take(&mut self.frames)
    }

    /// Frees what a quiet link has no use for.
    pub(crate) fn shrink(&mut self) {
        self.spare.take_if(|chunk| chunk.capacity() > SPARE_BYTES);
    }

    /// Frames and bytes, with those that are being written.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.frames, self.bytes)
    }

    /// Whether nothing is to be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Sets how many frames may wait.
    pub(crate) fn set_max_frames(&mut self, frames: usize) {
        self.max_frames = Some(frames);
    }

    /// Whether a frame may be offered, however long it is: the limits are not reached.
    pub(crate) fn has_room(&self, limits: &LinkLimits) -> bool {
        let few = self.frames < self.max_frames.unwrap_or(limits.max_frames);
        self.frames == 0 || (few && self.bytes < limits.max_bytes)
    }

    /// Whether a frame of `length` bytes may be forced.
    pub(crate) fn has_spare_room(&self, length: usize, limits: &LinkLimits) -> bool {
        self.forced == 0 || self.forced.saturating_add(length) <= limits.max_forced
    }

    /// Whether so little waits that whoever was told to wait should go on.
    pub(crate) fn is_half_empty(&self, limits: &LinkLimits) -> bool {
        let max_frames = self.max_frames.unwrap_or(limits.max_frames);
        self.frames <= max_frames / 2 && self.bytes <= limits.max_bytes / 2
    }

    /// A chunk for a frame of `length` bytes, and for others where some wait already.
    fn fresh(&self, length: usize) -> Chunk {
        let capacity = if self.waiting.is_empty() { length } else { length.max(FIRST_BYTES) };
        Chunk::of(Body::Own(Vec::with_capacity(capacity)), None, Worth::Offered)
    }

    fn recycle(&mut self, mut chunk: Chunk) {
        if chunk.capacity() > self.spare.as_ref().map_or(0, Chunk::capacity) {
            chunk.clear();
            self.spare = Some(chunk);
        }
    }
}

impl Flight {
    /// What is to be written.
    pub(crate) fn parts(&self) -> Vec<IoSlice<'_>> {
        self.0.iter().map(|chunk| IoSlice::new(chunk.rest())).collect()
    }
}

impl Chunk {
    fn of(body: Body, length: Option<usize>, worth: Worth) -> Self {
        Self { body, start: 0, lengths: length.into_iter().collect(), begun: 0, worth }
    }

    fn append(&mut self, frame: &[u8]) {
        if let Body::Own(bytes) = &mut self.body {
            bytes.extend_from_slice(frame);
            self.lengths.push_back(frame.len());
        }
    }

    fn clear(&mut self) {
        if let Body::Own(bytes) = &mut self.body {
            bytes.clear();
        }
        self.lengths.clear();
        self.start = 0;
        self.begun = 0;
    }

    /// Whether a frame of `length` bytes can be appended.
    fn takes(&self, length: usize, worth: Worth) -> bool {
        let Body::Own(bytes) = &self.body else { return false };
        let fits = bytes.len().saturating_add(length) <= CHUNK_BYTES;
        fits && self.worth == worth
    }

    fn rest(&self) -> &[u8] {
        let bytes = match &self.body {
            Body::Own(bytes) => bytes.as_slice(),
            Body::Shared(frame) => frame,
        };
        bytes.get(self.start..).unwrap_or_default()
    }

    fn capacity(&self) -> usize {
        match &self.body {
            Body::Own(bytes) => bytes.capacity(),
            Body::Shared(_) => 0,
        }
    }
}
