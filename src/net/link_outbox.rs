//! What waits to be written over a link. Pure data.
//!
//! Frames are copied one behind the other into chunks, so that a frame costs whoever offers it no
//! more than its bytes, and many go out with one call; a long one is a chunk by itself and is not
//! copied. Frames are pushed out from chunks that nobody has begun to write.

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
    /// The lengths of its frames.
    lengths: VecDeque<usize>,
    /// Whether its frames may not be pushed out.
    kept: bool,
    /// Whether its beginning has been written.
    begun: bool,
}

#[derive(Debug)]
enum Body {
    Own(Vec<u8>),
    Shared(Arc<[u8]>),
}

/// Whether a frame may be pushed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Offered,
    Kept,
}

impl Outbox {
    /// Puts `frame` behind the others.
    pub(crate) fn push(&mut self, frame: &Arc<[u8]>, worth: Worth) {
        self.frames = self.frames.saturating_add(1);
        self.bytes = self.bytes.saturating_add(frame.len());
        let kept = worth == Worth::Kept;
        if frame.len() < SHARED_BYTES {
            let last = self.waiting.back_mut().filter(|chunk| chunk.takes(frame.len(), kept));
            if let Some(chunk) = last {
                return chunk.append(frame);
            }
            let mut chunk = self.spare.take().unwrap_or_else(|| self.fresh(frame.len()));
            chunk.kept = kept;
            chunk.append(frame);
            self.waiting.push_back(chunk);
        } else {
            self.waiting.push_back(Chunk::of(Body::Shared(frame.clone()), Some(frame.len()), kept));
        }
    }

    /// Drops the offered frame that has waited longest, unless it is being written. Whether there
    /// was one.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let droppable = |chunk: &Chunk| !chunk.kept && !chunk.begun;
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
                chunk.begun |= count > 0;
                chunk.start = chunk.start.saturating_add(count);
                flight.0.push_front(chunk);
                break;
            }
            count = count.saturating_sub(rest);
            finished = finished.saturating_add(chunk.lengths.len());
            self.recycle(chunk);
        }
        while let Some(chunk) = flight.0.pop_back() {
            self.waiting.push_front(chunk);
        }
        self.frames = self.frames.saturating_sub(finished);
        finished
    }

    /// Forgets everything: how many frames were not written.
    pub(crate) fn clear(&mut self) -> usize {
        self.waiting.clear();
        self.spare = None;
        self.bytes = 0;
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

    /// Whether a frame of `length` bytes may be offered.
    pub(crate) fn has_room(&self, length: usize, limits: &LinkLimits) -> bool {
        let fits = self.bytes.saturating_add(length) <= limits.max_bytes;
        let few = self.frames < self.max_frames.unwrap_or(limits.max_frames);
        self.frames == 0 || (few && fits)
    }

    /// Whether a frame of `length` bytes may be forced.
    pub(crate) fn has_spare_room(&self, length: usize, limits: &LinkLimits) -> bool {
        self.bytes == 0 || self.bytes.saturating_add(length) <= limits.max_forced
    }

    /// Whether so little waits that whoever was told to wait should go on.
    pub(crate) fn is_half_empty(&self, limits: &LinkLimits) -> bool {
        let max_frames = self.max_frames.unwrap_or(limits.max_frames);
        self.frames <= max_frames / 2 && self.bytes <= limits.max_bytes / 2
    }

    /// A chunk for frames of about `length` bytes; a large one where many have come already.
    fn fresh(&self, length: usize) -> Chunk {
        let capacity = if self.waiting.is_empty() { length } else { CHUNK_BYTES };
        Chunk::of(Body::Own(Vec::with_capacity(capacity)), None, false)
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
    fn of(body: Body, length: Option<usize>, kept: bool) -> Self {
        Self { body, start: 0, lengths: length.into_iter().collect(), kept, begun: false }
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
        self.begun = false;
    }

    /// Whether a frame of `length` bytes can be appended.
    fn takes(&self, length: usize, kept: bool) -> bool {
        let Body::Own(bytes) = &self.body else { return false };
        let fits = bytes.len().saturating_add(length) <= CHUNK_BYTES;
        fits && self.kept == kept && !self.begun
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
