//! A clone: a copy of a master's entries, which hears of each change, and a way to write to the
//! master. Without I/O and clock: its owner brings commands and ticks, and sends what it says.
//!
//! What is written has a number for good, whoever the master is: one that has done it already does not
//! do it twice. The next master cannot know what the last one has done and not said.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use broker_data::{Data, EndpointId};

use crate::arithmetic::index;
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::command_write::readdressed;
use crate::consumer::{Consumer, Next, Say};
use crate::entity_id::EntityId;
use crate::fitting;
use crate::master::StoreStatistics;
use crate::output::{Notice, Output};
use crate::producer::{Nacked, Producer, Resend};
use crate::store_error::StoreError;

/// How many signs of life of a master that is there must fail to come before it may have gone.
const SILENCE: u64 = 6;
/// Ticks for which a master is looked for often, first.
const EAGER: u64 = 100;
/// Ticks between two calls for a master then.
const CALL: u64 = 2;
/// How often missing events are asked for in vain before the clone begins again.
const IN_VAIN: u32 = 10;
/// Ticks after which a master that does not acknowledge what is written may not know the writer.
const UNHEARD: u64 = 30;

/// How a clone lives without its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloneOptions {
    /// How often a master that was lost is looked for; default 10 s.
    pub resync: Duration,
    /// Without a word of a master for so long, nothing is read from the clone any more; default
    /// 300 s, `None` for never.
    pub stale: Option<Duration>,
    /// How long what is written waits for a master; default 120 s.
    pub mutation_buffer: Duration,
}

impl Default for CloneOptions {
    fn default() -> Self {
        Self {
            resync: Duration::from_secs(10),
            stale: Some(Duration::from_secs(300)),
            mutation_buffer: Duration::from_secs(120),
        }
    }
}

/// See the module.
pub struct Replica {
    pub(crate) name: String,
    pub(crate) id: EntityId,
    /// Who asks on this node.
    pub(crate) frontend: EntityId,
    limits: ChannelLimits,
    options: CloneOptions,
    pub(crate) entries: HashMap<Data, Data>,
    pub(crate) master: Option<EntityId>,
    input: Consumer<Content>,
    /// Ticks between the master's signs of life.
    heartbeat: u16,
    /// How often in a row the master has said that it is not so far as it was.
    is_behind: u8,
    /// How many writes were dropped, of all that there were.
    dropped: u64,
    /// What was written and not acknowledged.
    writes: Producer,
    /// When writes were made: the tick, and the number of the last one in it.
    ages: VecDeque<(u64, u64)>,
    /// Whether the master knows the writer.
    is_writing: bool,
    /// The tick in which the master acknowledged something, or there was nothing to acknowledge.
    heeded: u64,
    standing: Standing,
    ticks: u64,
    /// The tick in which the master was heard.
    heard: u64,
    /// The tick in which the search began.
    lost: u64,
    called: u64,
    /// Questions that a master has to answer, by the number of what was written for them.
    questions: VecDeque<(u64, u64)>,
    /// Whether anybody in this node is told of changes.
    pub(crate) has_listeners: bool,
    pub(crate) out: Output,
}

/// How a clone stands to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has never had one.
    Searching,
    /// It hears of all changes.
    Attached,
    /// It was not heard for a while.
    Silent,
    /// It cannot go on from where it is and waits for a new snapshot, which it takes whatever it says.
    BeginningAgain,
}

/// What stands for the master, whoever it is, among those that are written to.
const READER: EntityId = EntityId::NIL;

impl Replica {
    /// A clone that looks for its master.
    pub fn new(
        name: String,
        [id, frontend]: [EntityId; 2],
        limits: ChannelLimits,
        options: CloneOptions,
    ) -> Self {
        let mut writes = Producer::new(limits);
        writes.add(READER);
        let mut replica = Self {
            name,
            id,
            frontend,
            heartbeat: limits.heartbeat,
            is_behind: 0,
            dropped: 0,
            limits,
            options,
            entries: HashMap::new(),
            master: None,
            input: Consumer::new(limits),
            writes,
            ages: VecDeque::new(),
            is_writing: false,
            heeded: 0,
            standing: Standing::Searching,
            ticks: 0,
            heard: 0,
            lost: 0,
            called: 0,
            questions: VecDeque::new(),
            has_listeners: false,
            out: Output::default(),
        };
        replica.call();
        replica
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

    /// Whether it has had a snapshot.
    pub fn has_begun(&self) -> bool {
        self.master.is_some()
    }

    /// Whether it has everything that the master has told, and the master everything that was written.
    pub fn is_idle(&self) -> bool {
        self.is_attached() && self.input.is_idle() && self.is_writing && self.writes.is_idle()
    }

    /// Whether as many writes wait as may.
    pub fn is_full(&self) -> bool {
        self.writes.is_full()
    }

    /// How it does.
    pub fn statistics(&self) -> StoreStatistics {
        StoreStatistics {
            entries: self.entries.len() as u64,
            inputs: u64::from(self.has_begun()),
            outputs: u64::from(self.is_writing),
            early: self.input.early() as u64,
            unacked: self.writes.unacked() as u64,
            acked: self.writes.acked().saturating_sub(1),
        }
    }

    /// What a key stands for.
    pub fn get(&self, key: &Data) -> Result<Data, StoreError> {
        self.fresh()?.get(key).cloned().ok_or(StoreError::NoSuchKey)
    }

    /// What it contains under an index: see [`index`].
    pub fn get_index(&self, key: &Data, by: &Data) -> Result<Data, StoreError> {
        index(self.get(key)?, by)
    }

    /// Whether a key stands for anything.
    pub fn exists(&self, key: &Data) -> Result<bool, StoreError> {
        Ok(self.fresh()?.contains_key(key))
    }

    /// All keys.
    pub fn keys(&self) -> Result<BTreeSet<Data>, StoreError> {
        Ok(self.fresh()?.keys().cloned().collect())
    }

    fn fresh(&self) -> Result<&HashMap<Data, Data>, StoreError> {
        let is_late = |limit| self.silent_ticks() >= self.ticks(limit);
        if !self.has_begun() || self.options.stale.is_some_and(is_late) {
            return Err(StoreError::Stale(self.name.clone()));
        }
        Ok(&self.entries)
    }

    /// Has the master do something.
    pub fn write(&mut self, action: Content) -> Result<(), StoreError> {
        if !self.is_attached() && self.options.mutation_buffer.is_zero() {
            return Err(StoreError::NoMaster(self.name.clone()));
        }
        if let Content::Put { key, value, .. }
        | Content::PutUnique { key, value, .. }
        | Content::Add { key, value, .. } = &action
        {
            fitting::check(key, value, self.limits.command)?;
        }
        if self.writes.is_full() {
            let waited = Duration::ZERO;
            return Err(StoreError::Full { name: self.name.clone(), waited });
        }
        let seq = self.writes.next_seq();
        if let Content::PutUnique { request, .. } = &action {
            self.questions.push_back((seq, *request));
        }
        let receiver = self.master.unwrap_or_default();
        let mut bytes = Vec::new();
        Command { seq, sender: self.id, receiver, content: action }.encode(&mut bytes);
        let event: Arc<[u8]> = bytes.into();
        if self.writes.unacked() == 0 {
            self.heeded = self.ticks;
        }
        self.writes.produce(Arc::clone(&event));
        match self.ages.back_mut() {
            Some((tick, last)) if *tick == self.ticks => *last = seq,
            _ => self.ages.push_back((self.ticks, seq)),
        }
        if self.master.is_some() {
            self.out.event(EndpointId::NIL, event);
        }
        Ok(())
    }

    /// Takes a command of a master; it took so many bytes.
    pub fn command(&mut self, command: Command, bytes: usize) {
        let Command { seq, sender, receiver, content } = command;
        if !receiver.is_nil() && receiver != self.id {
            return;
        }
        let is_known = self.master == Some(sender);
        // While it begins again, what it has is no copy of anything.
        if is_known && self.standing != Standing::BeginningAgain {
            self.is_heard();
        }
        match content {
            Content::AckClone { offset, heartbeat, snapshot } => {
                self.snapshot(sender, offset, heartbeat, snapshot);
            }
            // Of what came before a snapshot nobody knows what it is about.
            _ if !is_known => return,
            Content::Keepalive { seq } => {
                // One that counts from the beginning again is another one of the same name. Once may
                // be one that was overtaken.
                self.is_behind =
                    if seq < self.input.seq() { self.is_behind.saturating_add(1) } else { 0 };
                if self.is_behind > 1 {
                    self.begin_again();
                } else {
                    self.input.heard(seq);
                }
            }
            Content::RetransmitFailed { seq } if self.input.has_begun() => {
                if seq > self.input.seq() {
                    self.begin_again();
                }
            }
            Content::CumulativeAck { seq } => self.acknowledged(seq),
            Content::Nack { seqs } => self.resend(&seqs),
            Content::AttachWriter { .. } | Content::RetransmitFailed { .. } => {}
            action => self.input.event(seq, action, bytes),
        }
        self.pump();
    }

    /// Time has passed.
    pub fn tick(&mut self) {
        self.ticks = self.ticks.saturating_add(1);
        let silent = self.silent_ticks();
        if let Some(master) = self.master {
            if silent >= self.silence() && self.is_attached() {
                self.standing = Standing::Silent;
                self.lost = self.ticks;
                self.out.notices.push(Notice::MasterSilent(master));
                self.call();
            }
            self.talk(master);
            if self.options.stale.is_some_and(|limit| silent == self.ticks(limit)) {
                self.out.notices.push(Notice::Stale);
            }
        }
        if !self.is_attached() {
            self.search();
        }
    }

    /// A node that may have the master is there: it is called now, not when its time has come.
    pub fn master_may_be_back(&mut self) {
        if !self.is_attached() {
            self.lost = self.ticks;
            self.call();
        }
    }

    /// A node is not there any more: if it has the master, that is not heard until it is back.
    pub fn endpoint_gone(&mut self, id: EndpointId) {
        if let Some(master) = self.master.filter(|master| master.endpoint == id) {
            self.is_lost(master);
        }
    }

    /// Says goodbye to the master, for good: what was not delivered is not any more.
    pub fn end(&mut self) {
        self.drop_writes(self.writes.unacked());
        self.leave();
    }

    fn leave(&mut self) {
        if let Some(master) = self.master {
            self.out.control(master.endpoint, self.id, master, Content::goodbye());
        }
    }

    /// Whether a master is there.
    pub fn is_attached(&self) -> bool {
        self.standing == Standing::Attached
    }

    /// Ticks without a word of a master after which it may have gone.
    fn silence(&self) -> u64 {
        SILENCE.saturating_mul(self.heartbeat.into())
    }

    /// So long in ticks, at least.
    fn ticks(&self, time: Duration) -> u64 {
        let tick = self.limits.tick.as_nanos().max(1);
        u64::try_from(time.as_nanos().div_ceil(tick)).unwrap_or(u64::MAX)
    }

    fn silent_ticks(&self) -> u64 {
        self.ticks.saturating_sub(self.heard)
    }

    fn is_lost(&mut self, master: EntityId) {
        if self.is_attached() {
            self.standing = Standing::Silent;
            self.lost = self.ticks;
            self.out.notices.push(Notice::MasterSilent(master));
            self.call();
        }
    }

    fn is_heard(&mut self) {
        self.heard = self.ticks;
        if self.standing == Standing::Silent {
            self.standing = Standing::Attached;
            // It may have parted with a writer that it did not hear for long.
            self.attach_writer();
        }
    }

    /// What is said to a master at each tick.
    fn talk(&mut self, master: EntityId) {
        match self.input.tick() {
            Say::Nothing => {}
            Say::Ack => {
                let seq = self.input.seq();
                let ack = Content::CumulativeAck { seq };
                self.out.control(master.endpoint, self.id, master, ack);
            }
            Say::Nack(_) if self.input.in_vain() > IN_VAIN => self.begin_again(),
            Say::Nack(seqs) => {
                self.out.control(master.endpoint, self.id, master, Content::Nack { seqs });
            }
        }
        if self.writes.tick() {
            let seq = self.writes.seq();
            if !self.is_writing {
                self.attach_writer();
            }
            let alive = Content::Keepalive { seq };
            self.out.control(EndpointId::NIL, self.id, EntityId::NIL, alive);
        }
        if self.writes.unacked() == 0 {
            self.heeded = self.ticks;
        } else if self.ticks.saturating_sub(self.heeded) >= UNHEARD {
            self.heeded = self.ticks;
            self.attach_writer();
        }
    }

    /// Looks for a master, often at first.
    fn search(&mut self) {
        let since = self.ticks.saturating_sub(self.lost);
        let pause = if since < EAGER { CALL } else { self.ticks(self.options.resync).max(CALL) };
        if self.ticks.saturating_sub(self.called) >= pause {
            self.call();
        }
        self.give_up();
    }

    /// Drops what was written too long ago.
    fn give_up(&mut self) {
        let patience = self.ticks(self.options.mutation_buffer);
        let mut dropped = 0_usize;
        while let Some((tick, seq)) = self.ages.front().copied() {
            if self.ticks.saturating_sub(tick) < patience {
                break;
            }
            self.ages.pop_front();
            dropped = dropped.saturating_add(self.writes.forget(seq));
            self.unanswered(seq, |name| StoreError::NoMaster(name.to_owned()));
        }
        self.drop_writes(dropped);
    }

    fn drop_writes(&mut self, count: usize) {
        if count > 0 {
            self.dropped = self.dropped.saturating_add(count as u64);
            self.out.notices.push(Notice::Undelivered(count));
        }
    }

    /// How many writes found no master in time, or were not delivered at the end.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Questions of writes up to this one get no other answer.
    fn unanswered(&mut self, seq: u64, why: impl Fn(&str) -> StoreError) {
        while let Some((asked, request)) = self.questions.front().copied() {
            if asked > seq {
                break;
            }
            self.questions.pop_front();
            self.out.answers.push((request, Err(why(&self.name))));
        }
    }

    fn call(&mut self) {
        self.called = self.ticks;
        let call = Content::asks_for_snapshot();
        self.out.control(EndpointId::NIL, self.id, EntityId::NIL, call);
    }

    /// Has the master forget the clone, and begins with a new snapshot.
    fn begin_again(&mut self) {
        if self.standing != Standing::BeginningAgain {
            self.standing = Standing::BeginningAgain;
            self.lost = self.ticks;
            self.leave();
            self.call();
        }
    }

    fn acknowledged(&mut self, seq: u64) {
        self.is_writing = true;
        if seq > self.writes.acked() {
            self.heeded = self.ticks;
        }
        self.writes.ack(READER, seq);
        while self.ages.front().is_some_and(|(_, last)| *last <= seq) {
            self.ages.pop_front();
        }
    }

    /// Sends what the master misses.
    fn resend(&mut self, seqs: &[u64]) {
        let Some(master) = self.master else { return };
        if seqs.first().is_none_or(|first| *first == 0) || !seqs.is_sorted() {
            return;
        }
        let Some(Nacked::Resend(resend)) = self.writes.nack(READER, seqs) else { return };
        for one in resend {
            match one {
                Resend::Event(_, event) => {
                    self.out.event(EndpointId::NIL, readdressed(&event, master).into());
                }
                Resend::Lost(seq) => {
                    let lost = Content::RetransmitFailed { seq };
                    self.out.control(EndpointId::NIL, self.id, master, lost);
                }
            }
        }
    }

    /// Opens the way on which the master is written to.
    fn attach_writer(&mut self) {
        let Some(master) = self.master else { return };
        let (offset, heartbeat) = (self.writes.acked(), self.limits.heartbeat);
        let open = Content::AttachWriter { offset, heartbeat };
        self.out.control(EndpointId::NIL, self.id, master, open);
    }

    /// A master has sent a snapshot.
    fn snapshot(
        &mut self,
        sender: EntityId,
        offset: u64,
        heartbeat: u16,
        snapshot: Vec<(Data, Data)>,
    ) {
        let is_known = self.master == Some(sender);
        if !is_known && self.is_attached() {
            self.out.notices.push(Notice::AnotherMaster(sender));
            self.out.control(sender.endpoint, self.id, sender, Content::goodbye());
            return;
        }
        // One of the original tells a clone that it knows from where it told it first: all is as it was.
        let begins = self.standing == Standing::BeginningAgain;
        if is_known && !begins && offset < self.input.seq() {
            return;
        }
        if !is_known || begins {
            // What has come early is kept if there was no other master that it may be of.
            if self.has_begun() {
                self.input = Consumer::new(self.limits);
            }
            self.is_writing = false;
        }
        self.master = Some(sender);
        self.standing = Standing::Attached;
        self.heartbeat = heartbeat.max(self.limits.heartbeat);
        self.is_behind = 0;
        self.heard = self.ticks;
        self.heeded = self.ticks;
        self.input.begin(offset, heartbeat);
        self.adopt(snapshot, sender);
        self.out.notices.push(Notice::Attached(sender));
        let ack = Content::CumulativeAck { seq: self.input.seq() };
        self.out.control(sender.endpoint, self.id, sender, ack);
        self.attach_writer();
        // Of what the master has taken already, the answers may have been among what is left out.
        let acked = self.writes.acked();
        self.unanswered(acked, |_| StoreError::Timeout);
        for event in self.writes.events() {
            self.out.event(EndpointId::NIL, readdressed(event, sender).into());
        }
    }

    fn pump(&mut self) {
        while let Some(next) = self.input.next() {
            match next {
                Next::Event(action) => self.apply(action),
                Next::Lost => self.begin_again(),
            }
        }
    }

    /// The question of this number is answered.
    pub(crate) fn answered(&mut self, request: u64, answer: Data) {
        self.questions.retain(|(_, asked)| *asked != request);
        self.out.answers.push((request, Ok(answer)));
    }
}
