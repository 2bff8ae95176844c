//! A master and three clones over a network that loses, repeats and reorders what it carries, and is
//! cut for a while: what comes of ten thousand changes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use broker_data::{Data, EndpointId, Timestamp, Type};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::backend::Backend;
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::entity_id::EntityId;
use crate::master::{Master, MasterOptions};
use crate::memory::Memory;
use crate::output::Output;
use crate::replica::Replica;
use crate::replica_options::CloneOptions;
use crate::store_event::StoreEvent;

const CLONES: usize = 3;
const CHANGES: usize = 10_000;
/// Changes that are made from one tick to the next.
const A_TICK: usize = 20;

/// What the network does to a command.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    ComesTwice,
    ComesLate,
}

struct World {
    master: Master,
    clones: Vec<Replica>,
    /// What is on its way to each of them, the master last.
    wires: Vec<VecDeque<Arc<[u8]>>>,
    /// Who hears nothing and is not heard.
    is_cut: [bool; CLONES],
    /// What each of them has told its node, the master last.
    told: Vec<Vec<StoreEvent>>,
    answers: usize,
    /// Whether everything may be erased at once, which is told in no particular order.
    clears: bool,
    random: TestRng,
    now: i64,
}

fn id(number: usize) -> EntityId {
    EntityId { endpoint: EndpointId([u8::try_from(number).unwrap() + 1; 16]), object: 8 }
}

impl World {
    fn new(seed: [u8; 32]) -> Self {
        let options = MasterOptions {
            name: "st".to_owned(),
            id: id(CLONES),
            limits: ChannelLimits::default(),
        };
        let backend: Arc<dyn Backend> = Arc::new(Memory::default());
        let mut master = Master::new(options, backend, true).unwrap();
        master.set_listeners(true);
        let limits = ChannelLimits::default();
        let clones = (0..CLONES).map(|number| {
            let mut clone = Replica::new(
                "st".to_owned(),
                [id(number), id(number)],
                limits,
                CloneOptions::default(),
            );
            clone.set_listeners(true);
            clone
        });
        Self {
            master,
            clones: clones.collect(),
            wires: vec![VecDeque::new(); CLONES + 1],
            is_cut: [false; CLONES],
            told: vec![Vec::new(); CLONES + 1],
            answers: 0,
            clears: true,
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
            now: 0,
        }
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.random.next_u64() % most as u64).unwrap()
    }

    fn time(&self) -> Timestamp {
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

    /// Puts on the wires what one of them says.
    fn spread(&mut self, from: usize, output: Output, is_bad: bool) {
        self.told[from].extend(output.events);
        self.answers += output.answers.len();
        for sending in output.sends {
            let to: Vec<usize> = if from == CLONES {
                (0..CLONES)
                    .filter(|at| sending.to.is_nil() || sending.to == id(*at).endpoint)
                    .collect()
            } else {
                vec![CLONES]
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
    fn deliver(&mut self, is_bad: bool) {
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
        let output = match self.clones.get_mut(at) {
            Some(clone) => clone.take_output(),
            None => self.master.take_output(),
        };
        self.spread(at, output, is_bad);
    }

    fn tick(&mut self, is_bad: bool) {
        self.now += 100_000_000;
        let now = self.time();
        self.master.tick(now);
        self.flush(CLONES, is_bad);
        for at in 0..CLONES {
            self.clones[at].tick();
            self.flush(at, is_bad);
        }
        self.deliver(is_bad);
    }

    fn change(&mut self, is_bad: bool) {
        let who = self.below(CLONES + 1);
        let key = Data::Count(self.below(50) as u64);
        let publisher = id(who);
        let action = match self.below(12) {
            0..5 => Content::Put { key, value: self.value(), expiry: None, publisher },
            5..8 => {
                let (value, init) = (Data::Count(self.below(9) as u64), Type::Count);
                Content::Add { key, value, init, expiry: None, publisher }
            }
            8 => Content::Subtract { key, value: Data::Count(1), expiry: None, publisher },
            9 => Content::Erase { key, publisher },
            10 => {
                let (value, expiry) = (self.value(), None);
                let (who, request) = (publisher, self.random.next_u64());
                Content::PutUnique { key, value, expiry, who, request, publisher }
            }
            _ if self.clears && self.below(40) == 0 => Content::Clear { publisher },
            _ => Content::Put { key, value: Data::Count(0), expiry: None, publisher },
        };
        let now = self.time();
        // What cannot be done is part of it.
        let _ = match self.clones.get_mut(who) {
            Some(clone) => clone.write(action),
            None => self.master.write(action, now),
        };
        self.flush(who, is_bad);
    }

    fn value(&mut self) -> Data {
        Data::Count(self.below(1000) as u64)
    }

    fn entries(&self) -> BTreeMap<Data, Data> {
        self.master.storage.snapshot(usize::MAX).unwrap().unwrap().into_iter().collect()
    }
}

/// What the events make of entries.
fn outcome(events: &[StoreEvent]) -> BTreeMap<Data, Data> {
    let mut entries = BTreeMap::new();
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

fn run(seed: [u8; 32]) {
    let mut world = World::new(seed);
    world.tick(false);
    for step in 0..CHANGES {
        world.change(true);
        if step % A_TICK == 0 {
            if world.below(30) == 0 {
                let at = world.below(CLONES);
                world.is_cut[at] = !world.is_cut[at];
            }
            world.tick(true);
        }
    }
    let mut ticks = 0;
    while !world.master.is_idle() || !world.clones.iter().all(Replica::is_idle) {
        world.tick(false);
        ticks += 1;
        assert!(ticks < 20_000, "they do not come to rest");
    }
    let entries = world.entries();
    for at in 0..CLONES {
        let clone: BTreeMap<Data, Data> = world.clones[at].entries.clone().into_iter().collect();
        assert!(clone == entries, "clone {at} has something else than the master");
        assert_eq!(outcome(&world.told[at]), entries, "clone {at} has told something else");
    }
    assert_eq!(outcome(&world.told[CLONES]), entries);
}

/// Whoever was never cut for long has heard the same as the master, in the same order.
#[test]
fn every_clone_hears_of_every_change_in_the_order_of_the_master() {
    let mut world = World::new([7; 32]);
    world.clears = false;
    world.tick(false);
    for step in 0..CHANGES {
        world.change(true);
        if step % A_TICK == 0 {
            world.tick(true);
        }
    }
    while !world.master.is_idle() || !world.clones.iter().all(Replica::is_idle) {
        world.tick(false);
    }
    for at in 0..CLONES {
        assert_eq!(world.told[at].len(), world.told[CLONES].len());
        assert!(world.told[at] == world.told[CLONES], "clone {at} has heard something else");
    }
    assert!(world.answers > 100);
}

#[test]
fn all_are_equal_in_the_end_whatever_the_network_does() {
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    runner
        .run(&any::<[u8; 32]>(), |seed| {
            run(seed);
            Ok(())
        })
        .unwrap();
}
