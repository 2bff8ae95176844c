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
use crate::consumer::Consumer;
use crate::entity_id::EntityId;
use crate::fitting;
use crate::master::StoreStatistics;
use crate::output::Output;
use crate::producer::Producer;
use crate::replica_options::CloneOptions;
use crate::store_error::StoreError;

/// See the module.
pub struct Replica {
    pub(crate) name: String,
    pub(crate) id: EntityId,
    /// Who asks on this node.
    pub(crate) frontend: EntityId,
    pub(crate) limits: ChannelLimits,
    pub(crate) options: CloneOptions,
    pub(crate) entries: HashMap<Data, Data>,
    pub(crate) master: Option<EntityId>,
    pub(crate) input: Consumer<Content>,
    /// Ticks between the master's signs of life.
    pub(crate) heartbeat: u16,
    /// How often in a row the master has said that it is not so far as it was.
    pub(crate) is_behind: u8,
    /// How many writes were dropped, of all that there were.
    pub(crate) dropped: u64,
    /// What was written and not acknowledged.
    pub(crate) writes: Producer,
    /// When writes were made: the tick, and the number of the last one in it.
    pub(crate) ages: VecDeque<(u64, u64)>,
    /// Whether the master knows the writer.
    pub(crate) is_writing: bool,
    /// The tick in which the master acknowledged something, or there was nothing to acknowledge.
    pub(crate) heeded: u64,
    pub(crate) standing: Standing,
    pub(crate) ticks: u64,
    /// The tick in which the master was heard.
    pub(crate) heard: u64,
    /// The tick in which the search began.
    pub(crate) lost: u64,
    pub(crate) called: u64,
    /// Questions that a master has to answer, by the number of what was written for them.
    pub(crate) questions: VecDeque<(u64, u64)>,
    /// Whether anybody in this node is told of changes.
    pub(crate) has_listeners: bool,
    pub(crate) out: Output,
}

/// How a clone stands to its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
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
pub(crate) const READER: EntityId = EntityId::NIL;

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

    /// The number of the last write.
    pub fn made(&self) -> u64 {
        self.writes.seq()
    }

    /// The number of the last write up to which the master has kept all, or which were dropped.
    pub fn kept(&self) -> u64 {
        self.writes.acked()
    }

    /// How it does.
    pub fn statistics(&self) -> StoreStatistics {
        StoreStatistics {
            entries: self.entries.len() as u64,
            inputs: u64::from(self.has_begun()),
            outputs: u64::from(self.is_writing),
            early: self.input.early() as u64,
            unacked: self.writes.unacked() as u64,
            acked: self.writes.delivered(),
        }
    }

    /// What a key stands for.
    pub fn get(&self, key: &Data) -> Result<Data, StoreError> {
        let found = self.fresh()?.get(key).cloned();
        found.ok_or_else(|| StoreError::no_such_key().of(&self.name, "get", Some(key)))
    }

    /// What it contains under an index: see [`index`].
    pub fn get_index(&self, key: &Data, by: &Data) -> Result<Data, StoreError> {
        let value = self.get(key)?;
        index(value, by).map_err(|error| error.of(&self.name, "get_index", Some(key)))
    }

    /// Whether a key stands for anything.
    pub fn exists(&self, key: &Data) -> Result<bool, StoreError> {
        Ok(self.fresh()?.contains_key(key))
    }

    /// All keys.
    pub fn keys(&self) -> Result<BTreeSet<Data>, StoreError> {
        Ok(self.fresh()?.keys().cloned().collect())
    }

    /// Whether nothing is answered, since there has been no word of a master for too long or never.
    pub fn is_stale(&self) -> bool {
        self.fresh().is_err()
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
            fitting::check(key, value, self.limits.command)
                .map_err(|error| error.of(&self.name, action.operation(), Some(key)))?;
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
}
