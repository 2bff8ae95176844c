//! A master: the one place where a store's changes are made, one after the other. It tells all clones
//! of them. Without I/O and clock: its owner brings commands and the time, and sends what it says.
//!
//! What a change means for others is said once the storage has it for good: nobody sees what could
//! still be lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use broker_data::{EndpointId, Timestamp};

use crate::backend::{Backend, BackendError, Change};
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::consumer::{MAX_ASKED, Next};
use crate::effect::Effect;
use crate::entity_id::EntityId;
use crate::expiries::Expiries;
use crate::output::{FailedWrite, Notice, Output};
use crate::producer::Producer;
use crate::storage::Storage;
use crate::store_error::StoreError;
use crate::writer::Writer;

/// What writers want that is done at once, before what it is for others has been sent.
const MAX_DONE: usize = 1024;

/// What a master is told when it begins.
pub struct MasterOptions {
    /// The store's name.
    pub name: String,
    /// Who it is.
    pub id: EntityId,
    /// Its channels.
    pub limits: ChannelLimits,
}

/// See the module.
pub struct Master {
    pub(crate) name: String,
    pub(crate) id: EntityId,
    pub(crate) limits: ChannelLimits,
    pub(crate) storage: Storage,
    pub(crate) expiries: Expiries,
    /// Why the storage does not take what it is told, if it does not.
    pub(crate) failure: Option<String>,
    pub(crate) clones: Producer,
    /// Clones that get a snapshot once it may be seen.
    pub(crate) joining: BTreeSet<EntityId>,
    pub(crate) ticks: u64,
    /// Until then nobody gets a snapshot: the last one was longer than peers take.
    pub(crate) too_long_until: u64,
    /// Bytes of snapshots since the last tick, of which there are no more than may wait to be
    /// acknowledged, and one snapshot: others ask again.
    pub(crate) snapshot_bytes: usize,
    /// Bytes that the last snapshot might have had more.
    pub(crate) snapshot_left: usize,
    /// Ticks for which clones have held up everything.
    pub(crate) full_ticks: u64,
    pub(crate) writers: BTreeMap<EntityId, Writer>,
    /// Bytes of what writers want that is not done yet.
    pub(crate) early_bytes: usize,
    /// The writer of whom something was done last.
    pub(crate) served: EntityId,
    /// Whether writers have to wait, since clones are behind.
    pub(crate) is_held: bool,
    /// Whether some of what writers want may be left to be done.
    pub(crate) has_left: bool,
    /// Up to where those had written that have gone: what they say once more is not done twice.
    pub(crate) former: VecDeque<(EntityId, u64)>,
    /// What is to be said once so many changes are done.
    pub(crate) held: VecDeque<(u64, Effect)>,
    /// Whether anybody in this node is told of changes.
    pub(crate) has_listeners: bool,
    pub(crate) out: Output,
}

/// How a master does, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// Keys.
    pub entries: u64,
    /// Channels that bring something.
    pub inputs: u64,
    /// Consumers of what it tells.
    pub outputs: u64,
    /// Events that came too early.
    pub early: u64,
    /// Events that were not acknowledged by all.
    pub unacked: u64,
    /// Events that were.
    pub acked: u64,
}

impl Master {
    /// A master with what `backend` has. With `at_once`, the backend is told of each change when it
    /// is made; else the owner [takes](Self::take_changes) changes and hands them over.
    pub fn new(
        options: MasterOptions,
        backend: Arc<dyn Backend>,
        at_once: bool,
    ) -> Result<Self, BackendError> {
        let storage = if at_once { Storage::at_once(backend) } else { Storage::later(backend) };
        let mut expiries = Expiries::default();
        for (key, time) in storage.expiries()? {
            expiries.set(&key, Some(time));
        }
        Ok(Self {
            name: options.name,
            id: options.id,
            limits: options.limits,
            storage,
            expiries,
            failure: None,
            clones: Producer::new(options.limits),
            joining: BTreeSet::new(),
            ticks: 0,
            too_long_until: 0,
            snapshot_bytes: 0,
            snapshot_left: usize::MAX,
            full_ticks: 0,
            writers: BTreeMap::new(),
            early_bytes: 0,
            served: EntityId::NIL,
            is_held: false,
            has_left: false,
            former: VecDeque::new(),
            held: VecDeque::new(),
            has_listeners: false,
            out: Output::default(),
        })
    }

    /// What is to be said now.
    pub fn take_output(&mut self) -> Output {
        std::mem::take(&mut self.out)
    }

    /// Whether anybody in this node is told of changes from now on.
    pub fn set_listeners(&mut self, has_listeners: bool) {
        self.has_listeners = has_listeners;
    }

    /// Whether anything is to be said.
    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether clones hear of changes.
    pub fn has_clones(&self) -> bool {
        self.clones.consumers() > 0
    }

    /// Whether the storage has yet to be told of changes.
    pub fn has_changes(&self) -> bool {
        self.storage.has_changes()
    }

    /// Whether time has to pass for something to happen, but for keys that expire.
    pub fn needs_ticks(&self) -> bool {
        self.clones.consumers() > 0
            || !self.writers.is_empty()
            || self.snapshot_bytes > 0
            || self.ticks < self.too_long_until
    }

    /// When the next key expires.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.next()
    }

    /// Has what writers from afar want wait, or not any more. Commands are taken in still, and what they
    /// want as far as there is room: a writer does not go on without end while it is not acknowledged.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Whether there may be more that writers want, with which its owner has to [go on](Self::go_on).
    pub fn is_paused(&self) -> bool {
        self.has_left && !self.is_stopped()
    }

    /// Does more of what writers want.
    pub fn go_on(&mut self, now: Timestamp) {
        self.pump(now);
    }

    /// The last snapshot for this clone has not been sent: there was no room for it.
    pub fn not_begun(&mut self, id: EntityId) {
        self.clones.not_begun(id);
    }

    /// Whether clones have not acknowledged as many events as may be, or as many changes wait for the
    /// storage as may.
    pub fn is_full(&self) -> bool {
        self.clones.is_full() || self.storage.is_full()
    }

    /// Whether every change is kept for good.
    pub fn is_kept(&self) -> bool {
        self.unkept() == 0
    }

    /// How many changes there were; 0 if none has ever to wait for the storage.
    pub fn made(&self) -> u64 {
        self.storage.made()
    }

    /// How many of these are kept for good.
    pub fn kept(&self) -> u64 {
        self.storage.done()
    }

    /// How many changes the storage has yet to make.
    pub fn unkept(&self) -> u64 {
        self.storage.made().saturating_sub(self.storage.done())
    }

    /// Whether every change is kept for good, every clone has it, and no writer has one that is
    /// missing.
    pub fn is_idle(&self) -> bool {
        self.clones.is_idle()
            && self.joining.is_empty()
            && self.held.is_empty()
            && self.is_kept()
            && self.writers.values().all(Writer::is_idle)
    }

    /// How it does, but for its entries: the storage counts them, which nobody has to wait for with
    /// the master.
    pub fn statistics(&self) -> StoreStatistics {
        let early: usize = self.writers.values().map(Writer::early).sum();
        StoreStatistics {
            entries: 0,
            inputs: self.writers.len() as u64,
            outputs: self.clones.consumers() as u64,
            early: early as u64,
            unacked: self.clones.unacked() as u64,
            acked: self.clones.delivered(),
        }
    }

    /// Takes a command of a clone, or of who writes; it took so many bytes.
    pub fn command(&mut self, command: Command, bytes: usize, now: Timestamp) {
        let Command { seq, sender, receiver, content } = command;
        if !receiver.is_nil() && receiver != self.id {
            return;
        }
        match content {
            Content::AttachWriter { offset, heartbeat } => {
                self.attach_writer(sender, offset, heartbeat);
            }
            Content::Keepalive { seq } => {
                if let Some(writer) = self.writers.get_mut(&sender) {
                    writer.heard(seq);
                }
            }
            Content::RetransmitFailed { seq } => {
                self.take_in(sender, |writer| writer.lost(seq));
            }
            Content::CumulativeAck { seq } => self.ack(sender, seq),
            Content::Nack { seqs } => self.nack(sender, &seqs),
            // Only a master says this.
            Content::AckClone { .. } | Content::PutUniqueResult { .. } | Content::Expire { .. } => {
            }
            action => self.event(sender, seq, action, bytes),
        }
        if self.has_left {
            self.pump(now);
        } else {
            self.serve(sender, MAX_DONE, now);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) {
        self.ticks = self.ticks.saturating_add(1);
        self.snapshot_bytes = 0;
        let is_due = self.clones.tick();
        for id in self.clones.drop_silent() {
            self.gone(id, "it was silent for too long");
        }
        if is_due && self.clones.consumers() > 0 {
            let heartbeat = Content::Keepalive { seq: self.clones.seq() };
            self.out.control(EntityId::NIL.endpoint, self.id, EntityId::NIL, heartbeat);
            // Clones of the original pass over what is for all.
            for (id, _) in self.clones.behind() {
                let heartbeat = Content::Keepalive { seq: self.clones.seq() };
                self.out.control(id.endpoint, self.id, id, heartbeat);
            }
        }
        self.drop_slowest();
        let done = self.storage.done();
        // While nothing can be done, what is sent again may find no room here either. The first one is
        // asked for: it is taken in once something can be done, and then the others are asked for.
        let most = if self.is_held || self.is_stopped() { 1 } else { MAX_ASKED };
        for (id, writer) in &mut self.writers {
            if let Some(said) = writer.tick(done, most) {
                self.out.control(id.endpoint, self.id, *id, said);
            }
        }
        let silent = |(id, writer): (&EntityId, &Writer)| writer.is_silent().then_some(*id);
        let silent: Vec<EntityId> = self.writers.iter().filter_map(silent).collect();
        for id in silent {
            self.part_with(id);
        }
        self.let_go();
        self.expire(now);
        self.pump(now);
    }

    /// An endpoint is not there any more, as far as is known.
    pub fn endpoint_gone(&mut self, id: EndpointId) {
        self.clones.endpoint_gone(id);
    }

    /// The changes that the storage is to be told next, `most` at most.
    pub fn take_changes(&mut self, most: usize) -> Vec<Change> {
        self.storage.take(most)
    }

    /// The storage has made so many that were taken.
    pub fn applied(&mut self, count: usize, now: Timestamp) {
        self.storage.applied(count);
        self.failure = None;
        self.release();
        self.pump(now);
    }

    /// The storage has not made those that were taken: they wait again. Whoever waits for them is
    /// told, and what clones write is not taken in until they are done.
    pub fn failed(&mut self, taken: Vec<Change>, error: &BackendError) {
        self.storage.failed(taken);
        let why = error.with_cause();
        for (_, effect) in &mut self.held {
            if let Effect::Answer(request, _) = effect {
                let (name, why) = (self.name.clone(), why.clone());
                self.out.answers.push((*request, Err(StoreError::Backend { name, why })));
                *effect = Effect::Nothing;
            }
        }
        self.failure = Some(why);
    }

    /// Why the storage does not take what it is told, if it does not.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Whether somebody would hear of a change.
    pub(crate) fn has_audience(&self) -> bool {
        self.clones.consumers() > 0 || !self.joining.is_empty()
    }

    /// Says something as soon as all changes up to now are done.
    pub(crate) fn say(&mut self, effect: Effect) {
        let made = self.storage.made();
        if self.held.is_empty() && made == self.storage.done() {
            self.now(effect);
        } else {
            self.held.push_back((made, effect));
        }
    }

    fn release(&mut self) {
        let done = self.storage.done();
        while self.held.front().is_some_and(|(made, _)| *made <= done) {
            let Some((_, effect)) = self.held.pop_front() else { break };
            self.now(effect);
        }
    }

    fn now(&mut self, effect: Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::Event(event) => self.out.events.push(event),
            Effect::Answer(request, answer) => self.out.answers.push((request, Ok(answer))),
            Effect::Broadcast(command) => {
                if self.clones.consumers() > 0 {
                    let event: Arc<[u8]> = command.numbered(self.clones.next_seq()).into();
                    self.clones.produce(Arc::clone(&event));
                    self.out.event(EntityId::NIL.endpoint, event);
                }
            }
            Effect::Snapshot(id, snapshot) => {
                self.joining.remove(&id);
                let offset = self.clones.add(id);
                let heartbeat = self.limits.heartbeat;
                let begin = Content::AckClone { offset, heartbeat, snapshot };
                let bytes = self.out.control(id.endpoint, self.id, id, begin);
                if bytes > self.limits.command {
                    self.out.sends.pop();
                    self.clones.remove(id);
                    self.has_too_much(id);
                } else {
                    self.clones.begins_with(id, bytes);
                }
            }
        }
    }

    /// A writer wants something. What cannot be done yet is kept, up to a limit for all writers
    /// together; what is beyond it is asked for again.
    fn event(&mut self, id: EntityId, seq: u64, action: Content, bytes: usize) {
        let is_stopped = self.is_held || self.is_stopped();
        let has_room = self.early_bytes.saturating_add(bytes) <= self.limits.bytes;
        let Some(writer) = self.writers.get_mut(&id) else { return };
        if has_room || (writer.expects(seq) && !is_stopped) {
            self.take_in(id, |writer| writer.event(seq, action, bytes));
        } else {
            writer.heard(seq);
        }
    }

    /// Has a writer take in something, and counts how much more it has then, or less.
    fn take_in(&mut self, id: EntityId, takes: impl FnOnce(&mut Writer)) {
        let Some(writer) = self.writers.get_mut(&id) else { return };
        let before = writer.early_bytes();
        takes(writer);
        let now = writer.early_bytes();
        self.early_bytes = self.early_bytes.saturating_add(now).saturating_sub(before);
    }

    /// Whether nothing that writers want can be done.
    fn is_stopped(&self) -> bool {
        self.is_full() || self.failure.is_some()
    }

    /// Does what writers want, as far as there is room for it, each in its turn.
    fn pump(&mut self, now: Timestamp) {
        self.has_left = self.is_held || self.is_stopped();
        if self.has_left {
            return;
        }
        let mut left = MAX_DONE;
        let behind = self.writers.range((Bound::Excluded(self.served), Bound::Unbounded));
        let before = self.writers.range(..=self.served);
        let ids: Vec<EntityId> = behind.chain(before).map(|(id, _)| *id).collect();
        for id in ids {
            left = self.serve(id, left, now);
            if left == 0 {
                return;
            }
        }
    }

    /// Does what one writer wants, at most so much: how much else may be done.
    fn serve(&mut self, id: EntityId, mut left: usize, now: Timestamp) -> usize {
        loop {
            if self.is_held || left == 0 || self.is_stopped() {
                self.has_left = true;
                return 0;
            }
            let done = self.storage.done();
            let Some(writer) = self.writers.get_mut(&id) else { return left };
            let before = writer.early_bytes();
            let Some(next) = writer.next() else {
                if let Some(asked) = writer.asks_on(done) {
                    self.out.control(id.endpoint, self.id, id, asked);
                }
                return left;
            };
            let taken = before.saturating_sub(writer.early_bytes());
            self.early_bytes = self.early_bytes.saturating_sub(taken);
            self.served = id;
            left = left.saturating_sub(1);
            match next {
                Next::Event(action) => {
                    if let Err(error) = self.act(action, now) {
                        self.out.notices.push(Notice::Failed(FailedWrite { writer: id, error }));
                    }
                    let made = self.storage.made();
                    if let Some(writer) = self.writers.get_mut(&id) {
                        writer.acted(made);
                    }
                }
                Next::Lost => self.out.notices.push(Notice::Lost(id, 1)),
            }
        }
    }
}

#[cfg(test)]
#[path = "master_cases.rs"]
mod cases;
