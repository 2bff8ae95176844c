//! A master and three clones, and what is between them: a network that loses, repeats and reorders
//! what it carries and is cut for a while, a storage that is told later and fails, and a clock that
//! jumps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use broker_data::{Data, EndpointId, Timestamp};
use proptest::prelude::RngCore;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::backend::{Backend, BackendError, Change};
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::convergence_ledger::{Ledger, Witness};
use crate::entity_id::EntityId;
use crate::master::{Master, MasterOptions};
use crate::output::{Notice, Output};
use crate::replica::Replica;
use crate::replica_options::CloneOptions;
use crate::store_error::StoreError;
use crate::store_event::StoreEvent;

pub(crate) const CLONES: usize = 3;
/// Ticks after which everybody has everything, if nothing is in the way any more.
const REST: usize = 20_000;
/// Ticks after which everybody knows whether somebody has gone.
const SURE: usize = 100;

/// What kind of world it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) limits: ChannelLimits,
    pub(crate) clones: CloneOptions,
    /// Whether the storage is told of each change at once.
    pub(crate) at_once: bool,
}

/// What the network does to a command.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    ComesTwice,
    ComesLate,
}

/// What the storage is about.
enum Keeping {
    Nothing,
    /// It was handed these changes.
    Has(Vec<Change>),
    /// It has made so many, and the master does not know yet.
    HasMade(usize),
}

/// What a clone has written under keys that only it changes, and what has become of it.
#[derive(Default)]
pub(crate) struct Written {
    /// What is not acknowledged: the number of the command, the key and the value.
    open: VecDeque<(u64, Data, Data)>,
    /// Up to where the master has said that it is kept.
    said: u64,
    /// What was acknowledged last, by its key.
    pub(crate) acknowledged: BTreeMap<Data, Data>,
    /// What was written last, by its key.
    pub(crate) last: BTreeMap<Data, Data>,
    /// How often it has added 1 to what it alone adds to.
    pub(crate) added: u64,
    /// How many of all its writes it has announced not to be delivered.
    pub(crate) undelivered: usize,
}

/// See the module.
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) ledger: Arc<Ledger>,
    witness: Witness,
    keeping: Keeping,
    pub(crate) master: Master,
    /// How many masters there were before this one.
    masters: usize,
    /// What this one has begun with.
    pub(crate) began_with: BTreeMap<Data, Data>,
    pub(crate) clones: Vec<Replica>,
    /// What is on its way to each of them, the master last.
    wires: Vec<VecDeque<Arc<[u8]>>>,
    /// Who hears nothing and is not heard.
    is_cut: [bool; CLONES],
    /// What each of them has told its node, the master last.
    pub(crate) told: Vec<Vec<StoreEvent>>,
    pub(crate) written: [Written; CLONES],
    /// What operators were told.
    pub(crate) notices: Vec<Notice>,
    pub(crate) answers: usize,
    /// Writes for which there was no room.
    pub(crate) refused: usize,
    random: TestRng,
    pub(crate) now: i64,
}

pub(crate) fn id(number: usize) -> EntityId {
    EntityId { endpoint: EndpointId([u8::try_from(number).unwrap() + 1; 16]), object: 8 }
}

/// A master with what the ledger has.
fn master(setup: Setup, id: EntityId, ledger: &Arc<Ledger>) -> Master {
    let options = MasterOptions { name: "st".to_owned(), id, limits: setup.limits };
    let backend: Arc<dyn Backend> = Arc::<Ledger>::clone(ledger);
    let mut master = Master::new(options, backend, setup.at_once).unwrap();
    master.set_listeners(true);
    master
}

impl World {
    pub(crate) fn new(setup: Setup, seed: [u8; 32]) -> Self {
        let ledger = Arc::new(Ledger::default());
        let clones = (0..CLONES).map(|number| {
            let ids = [id(number), id(number)];
            let mut clone = Replica::new("st".to_owned(), ids, setup.limits, setup.clones);
            clone.set_listeners(true);
            clone
        });
        Self {
            setup,
            witness: Witness::new(&ledger),
            keeping: Keeping::Nothing,
            master: master(setup, id(CLONES), &ledger),
            masters: 0,
            began_with: BTreeMap::new(),
            ledger,
            clones: clones.collect(),
            wires: vec![VecDeque::new(); CLONES + 1],
            is_cut: [false; CLONES],
            told: vec![Vec::new(); CLONES + 1],
            written: Default::default(),
            notices: Vec::new(),
            answers: 0,
            refused: 0,
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
            now: 0,
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.random.next_u64()
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.number() % most as u64).unwrap()
    }

    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + i64::try_from(self.number() % most.abs_diff(least)).unwrap()
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.now)
    }

    fn fate(&mut self, is_bad: bool) -> Fate {
        match if is_bad { self.below(20) } else { 19 } {
            0 | 1 => Fate::IsLost,
            2 => Fate::ComesTwice,
            3 | 4 => Fate::ComesLate,
            _ => Fate::Arrives,
        }
    }

    /// Has one of them write, the master last; what cannot be done is part of it.
    pub(crate) fn write(&mut self, who: usize, action: Content, is_bad: bool) -> bool {
        let now = self.time();
        let done = match self.clones.get_mut(who) {
            Some(clone) => {
                let (was_full, before) = (clone.is_full(), clone.writes.seq());
                let done = clone.write(action);
                // A clone says no for want of room only, and has nothing to do with it then.
                let is_full = matches!(done, Err(StoreError::Full { .. }));
                assert!(is_full == was_full && (is_full || done.is_ok()), "{done:?}");
                assert_eq!(clone.writes.seq() > before, done.is_ok());
                done
            }
            // Who owns a master asks for room first.
            None if self.master.is_full() => {
                let waited = std::time::Duration::ZERO;
                Err(StoreError::Full { name: "st".to_owned(), waited })
            }
            None => self.master.write(action, now),
        };
        self.refused += usize::from(matches!(done, Err(StoreError::Full { .. })));
        self.flush(who, is_bad);
        done.is_ok()
    }

    /// Has a clone write a greater value than before under a key that only it changes.
    pub(crate) fn write_own(&mut self, at: usize, key: u64, value: u64, is_bad: bool) {
        let (key, value) = (Data::from(format!("{at} {key}")), Data::Count(value));
        let (expiry, publisher) = (None, id(at));
        let action = Content::Put { key: key.clone(), value: value.clone(), expiry, publisher };
        let seq = self.clones[at].writes.next_seq();
        // What comes of it is heard behind.
        self.written[at].open.push_back((seq, key.clone(), value.clone()));
        if self.write(at, action, is_bad) {
            self.written[at].last.insert(key, value);
        } else {
            self.written[at].open.pop_back();
        }
    }

    /// Puts on the wires what one of them says.
    fn spread(&mut self, from: usize, output: Output, is_bad: bool) {
        self.told[from].extend(output.events);
        self.answers += output.answers.len();
        self.notices.extend(output.notices);
        for sending in output.sends {
            let to: Vec<usize> = if from == CLONES {
                (0..CLONES)
                    .filter(|at| sending.to.is_nil() || sending.to == id(*at).endpoint)
                    .collect()
            } else if sending.to.is_nil() || sending.to == self.master.id.endpoint {
                vec![CLONES]
            } else {
                Vec::new()
            };
            for at in to {
                if is_bad && self.is_cut[at.min(from)] {
                    continue;
                }
                let wire_length = self.wires[at].len();
                let command = Arc::clone(&sending.command);
                match self.fate(is_bad) {
                    Fate::Arrives => self.wires[at].push_back(command),
                    Fate::IsLost => {}
                    Fate::ComesTwice => {
                        self.wires[at].push_back(Arc::clone(&command));
                        self.wires[at].push_back(command);
                    }
                    Fate::ComesLate => {
                        let place = wire_length.saturating_sub(self.below(5));
                        self.wires[at].insert(place, command);
                    }
                }
            }
        }
    }

    /// Has everything arrive that is on its way.
    pub(crate) fn deliver(&mut self, is_bad: bool) {
        loop {
            let mut is_quiet = true;
            for at in 0..=CLONES {
                while let Some(bytes) = self.wires[at].pop_front() {
                    is_quiet = false;
                    let command = Command::decode(&bytes).unwrap();
                    let now = self.time();
                    match self.clones.get_mut(at) {
                        Some(clone) => clone.command(command, bytes.len()),
                        None => self.master.command(command, bytes.len(), now),
                    }
                    self.flush(at, is_bad);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn flush(&mut self, at: usize, is_bad: bool) {
        let output = if let Some(clone) = self.clones.get_mut(at) {
            let output = clone.take_output();
            let acked = clone.writes.acked();
            self.written[at].heed(acked, &output.notices);
            output
        } else {
            let output = self.master.take_output();
            self.witness.hear(&self.ledger, &output);
            self.believe(&output);
            output
        };
        self.spread(at, output, is_bad);
    }

    /// What the master acknowledges is kept.
    fn believe(&mut self, output: &Output) {
        for sending in &output.sends {
            let Command { receiver, content, .. } = Command::decode(&sending.command).unwrap();
            let Content::CumulativeAck { seq } = content else { continue };
            let at = (0..CLONES).find(|at| id(*at) == receiver).unwrap();
            let written = &mut self.written[at];
            let said = written.said;
            written.said = said.max(seq);
            let open = written.open.iter().filter(|(one, ..)| said < *one && *one <= seq);
            for (one, key, value) in open {
                let is_kept = self.ledger.has_kept(key, value);
                assert!(is_kept, "{key} = {value}, number {one} of clone {at}, is not kept");
            }
        }
    }

    /// The storage goes on with what it is about, or begins something; with `fails` it may fail.
    pub(crate) fn keep(&mut self, fails: bool, is_bad: bool) {
        let now = self.time();
        self.keeping = match std::mem::replace(&mut self.keeping, Keeping::Nothing) {
            Keeping::Nothing => {
                let most = 1 + self.below(40);
                let changes = self.master.take_changes(most);
                if changes.is_empty() { Keeping::Nothing } else { Keeping::Has(changes) }
            }
            Keeping::Has(changes) if fails && self.below(4) == 0 => {
                let error = BackendError::new("cannot write".to_owned(), "no room");
                self.master.failed(changes, &error);
                Keeping::Nothing
            }
            Keeping::Has(mut changes) => {
                let count = changes.len();
                self.ledger.apply(&mut changes).unwrap();
                Keeping::HasMade(count)
            }
            Keeping::HasMade(count) => {
                self.master.applied(count, now);
                Keeping::Nothing
            }
        };
        self.flush(CLONES, is_bad);
    }

    /// The master ends in the middle of what it does, and another one begins with what was kept.
    pub(crate) fn restart(&mut self, is_bad: bool) {
        if let Keeping::Has(mut changes) = std::mem::replace(&mut self.keeping, Keeping::Nothing) {
            if self.below(2) == 0 {
                self.ledger.apply(&mut changes).unwrap();
            }
        }
        let before = self.master.id;
        self.masters += 1;
        self.master = master(self.setup, id(CLONES + self.masters), &self.ledger);
        self.witness = Witness::new(&self.ledger);
        self.began_with = self.ledger.values();
        self.told[CLONES].clear();
        // What was on its way from it may still arrive.
        self.wires[CLONES].clear();
        for at in 0..CLONES {
            self.written[at].said = 0;
            // Some hear of it at once, others find that out.
            if self.below(2) == 0 {
                self.clones[at].endpoint_gone(before.endpoint);
                self.flush(at, is_bad);
            }
        }
    }

    /// Cuts the way to a clone, or mends it; sometimes the nodes notice.
    pub(crate) fn cut_or_mend(&mut self, at: usize, is_bad: bool) {
        self.is_cut[at] = !self.is_cut[at];
        if self.below(2) == 0 {
            if self.is_cut[at] {
                let master = self.master.id.endpoint;
                self.clones[at].endpoint_gone(master);
                self.master.endpoint_gone(id(at).endpoint);
            } else {
                self.clones[at].master_may_be_back();
            }
            self.flush(at, is_bad);
        }
    }

    /// Time passes, on the clock by `jump` nanoseconds more.
    pub(crate) fn tick(&mut self, jump: i64, is_bad: bool) {
        self.now += 100_000_000 + jump;
        let now = self.time();
        self.master.tick(now);
        self.flush(CLONES, is_bad);
        for at in 0..CLONES {
            self.clones[at].tick();
            self.flush(at, is_bad);
        }
        self.deliver(is_bad);
        for (key, value) in self.written.iter().flat_map(|written| &written.acknowledged) {
            let kept = self.ledger.get(key).unwrap().map(|entry| entry.value);
            assert!(kept.as_ref() >= Some(value), "{key} = {value} was acknowledged: {kept:?}");
        }
    }

    fn is_idle(&self) -> bool {
        let is_idle = |clone: &Replica| clone.is_idle() && clone.master == Some(self.master.id);
        self.master.is_idle() && self.clones.iter().all(is_idle)
    }

    /// Nothing is in the way any more: all come to rest, and are equal then.
    pub(crate) fn settle(&mut self) {
        let (mut ticks, mut idle) = (0, 0);
        while idle < SURE {
            while !matches!(self.keeping, Keeping::Nothing) || self.master.has_changes() {
                self.keep(false, false);
            }
            self.tick(0, false);
            idle = if self.is_idle() { idle + 1 } else { 0 };
            ticks += 1;
            assert!(ticks < REST, "they do not come to rest");
        }
        let entries = self.ledger.values();
        for at in 0..CLONES {
            let clone: BTreeMap<Data, Data> = self.clones[at].entries.clone().into_iter().collect();
            assert!(clone == entries, "clone {at} has something else than the master");
            let heard = outcome(BTreeMap::new(), &self.told[at]);
            assert_eq!(heard, entries, "clone {at} has told something else");
        }
        assert_eq!(outcome(self.began_with.clone(), &self.told[CLONES]), entries);
    }
}

impl Written {
    /// The clone knows that everything up to this is kept, unless it says otherwise.
    fn heed(&mut self, acked: u64, notices: &[Notice]) {
        let undelivered: usize = notices
            .iter()
            .map(|notice| if let Notice::Undelivered(count) = notice { *count } else { 0 })
            .sum();
        self.undelivered += undelivered;
        while self.open.front().is_some_and(|(seq, ..)| *seq <= acked) {
            let Some((_, key, value)) = self.open.pop_front() else { break };
            if undelivered == 0 {
                self.acknowledged.insert(key, value);
            }
        }
    }
}

/// What the events make of entries.
fn outcome(mut entries: BTreeMap<Data, Data>, events: &[StoreEvent]) -> BTreeMap<Data, Data> {
    for event in events {
        match event {
            StoreEvent::Insert { key, value, .. } => {
                assert_eq!(entries.insert(key.clone(), value.clone()), None, "{key} was there");
            }
            StoreEvent::Update { key, old, new, .. } => {
                let before = entries.insert(key.clone(), new.clone());
                assert_eq!(before.as_ref(), Some(old), "{key} stood for something else");
            }
            StoreEvent::Erase { key, .. } | StoreEvent::Expire { key, .. } => {
                assert!(entries.remove(key).is_some(), "{key} was not there");
            }
        }
    }
    entries
}
