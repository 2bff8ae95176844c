use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use broker_data::{Data, Timestamp};
use broker_store::{
    Backend, BackendError, BackendKind, BackendOptions, Change, Content, Entry, StoreError, Visit,
    open,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use ostler_runtime::Deadline;

use crate::store::Store;
use crate::store_handle::Handle;
use crate::store_reader::Reader;
use crate::store_thread::again;
use crate::{Endpoint, EndpointOptions};

/// Keeps entries in memory, says in which threads it was told of changes, and fails when it shall.
struct Told {
    memory: Box<dyn Backend>,
    by: Mutex<Vec<ThreadId>>,
    fails: AtomicBool,
    panics: AtomicBool,
    /// Who is told that it was asked, and what it waits for then.
    gate: Option<(Sender<()>, Receiver<()>)>,
    changes: AtomicU64,
    /// How often it was counted.
    counted: AtomicU64,
}

impl Told {
    fn new(gate: Option<(Sender<()>, Receiver<()>)>) -> Arc<Self> {
        let memory = open(BackendKind::Memory, &BackendOptions::default()).unwrap();
        Arc::new(Self {
            memory,
            by: Mutex::default(),
            fails: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            gate,
            changes: AtomicU64::new(0),
            counted: AtomicU64::new(0),
        })
    }

    fn by(&self) -> Vec<ThreadId> {
        self.by.lock().unwrap().clone()
    }
}

impl Backend for Told {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        self.memory.get(key)
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        self.memory.contains(key)
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        self.memory.keys()
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        self.memory.each(visit)
    }

    fn len(&self) -> Result<u64, BackendError> {
        self.counted.fetch_add(1, Ordering::Relaxed);
        self.memory.len()
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        self.memory.expiries()
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        self.by.lock().unwrap().push(thread::current().id());
        if let Some((asked, go_on)) = &self.gate {
            asked.send(()).unwrap();
            go_on.recv().unwrap();
        }
        assert!(!self.panics.load(Ordering::Relaxed), "over the edge");
        if self.fails.load(Ordering::Relaxed) {
            let (what, source) = ("cannot write".to_owned(), "the disk is full".into());
            return Err(BackendError { what, source });
        }
        self.changes.fetch_add(changes.len() as u64, Ordering::Relaxed);
        self.memory.apply(changes)
    }
}

fn node() -> Endpoint {
    let mut options = EndpointOptions::default();
    options.stores.storage_retry = Duration::from_millis(20);
    Endpoint::new(options).unwrap()
}

fn master(node: &Endpoint, backend: &Arc<Told>) -> Store {
    let (core, backend) = (node.core(), Arc::clone(backend));
    let made = core.stores.find_or("st", || Handle::master(core, "st", backend, false));
    Store(made.unwrap())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[test]
fn who_waits_for_the_answer_hands_the_change_over_itself() {
    let by_others = |backend: &Told| {
        let by = backend.by();
        by.iter().filter(|id| **id != thread::current().id()).count()
    };
    let mut all = Vec::new();
    // The store's thread looks once what there is when it begins. It is called again only if it is
    // held up so long with that that the next change comes meanwhile, which is not so each time.
    for _ in 0..5 {
        let (node, backend) = (node(), Told::new(None));
        let store = master(&node, &backend);
        for number in 0..100_u64 {
            assert!(store.put_unique(number, number, None).unwrap());
            assert!(!store.put_unique(number, number, None).unwrap());
        }
        assert_eq!(backend.by().len(), 100);
        let before = by_others(&backend);
        // Nobody waits for this one.
        store.put("a", 1_u64, None).unwrap();
        store.flush(soon()).unwrap();
        assert_eq!(by_others(&backend), before + 1);
        all.push(before);
    }
    assert!(all.iter().any(|before| *before <= 1), "{all:?}");
}

#[test]
fn what_others_change_meanwhile_is_handed_over_behind_it() {
    let ((asked, was_asked), (go_on, goes_on)) = (bounded(10), bounded(10));
    let (node, backend) = (node(), Told::new(Some((asked, goes_on))));
    let store = master(&node, &backend);
    thread::scope(|scope| {
        let first = scope.spawn(|| store.put_unique("first", 1_u64, None));
        was_asked.recv().unwrap();
        for number in 0..10_u64 {
            store.put(number, number, None).unwrap();
        }
        let second = scope.spawn(|| store.put_unique("second", 2_u64, None));
        // One for each batch that there may be.
        for _ in 0..10 {
            go_on.send(()).unwrap();
        }
        assert!(first.join().unwrap().unwrap() && second.join().unwrap().unwrap());
    });
    store.flush(soon()).unwrap();
    assert_eq!(backend.len().unwrap(), 12);
}

#[test]
fn many_at_once_all_have_their_answers() {
    let (node, backend) = (node(), Told::new(None));
    let store = master(&node, &backend);
    thread::scope(|scope| {
        for number in 0..8_u64 {
            let store = store.clone();
            scope.spawn(move || {
                for turn in 0..200_u64 {
                    assert!(store.put_unique((number + 1) * 1000 + turn, turn, None).unwrap());
                    store.put(number, turn, None).unwrap();
                }
            });
        }
    });
    drop(store);
    assert_eq!(backend.changes.load(Ordering::Relaxed), 8 * 200 * 2);
}

#[test]
fn a_flush_waits_for_what_was_written_before_it() {
    let ((asked, was_asked), (go_on, goes_on)) = (bounded(10), bounded(10));
    let (node, backend) = (node(), Told::new(Some((asked, goes_on))));
    let store = master(&node, &backend);
    store.put("mine", 1_u64, None).unwrap();
    was_asked.recv().unwrap();
    thread::scope(|scope| {
        let flushed = scope.spawn(|| store.flush(soon()));
        // There is always something that waits: what is taken with the second batch is not kept.
        let deadline = soon();
        while store.0.host.lock().waits == 0 {
            assert!(!deadline.passed(), "nobody waits");
            thread::yield_now();
        }
        store.put("another's", 1_u64, None).unwrap();
        go_on.send(()).unwrap();
        was_asked.recv().unwrap();
        flushed.join().unwrap().unwrap();
    });
    assert!(store.flush(Deadline::after(Duration::ZERO)).is_err());
    go_on.send(()).unwrap();
    store.flush(soon()).unwrap();
}

#[test]
fn a_store_is_attached_again_once_its_storage_is_closed() {
    let node = node();
    for _ in 0..200 {
        let backend = Told::new(None);
        let closed = Arc::downgrade(&backend);
        let store = master(&node, &backend);
        drop(backend);
        store.put("a", 1_u64, None).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| drop(store));
            let core = node.core();
            let again = core.stores.find_or("st", || {
                assert_eq!(closed.strong_count(), 0, "it is open still");
                Handle::master(core, "st", Told::new(None), false)
            });
            drop(again.unwrap());
        });
    }
}

#[test]
fn a_storage_is_asked_once_how_much_it_has() {
    let (node, backend) = (node(), Told::new(None));
    let store = master(&node, &backend);
    assert!(store.put_unique("a", 1_u64, None).unwrap());
    assert_eq!(store.statistics().entries, 1);
    assert_eq!(backend.counted.load(Ordering::Relaxed), 1);
}

#[test]
fn what_the_storage_does_not_take_is_told_and_tried_again_by_the_stores_thread() {
    let (node, backend) = (node(), Told::new(None));
    let store = master(&node, &backend);
    backend.fails.store(true, Ordering::Relaxed);
    let refused = store.put_unique("a", 1_u64, None).unwrap_err();
    assert!(matches!(&refused, StoreError::Backend { why, .. } if why.contains("disk is full")));
    backend.fails.store(false, Ordering::Relaxed);
    assert!(store.await_idle(soon()));
    assert_eq!(store.get(&Data::from("a")).unwrap(), Data::Count(1));
    assert_ne!(backend.by().last(), Some(&thread::current().id()));
}

#[test]
fn a_storage_that_panics_has_failed_and_is_tried_again() {
    let (node, backend) = (node(), Told::new(None));
    let store = master(&node, &backend);
    backend.panics.store(true, Ordering::Relaxed);
    let refused = store.put_unique("a", 1_u64, None).unwrap_err();
    assert!(matches!(&refused, StoreError::Backend { why, .. } if why.contains("panicked")));
    backend.panics.store(false, Ordering::Relaxed);
    assert!(store.await_idle(soon()));
    assert_eq!(store.get(&Data::from("a")).unwrap(), Data::Count(1));
    store.put("b", 1_u64, None).unwrap();
    store.flush(soon()).unwrap();
    assert!(node.core().counters.panics.get() > 0);
}

#[test]
fn a_thread_of_a_store_that_panics_begins_again() {
    let (node, backend) = (node(), Told::new(None));
    let store = master(&node, &backend);
    let (_rouse, roused) = bounded(1);
    let turns = AtomicU64::new(0);
    let host = &store.0.host;
    again(host, &roused, |_, _| assert!(turns.fetch_add(1, Ordering::Relaxed) == 3, "not yet"));
    assert_eq!((turns.load(Ordering::Relaxed), host.core.counters.panics.get()), (4, 3));
}

/// It would write that once more, to the next master, which has the same file.
#[test]
fn who_writes_from_afar_is_told_what_an_ended_master_has_kept_before_its_storage_failed() {
    let ((asked, was_asked), (go_on, goes_on)) = (bounded(10), bounded(10));
    let mut options = EndpointOptions::default();
    options.stores.batch = 2;
    let node = Endpoint::new(options).unwrap();
    let backend = Told::new(Some((asked, goes_on)));
    let store = master(&node, &backend);
    let reader = Reader::of(&store);
    let host = &store.0.host;
    for seq in 2..6_u64 {
        let (key, value, publisher) = (Data::Count(seq), Data::from("v"), host.id);
        reader.say(&store, seq, Content::Put { key, value, expiry: None, publisher });
    }
    was_asked.recv().unwrap();
    let all_made = |state: &crate::store_host::State| state.role.made() == 4;
    assert!(host.wait_until(soon(), all_made));
    store.0.close(Deadline::after(Duration::ZERO));
    go_on.send(()).unwrap();
    was_asked.recv().unwrap();
    let kept = backend.changes.load(Ordering::Relaxed);
    assert!(kept == 1 || kept == 2, "{kept}");
    backend.fails.store(true, Ordering::Relaxed);
    go_on.send(()).unwrap();
    store.0.join();
    assert_eq!(reader.acked(), 1 + kept);
}
