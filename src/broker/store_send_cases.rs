use std::sync::Arc;

use broker_data::Data;
use broker_store::{BackendKind, BackendOptions, StoreError, open};

use super::*;
use crate::store::Store;
use crate::store_handle::Handle;
use crate::store_keeper::Keeping;
use crate::store_reader::Reader;
use crate::{Endpoint, EndpointOptions};

fn master(node: &Endpoint) -> Store {
    let core = node.core();
    let backend = open(BackendKind::Memory, &BackendOptions::default()).unwrap();
    let made = core.stores.find_or("st", || Handle::master(core, "st", Arc::from(backend), true));
    Store(made.unwrap())
}

/// Puts a key in, for which nobody waits any more; whether that came about.
fn puts_late(store: &Store, key: u64) -> bool {
    let action = |number| store.unique(key.into(), Data::from("v"), None, number);
    let at_once = Deadline::after(Duration::ZERO);
    // It is said to be late before the store says that there was no room, or behind.
    let said = store.0.host.write_and_ask(action, at_once, Box::new(|_| {}), Keeping::Roused);
    assert!(matches!(said, Ok(_) | Err(StoreError::Full { .. })), "{said:?}");
    store.exists(&Data::Count(key)).unwrap()
}

#[test]
fn nobody_waits_longer_for_a_reader_than_it_says_and_nothing_changes_then() {
    let node = Endpoint::new(EndpointOptions::default()).unwrap();
    let store = master(&node);
    let reader = Reader::of(&store);
    assert!(puts_late(&store, 1), "there is room");
    reader.block(true);
    assert!(!puts_late(&store, 2));
    reader.block(false);
    assert!(puts_late(&store, 3));
}

#[test]
fn a_reader_that_hangs_holds_up_nobody_for_good_however_short_each_waits() {
    let node = Endpoint::new(EndpointOptions::default()).unwrap();
    let store = master(&node);
    let reader = Reader::of(&store);
    reader.block(true);
    let deadline = Deadline::after(Duration::from_secs(60));
    let mut key = 0;
    while !puts_late(&store, key) {
        assert!(!deadline.passed(), "nothing was written");
        std::thread::yield_now();
        key += 1;
    }
    assert!(key > 0);
}

#[test]
fn whoever_writes_to_a_full_store_that_ends_is_told_that_it_ends() {
    let mut options = EndpointOptions::default();
    options.stores.request_wait = Duration::from_millis(50);
    options.stores.channel.events = 1;
    let node = Endpoint::new(options).unwrap();
    let store = master(&node);
    let _reader = Reader::of(&store);
    store.put("a", 1_u64, None).unwrap();
    assert!(matches!(store.put("b", 1_u64, None), Err(StoreError::Full { .. })));
    store.0.host.lock().is_ending = true;
    let said = store.put("b", 1_u64, None);
    store.0.host.lock().is_ending = false;
    assert!(matches!(said, Err(StoreError::Ended(_))), "{said:?}");
}
