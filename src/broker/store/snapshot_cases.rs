use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use broker_data::{Data, EndpointId, Timestamp};

use crate::backend::{Backend, BackendError, Change, Entry, Visit};
use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::entity_id::EntityId;
use crate::master::{Master, MasterOptions};
use crate::memory::Memory;
use crate::output::{Notice, Output};

const NOW: Timestamp = Timestamp::from_nanos(0);
/// The longest command.
const LONGEST: usize = 4096;

/// Has entries without end, until it is cleared.
struct Endless {
    left: Mutex<Option<Memory>>,
    /// How many were shown.
    shown: AtomicU64,
}

impl Backend for Endless {
    fn get(&self, _: &Data) -> Result<Option<Entry>, BackendError> {
        Ok(None)
    }

    fn contains(&self, _: &Data) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        Ok(BTreeSet::new())
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        if let Some(left) = &*self.left.lock().unwrap() {
            return left.each(visit);
        }
        loop {
            let number = self.shown.fetch_add(1, Ordering::Relaxed);
            if visit(number.into(), Entry { value: Data::from("value"), expiry: None })
                == ControlFlow::Break(())
            {
                return Ok(());
            }
        }
    }

    fn len(&self) -> Result<u64, BackendError> {
        Ok(u64::MAX)
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        Ok(Vec::new())
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        self.left.lock().unwrap().get_or_insert_default().apply(changes)
    }
}

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

fn master(backend: Arc<dyn Backend>) -> Master {
    let limits = ChannelLimits { command: LONGEST, ..ChannelLimits::default() };
    Master::new(MasterOptions { name: "st".to_owned(), id: id(1), limits }, backend, true).unwrap()
}

fn says(master: &mut Master, sender: u8, content: Content) {
    let command = Command { seq: 0, sender: id(sender), receiver: EntityId::NIL, content };
    master.command(command, 100, NOW);
}

/// A clone asks for a snapshot: how many it was refused, and how many it was sent.
fn asks(master: &mut Master) -> (usize, usize) {
    says(master, 2, Content::asks_for_snapshot());
    let output = master.take_output();
    let is_refusal = |notice: &&Notice| matches!(notice, Notice::NoSnapshot(..));
    (output.notices.iter().filter(is_refusal).count(), output.sends.len())
}

#[test]
fn no_more_is_read_for_a_snapshot_than_fits() {
    let endless = Arc::new(Endless { left: Mutex::default(), shown: AtomicU64::new(0) });
    let mut master = master(Arc::clone(&endless) as Arc<dyn Backend>);
    assert_eq!(asks(&mut master), (1, 0));
    let shown = endless.shown.load(Ordering::Relaxed);
    assert!((100..1000).contains(&shown), "{shown}");
    // Nor is it looked again at once.
    assert_eq!(asks(&mut master), (0, 0));
    assert_eq!(endless.shown.load(Ordering::Relaxed), shown);
    for _ in 0..100 {
        master.tick(NOW);
    }
    master.take_output();
    assert_eq!(asks(&mut master), (1, 0));
    // Nothing is too much for nobody.
    master.write(Content::Clear { publisher: id(1) }, NOW).unwrap();
    assert_eq!(asks(&mut master), (0, 1));
}

#[test]
fn it_is_said_once_that_there_is_little_room_left() {
    let mut master = master(Arc::<Memory>::default());
    let long = |output: &Output| {
        let notices = output.notices.iter();
        notices.filter(|notice| matches!(notice, Notice::LongSnapshot(..))).count()
    };
    let put = |master: &mut Master, key: u64, bytes: usize| {
        let (key, value) = (key.into(), Data::from("x".repeat(bytes)));
        let publisher = id(1);
        let put = Content::Put { key, value, expiry: None, publisher };
        master.write(put, NOW).unwrap();
        // What other clones are told of it.
        master.take_output();
    };
    let asked = |master: &mut Master, sender: u8| {
        says(master, sender, Content::asks_for_snapshot());
        let output = master.take_output();
        assert_eq!(output.sends.len(), 1);
        output
    };
    put(&mut master, 1, LONGEST / 2);
    assert_eq!(long(&asked(&mut master, 2)), 0);
    put(&mut master, 2, LONGEST / 3);
    let output = asked(&mut master, 3);
    let length = output.notices.iter().find_map(|notice| match notice {
        Notice::LongSnapshot(bytes, most) => Some((*bytes, *most)),
        _ => None,
    });
    let (bytes, most) = length.unwrap();
    assert!(most == LONGEST && (LONGEST / 4 * 3..LONGEST).contains(&bytes), "{bytes} of {most}");
    assert_eq!(long(&asked(&mut master, 4)), 0, "once is enough");
    master.write(Content::Clear { publisher: id(1) }, NOW).unwrap();
    master.take_output();
    assert_eq!(long(&asked(&mut master, 5)), 0);
    put(&mut master, 3, LONGEST / 5 * 4);
    assert_eq!(long(&asked(&mut master, 6)), 1, "it has got long again");
}
