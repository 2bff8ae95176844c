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
use crate::output::Notice;

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

/// A clone writes its third event, of which the first two are missing, and goes: what is told of it.
fn is_lost_when(goes: impl Fn(&mut Master)) -> bool {
    let mut master = master(Arc::new(Memory::default()));
    says(&mut master, 2, Content::asks_for_snapshot());
    says(&mut master, 2, Content::AttachWriter { offset: 1, heartbeat: 5 });
    let content = Content::Erase { key: Data::Count(1), publisher: id(2) };
    let early = Command { seq: 4, sender: id(2), receiver: EntityId::NIL, content };
    master.command(early, 100, NOW);
    assert_eq!(master.statistics().early, 1);
    goes(&mut master);
    assert_eq!(master.statistics().inputs, 0);
    master.take_output().notices.iter().any(|notice| matches!(notice, Notice::Lost(_, 1)))
}

#[test]
fn only_what_is_not_said_again_is_lost() {
    assert!(is_lost_when(|master| says(master, 2, Content::goodbye())));
    // It may be heard again.
    assert!(!is_lost_when(|master| {
        for _ in 0..1000 {
            master.tick(NOW);
        }
    }));
    assert!(!is_lost_when(Master::step_back));
}
