use std::sync::Arc;

use broker_data::{EndpointId, Timestamp};

use super::*;
use crate::backend::Backend;
use crate::channel::ChannelLimits;
use crate::command::Command;
use crate::master::MasterOptions;
use crate::memory::Memory;
use crate::replica::Replica;
use crate::replica_options::CloneOptions;

/// When everything happens.
const NOW: Timestamp = Timestamp::from_nanos(0);

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

fn put(value: u64) -> Content {
    let (key, value) = (Data::from("key"), Data::Count(value));
    Content::Put { key, value, expiry: None, publisher: EntityId::NIL }
}

/// A master, and clones for which there is room for one event.
fn with_clones() -> (Master, [Replica; 2]) {
    let limits = ChannelLimits { events: 1, ..ChannelLimits::default() };
    let backend: Arc<dyn Backend> = Arc::new(Memory::default());
    let options = MasterOptions { name: "st".to_owned(), id: id(1), limits };
    let master = Master::new(options, backend, true).unwrap();
    let clones = [2, 3].map(|number| {
        let ids = [id(number), id(number)];
        Replica::new("st".to_owned(), ids, limits, CloneOptions::default())
    });
    (master, clones)
}

/// Has everything arrive that is said, for the clones that hear.
fn talk(master: &mut Master, clones: &mut [Replica]) {
    loop {
        let mut is_quiet = true;
        for sending in clones.iter_mut().flat_map(|clone| clone.take_output().sends) {
            is_quiet = false;
            master.command(Command::decode(&sending.command).unwrap(), 1, NOW);
        }
        for sending in master.take_output().sends {
            is_quiet = false;
            for clone in &mut *clones {
                clone.command(Command::decode(&sending.command).unwrap(), 1);
            }
        }
        if is_quiet {
            return;
        }
    }
}

fn tick(master: &mut Master, clones: &mut [Replica]) {
    master.tick(NOW);
    for clone in &mut *clones {
        clone.tick();
    }
    talk(master, clones);
}

#[test]
fn a_clone_that_was_parted_with_hears_that_also_if_it_misses_no_number() {
    let (mut master, mut clones) = with_clones();
    talk(&mut master, &mut clones);
    assert_eq!(master.statistics().outputs, 2);
    // What all are told last, and nobody acknowledges: there is no room for more.
    master.write(put(1), NOW).unwrap();
    let told = master.take_output().sends.remove(0);
    for _ in 0..MAX_FULL {
        master.tick(NOW);
    }
    assert_eq!(master.statistics().outputs, 0);
    drop(master.take_output());
    master.write(put(2), NOW).unwrap();
    // One finds that out, and the master speaks to all again; the other has heard all that was said.
    let [other, one] = &mut clones;
    other.command(Command::decode(&told.command).unwrap(), 1);
    one.master_may_be_back();
    one.endpoint_gone(id(1).endpoint);
    for _ in 0..MAX_FULL {
        tick(&mut master, &mut clones);
    }
    assert_eq!(master.statistics().outputs, 2);
    for clone in &clones {
        assert_eq!(clone.get(&Data::from("key")).unwrap(), Data::Count(2));
    }
}
