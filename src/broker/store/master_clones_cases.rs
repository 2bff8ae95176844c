use std::sync::Arc;

use broker_data::{EndpointId, Timestamp};

use super::*;
use crate::backend::Backend;
use crate::channel::ChannelLimits;
use crate::command::Command;
use crate::master::MasterOptions;
use crate::memory::Memory;
use crate::output::Sending;
use crate::replica::Replica;
use crate::replica_options::CloneOptions;

/// When everything happens.
const NOW: Timestamp = Timestamp::from_nanos(0);

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

fn put(key: &str, value: u64) -> Content {
    let (key, value) = (Data::from(key), Data::Count(value));
    Content::Put { key, value, expiry: None, publisher: EntityId::NIL }
}

/// A master and a clone; there is room for one event.
fn with_clone() -> (Master, Replica) {
    let limits = ChannelLimits { events: 1, ..ChannelLimits::default() };
    let backend: Arc<dyn Backend> = Arc::new(Memory::default());
    let options = MasterOptions { name: "st".to_owned(), id: id(1), limits };
    let master = Master::new(options, backend, true).unwrap();
    let ids = [id(2), id(2)];
    (master, Replica::new("st".to_owned(), ids, limits, CloneOptions::default()))
}

fn hear(clone: &mut Replica, said: &[Sending]) {
    for sending in said {
        clone.command(Command::decode(&sending.command).unwrap(), sending.command.len());
    }
}

/// Has everything arrive that is said.
fn talk(master: &mut Master, clone: &mut Replica) {
    while clone.has_output() || master.has_output() {
        for sending in clone.take_output().sends {
            let command = Command::decode(&sending.command).unwrap();
            master.command(command, sending.command.len(), NOW);
        }
        hear(clone, &master.take_output().sends);
    }
}

/// There is no other clone, and so the master speaks of changes to nobody; it acknowledges writes.
#[test]
fn a_clone_that_was_parted_with_hears_that_although_it_writes() {
    let (mut master, mut clone) = with_clone();
    talk(&mut master, &mut clone);
    assert_eq!(master.statistics().outputs, 1);
    // What it is told last is acknowledged by nobody for long: there is no room for more.
    master.write(put("key", 1), NOW).unwrap();
    let told = master.take_output().sends.remove(0);
    for _ in 0..MAX_FULL {
        master.tick(NOW);
    }
    assert_eq!(master.statistics().outputs, 0);
    drop(master.take_output());
    master.write(put("key", 2), NOW).unwrap();
    clone.write(put("own", 1)).unwrap();
    clone.tick();
    drop(clone.take_output());
    hear(&mut clone, &[told]);
    for number in 2..100 {
        // There is no room as long as the last one is not acknowledged.
        let _ = clone.write(put("own", number));
        master.tick(NOW);
        clone.tick();
        talk(&mut master, &mut clone);
    }
    assert_eq!(master.statistics().outputs, 1);
    assert_eq!(clone.get(&Data::from("key")).unwrap(), Data::Count(2));
}

#[test]
fn a_snapshot_that_comes_late_is_not_taken_for_the_one_after_it() {
    let (mut master, mut clone) = with_clone();
    master.join(id(2));
    let late = master.take_output().sends;
    // Nobody is told of what changes now.
    master.nack(id(2), &[1, 0]);
    master.write(put("key", 1), NOW).unwrap();
    master.join(id(2));
    hear(&mut clone, &master.take_output().sends);
    hear(&mut clone, &late);
    assert_eq!(clone.get(&Data::from("key")).unwrap(), Data::Count(1));
}

/// The storage has not kept yet what the snapshot has.
#[test]
fn whoever_waits_for_a_snapshot_of_a_master_that_steps_back_does_not_get_it() {
    let backend: Arc<dyn Backend> = Arc::new(Memory::default());
    let limits = ChannelLimits::default();
    let options = MasterOptions { name: "st".to_owned(), id: id(1), limits };
    let mut master = Master::new(options, backend, false).unwrap();
    master.write(put("key", 1), NOW).unwrap();
    let taken = master.take_changes(10);
    master.join(id(2));
    master.step_back();
    master.applied(taken.len(), NOW);
    assert_eq!((master.statistics().outputs, master.take_output().sends.len()), (0, 0));
    // Once that one has gone, it asks again.
    master.join(id(2));
    assert_eq!((master.statistics().outputs, master.take_output().sends.len()), (1, 1));
}

#[test]
fn there_are_so_many_clones_and_writers_and_no_more() {
    let id = |number: usize| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(number as u64 + 2).to_be_bytes());
        EntityId { endpoint: EndpointId(bytes), object: 8 }
    };
    let (mut master, _) = with_clone();
    let one_more = |master: &mut Master, one: EntityId, content: Content| {
        let command = Command { seq: 0, sender: one, receiver: EntityId::NIL, content };
        master.command(command, 1, NOW);
        let notices = master.take_output().notices;
        notices.iter().any(|notice| matches!(notice, Notice::TooMany(other) if *other == one))
    };
    let asks = Content::asks_for_snapshot;
    let opens = || Content::AttachWriter { offset: 1, heartbeat: 5 };
    for number in 0..MAX_CLONES {
        assert!(!one_more(&mut master, id(number), asks()), "clone {number}");
        assert!(!one_more(&mut master, id(number), opens()), "writer {number}");
    }
    let (last, most) = (id(MAX_CLONES), MAX_CLONES as u64);
    assert!(one_more(&mut master, last, asks()) && one_more(&mut master, last, opens()));
    assert_eq!((master.statistics().outputs, master.statistics().inputs), (most, most));
    // One that is there already may open its way again.
    assert!(!one_more(&mut master, id(0), opens()));
    // Once one has gone, there is room.
    let goodbye =
        Command { seq: 0, sender: id(0), receiver: EntityId::NIL, content: Content::goodbye() };
    master.command(goodbye, 1, NOW);
    assert!(!one_more(&mut master, last, asks()) && !one_more(&mut master, last, opens()));
    assert_eq!((master.statistics().outputs, master.statistics().inputs), (most, most));
}
