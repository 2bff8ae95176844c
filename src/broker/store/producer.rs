//! The end of a channel that events come from: it keeps them until all consumers have acknowledged
//! them. Without I/O: its owner sends what it says.

use std::collections::VecDeque;
use std::sync::Arc;

use broker_data::EndpointId;

use crate::channel::ChannelLimits;
use crate::entity_id::EntityId;

/// Ticks for which a consumer that begins is not begun with once more, however little it was sent: it
/// may not have answered yet.
const BEGINNING: u64 = 10;
/// Bytes in a tick that the slowest line takes to which a consumer may be at the end.
const SLOWEST: u64 = 20_000;
/// Events that are sent again at once, at most.
pub(crate) const MAX_RESENT: usize = 1024;
/// Bytes of them, and the event that goes beyond that: what is sent again goes beyond the limit of its
/// way, and what others have to say there needs room too. The rest is asked for again.
const RESENT_BYTES: usize = 4 << 20;

/// The number that a channel without an event has.
const FIRST: u64 = 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Producer {
    limits: ChannelLimits,
    /// The number of the last event.
    seq: u64,
    /// How many numbers up to that had no event.
    gaps: u64,
    tick: u64,
    last_broadcast: u64,
    /// The last events, up to `seq`.
    events: VecDeque<Arc<[u8]>>,
    bytes: usize,
    paths: Vec<Path>,
}

/// One consumer.
#[derive(Debug)]
struct Path {
    id: EntityId,
    /// The number before that of its first event.
    offset: u64,
    /// 0 until it has answered.
    acked: u64,
    /// The last tick in which it was heard.
    seen: u64,
    /// When what it begins with has reached it.
    begun: u64,
    /// Whether its endpoint is not there any more, as far as is known.
    is_gone: bool,
}

/// What a consumer that misses events is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resend {
    /// The event.
    Event(u64, Arc<[u8]>),
    /// That there is none any more.
    Lost(u64),
}

/// What becomes of a consumer that says what it misses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Nacked {
    /// It is sent this.
    Resend(Vec<Resend>),
    /// It wants to begin (again).
    Begins,
    /// It has said goodbye, or something without a meaning.
    Left,
}

impl Path {
    /// The last event that it needs no more.
    fn has(&self) -> u64 {
        self.acked.max(self.offset)
    }
}

impl Producer {
    pub(crate) fn new(limits: ChannelLimits) -> Self {
        Self {
            limits,
            seq: FIRST,
            gaps: FIRST,
            tick: 0,
            last_broadcast: 0,
            events: VecDeque::new(),
            bytes: 0,
            paths: Vec::new(),
        }
    }

    /// The number of the last event.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of the next event.
    pub(crate) fn next_seq(&self) -> u64 {
        self.seq.saturating_add(1)
    }

    /// How many consumers there are.
    pub(crate) fn consumers(&self) -> usize {
        self.paths.len()
    }

    /// The consumers.
    pub(crate) fn ids(&self) -> impl Iterator<Item = EntityId> {
        self.paths.iter().map(|path| path.id)
    }

    /// Whether it was begun with a moment ago: what it was sent may be on its way.
    pub(crate) fn has_just_begun(&self, id: EntityId) -> bool {
        self.paths.iter().any(|path| path.id == id && self.tick < path.begun)
    }

    /// A consumer is sent so many bytes to begin with.
    pub(crate) fn begins_with(&mut self, id: EntityId, bytes: usize) {
        let takes = (bytes as u64).checked_div(SLOWEST).unwrap_or(0).saturating_add(BEGINNING);
        let begun = self.tick.saturating_add(takes);
        if let Some(path) = self.paths.iter_mut().find(|path| path.id == id) {
            path.begun = begun;
        }
    }

    /// An endpoint is not there any more, as far as is known. Its consumers may come back, but what they
    /// have not answered is not on its way.
    pub(crate) fn endpoint_gone(&mut self, id: EndpointId) {
        for path in self.paths.iter_mut().filter(|path| path.id.endpoint == id) {
            path.is_gone = true;
            path.begun = 0;
        }
    }

    /// Parts with consumers whose endpoint is not there.
    pub(crate) fn drop_gone(&mut self) -> Vec<EntityId> {
        let gone: Vec<EntityId> =
            self.paths.iter().filter(|path| path.is_gone).map(|path| path.id).collect();
        for id in &gone {
            self.remove(*id);
        }
        gone
    }

    /// The consumers that miss events, and those up to which they have them.
    pub(crate) fn behind(&self) -> impl Iterator<Item = (EntityId, u64)> {
        let behind = self.paths.iter().filter(|path| path.acked < self.seq);
        behind.map(|path| (path.id, path.has()))
    }

    /// How many events wait to be acknowledged.
    pub(crate) fn unacked(&self) -> usize {
        self.events.len()
    }

    /// Whether as many events wait as may.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() >= self.limits.events || self.bytes >= self.limits.bytes
    }

    /// Whether every consumer has every event.
    pub(crate) fn is_idle(&self) -> bool {
        self.paths.iter().all(|path| path.acked == self.seq)
    }

    /// Takes the event with the [next number](Self::next_seq), which its owner sends to all.
    pub(crate) fn produce(&mut self, event: Arc<[u8]>) {
        self.seq = self.next_seq();
        self.bytes = self.bytes.saturating_add(event.len());
        self.events.push_back(event);
        self.last_broadcast = self.tick;
    }

    /// A consumer begins with the next event, also if it was one before; if it has not answered yet, with
    /// that with which it was to begin. The number before that of this event, which it is told.
    pub(crate) fn add(&mut self, id: EntityId) -> u64 {
        if let Some(path) = self.paths.iter_mut().find(|path| path.id == id && path.acked == 0) {
            path.seen = self.tick;
            path.is_gone = false;
            return path.offset;
        }
        self.remove(id);
        let (tick, offset) = (self.tick, self.seq);
        self.paths.push(Path { id, offset, acked: 0, seen: tick, begun: 0, is_gone: false });
        self.seq
    }

    /// A consumer has gone; whether there was one. With the last one a number has gone too: what
    /// changes while nobody is told comes behind it, so that no number stands for two states.
    pub(crate) fn remove(&mut self, id: EntityId) -> bool {
        let before = self.paths.len();
        self.paths.retain(|path| path.id != id);
        let is_gone = self.paths.len() < before;
        if is_gone {
            self.trim();
            if self.paths.is_empty() {
                self.seq = self.next_seq();
                self.gaps = self.gaps.saturating_add(1);
            }
        }
        is_gone
    }

    /// A consumer has all events up to this one. Whether that is its first word.
    pub(crate) fn ack(&mut self, id: EntityId, seq: u64) -> bool {
        let (tick, last) = (self.tick, self.seq);
        let Some(path) = self.paths.iter_mut().find(|path| path.id == id) else { return false };
        path.seen = tick;
        path.is_gone = false;
        // One that comes late, is from before it began again, or speaks of what was never sent.
        if seq < path.has() || seq > last {
            return false;
        }
        let is_first = path.acked == 0 && seq > 0;
        if path.acked != seq {
            path.acked = seq;
            self.trim();
        }
        is_first
    }

    /// A consumer misses these events.
    pub(crate) fn nack(&mut self, id: EntityId, seqs: &[u64]) -> Option<Nacked> {
        let path = self.paths.iter_mut().find(|path| path.id == id)?;
        path.seen = self.tick;
        path.is_gone = false;
        let &first = seqs.first()?;
        if !seqs.is_sorted() {
            self.remove(id);
            return Some(Nacked::Left);
        }
        if first == 0 {
            return Some(Nacked::Begins);
        }
        // It has all before the first that it misses.
        self.ack(id, first.saturating_sub(1));
        let resend = |seq: &u64| match self.event(*seq) {
            Some(event) => Resend::Event(*seq, Arc::clone(event)),
            None => Resend::Lost(*seq),
        };
        // They are in their order: what is said twice stands together.
        let once = seqs.chunk_by(|one, next| one == next).filter_map(<[u64]>::first);
        let mut bytes = 0_usize;
        let has_room = |one: &Resend| {
            let has_room = bytes < RESENT_BYTES;
            if let Resend::Event(_, event) = one {
                bytes = bytes.saturating_add(event.len());
            }
            has_room
        };
        Some(Nacked::Resend(once.take(MAX_RESENT).map(resend).take_while(has_room).collect()))
    }

    /// Time has passed: whether everybody is to be told the number of the last event.
    pub(crate) fn tick(&mut self) -> bool {
        self.tick = self.tick.saturating_add(1);
        let is_due =
            self.tick.saturating_sub(self.last_broadcast) >= u64::from(self.limits.heartbeat);
        if is_due {
            self.last_broadcast = self.tick;
        }
        is_due
    }

    /// Parts with the consumers that were not heard for too long.
    pub(crate) fn drop_silent(&mut self) -> Vec<EntityId> {
        let patience = u64::from(self.limits.heartbeat).saturating_mul(self.limits.timeout.into());
        let silent = |path: &&Path| self.tick.saturating_sub(path.seen) >= patience;
        let silent: Vec<EntityId> = self.paths.iter().filter(silent).map(|path| path.id).collect();
        for id in &silent {
            self.remove(*id);
        }
        silent
    }

    /// What a consumer was to begin with has not been sent: it is begun with when it asks again.
    pub(crate) fn not_begun(&mut self, id: EntityId) {
        if let Some(path) = self.paths.iter_mut().find(|path| path.id == id) {
            path.begun = 0;
        }
    }

    /// Parts with the consumers for which most events are kept, so that there is room for others. What
    /// one begins with may be on its way: with `patience`, it is not parted with.
    pub(crate) fn drop_slowest(&mut self, patience: bool) -> Vec<EntityId> {
        let (tick, kept) = (self.tick, self.acked());
        let slow = self.paths.iter().filter(|path| {
            let begins = path.acked == 0 && tick < path.begun;
            path.has() == kept && kept < self.seq && !(patience && begins)
        });
        let slow: Vec<EntityId> = slow.map(|path| path.id).collect();
        for id in &slow {
            self.remove(*id);
        }
        slow
    }

    /// The events that were not acknowledged, in their order.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.events.iter()
    }

    /// Forgets the events up to this one, whoever has them: how many they were.
    pub(crate) fn forget(&mut self, seq: u64) -> usize {
        let before = self.events.len();
        self.trim_to(seq);
        before.saturating_sub(self.events.len())
    }

    /// The last event that everybody has acknowledged.
    pub(crate) fn acked(&self) -> u64 {
        self.seq.saturating_sub(self.events.len() as u64)
    }

    /// How many events everybody has acknowledged.
    pub(crate) fn delivered(&self) -> u64 {
        self.acked().saturating_sub(self.gaps)
    }

    fn event(&self, seq: u64) -> Option<&Arc<[u8]>> {
        let place = seq.checked_sub(self.acked())?.checked_sub(1)?;
        self.events.get(usize::try_from(place).ok()?)
    }

    /// Forgets what every consumer has.
    fn trim(&mut self) {
        let acked = self.paths.iter().map(Path::has).min().unwrap_or(self.seq);
        self.trim_to(acked);
    }

    fn trim_to(&mut self, acked: u64) {
        while self.acked() < acked {
            let Some(event) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(event.len());
        }
    }
}

#[cfg(test)]
#[path = "producer_cases.rs"]
mod cases;
