//! The end of a channel that events go to: it hands each of them over once and in their order, and
//! finds out which are missing. Without I/O: its owner sends what it says.

use std::collections::BTreeMap;

use crate::channel::ChannelLimits;
use crate::producer::MAX_RESENT;

/// Missing events that are asked for at once, at most: so many are sent again if they are not too long
/// together, and the one that a [writer](crate::writer::Writer::nack) puts before them.
pub(crate) const MAX_ASKED: usize = MAX_RESENT - 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Consumer<T> {
    limits: ChannelLimits,
    /// The number of the event that is handed over next; 0 before the channel has begun.
    next: u64,
    /// The number behind the last event that is known of.
    end: u64,
    /// What came too early: events, or that there are none.
    early: BTreeMap<u64, Option<Early<T>>>,
    bytes: usize,
    /// Ticks between acknowledgements.
    heartbeat: u16,
    ticks: u64,
    idle_ticks: u16,
    /// `next` at the last tick.
    before: u64,
    /// How often missing events were asked for in vain.
    in_vain: u32,
    /// The number of the last missing event that was asked for; 0 if none is awaited.
    asked: u64,
}

#[derive(Debug)]
struct Early<T> {
    event: T,
    bytes: usize,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<T> {
    /// An event.
    Event(T),
    /// One that cannot be had any more.
    Lost,
}

/// What is to be said after a tick.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Say {
    /// Nothing.
    Nothing,
    /// Up to where events have come.
    Ack,
    /// Which are missing.
    Nack(Vec<u64>),
}

impl<T> Consumer<T> {
    pub(crate) fn new(limits: ChannelLimits) -> Self {
        Self {
            limits,
            next: 0,
            end: 0,
            early: BTreeMap::new(),
            bytes: 0,
            heartbeat: limits.heartbeat,
            ticks: 0,
            idle_ticks: 0,
            before: 0,
            in_vain: 0,
            asked: 0,
        }
    }

    /// Whether the channel has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.next > 0
    }

    /// The number of the last event that was handed over.
    pub(crate) fn seq(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// How many events have come too early.
    pub(crate) fn early(&self) -> usize {
        self.early.len()
    }

    /// Bytes of these.
    pub(crate) fn early_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the event of this number is the one to be handed over next.
    pub(crate) fn expects(&self, seq: u64) -> bool {
        self.has_begun() && seq == self.next
    }

    /// How often missing events were asked for since one came.
    pub(crate) fn in_vain(&self) -> u32 {
        self.in_vain
    }

    /// Whether all events that are known of were handed over.
    pub(crate) fn is_idle(&self) -> bool {
        self.has_begun() && self.next == self.end
    }

    /// The channel begins behind the event of this number.
    pub(crate) fn begin(&mut self, offset: u64, heartbeat: u16) {
        self.next = offset.saturating_add(1);
        self.end = self.end.max(self.next);
        self.heartbeat = heartbeat;
        self.idle_ticks = 0;
        self.in_vain = 0;
        self.asked = 0;
        self.early = self.early.split_off(&self.next);
        self.bytes = self.early.values().flatten().map(|early| early.bytes).sum();
    }

    /// An event of so many bytes has come.
    pub(crate) fn event(&mut self, seq: u64, event: T, bytes: usize) {
        if seq < self.next || matches!(self.early.get(&seq), Some(Some(_))) {
            return;
        }
        self.end = self.end.max(seq.saturating_add(1));
        self.early.insert(seq, Some(Early { event, bytes }));
        self.bytes = self.bytes.saturating_add(bytes);
        self.make_room();
    }

    /// An event cannot be had any more.
    pub(crate) fn lost(&mut self, seq: u64) {
        if seq >= self.next && seq < self.end {
            self.early.entry(seq).or_insert(None);
            self.make_room();
        }
    }

    /// What is farthest away is asked for once more when its time has come.
    fn make_room(&mut self) {
        while self.early.len() > 1
            && (self.early.len() > self.limits.events || self.bytes > self.limits.bytes)
        {
            if let Some((_, Some(last))) = self.early.pop_last() {
                self.bytes = self.bytes.saturating_sub(last.bytes);
            }
        }
    }

    /// The producer says that its last event has this number.
    pub(crate) fn heard(&mut self, seq: u64) {
        if self.has_begun() {
            self.end = self.end.max(seq.saturating_add(1));
        }
    }

    /// Hands over what comes next, if it is there.
    pub(crate) fn next(&mut self) -> Option<Next<T>> {
        if !self.has_begun() {
            return None;
        }
        let early = self.early.remove(&self.next)?;
        self.next = self.next.saturating_add(1);
        self.in_vain = 0;
        Some(match early {
            Some(Early { event, bytes }) => {
                self.bytes = self.bytes.saturating_sub(bytes);
                Next::Event(event)
            }
            None => Next::Lost,
        })
    }

    /// Time has passed. No more than `most` missing events are asked for.
    pub(crate) fn tick(&mut self, most: usize) -> Say {
        self.ticks = self.ticks.saturating_add(1);
        let has_moved = self.next > self.before;
        self.before = self.next;
        if has_moved || !self.has_begun() {
            self.idle_ticks = 0;
            return if has_moved { Say::Ack } else { Say::Nothing };
        }
        self.idle_ticks = self.idle_ticks.saturating_add(1);
        if self.next < self.end
            && self.idle_ticks >= self.limits.nack
            && !self.early.contains_key(&self.next)
        {
            self.idle_ticks = 0;
            self.in_vain = self.in_vain.saturating_add(1);
            return Say::Nack(self.ask(most));
        }
        let is_due = self.ticks.checked_rem(u64::from(self.heartbeat)) == Some(0);
        if is_due { Say::Ack } else { Say::Nothing }
    }

    /// The next missing events, once all that were asked for have come: of many, the rest is not left
    /// to the next tick.
    pub(crate) fn asks_on(&mut self) -> Option<Vec<u64>> {
        if self.asked == 0 || self.next <= self.asked {
            return None;
        }
        self.asked = 0;
        let is_missing = self.next < self.end && !self.early.contains_key(&self.next);
        is_missing.then(|| self.ask(MAX_ASKED))
    }

    /// The first events that are missing, which are asked for now.
    fn ask(&mut self, most: usize) -> Vec<u64> {
        let is_missing = |seq: &u64| !self.early.contains_key(seq);
        let end = self.end.min(self.next.saturating_add(self.limits.events as u64));
        let missing: Vec<u64> = (self.next..end).filter(is_missing).take(most).collect();
        self.asked = missing.last().copied().unwrap_or_default();
        missing
    }
}

#[cfg(test)]
#[path = "consumer_cases.rs"]
mod cases;
