//! What a store does not take, and what it says then.

use std::time::Duration;

use broker::data::{Data, MAX_DEPTH};
use broker::{
    BackendKind, BackendOptions, CloneOptions, Ec, Endpoint, EndpointOptions, Happening, Store,
    StoreError,
};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::broker_peer::{LARGE, listening, soon};
use ostler_tests::wait::wait_for;

use crate::{clone_of, master, text};

/// The longest frame between the nodes here.
const FRAME: usize = 64 << 10;

fn short_frames() -> EndpointOptions {
    let mut options = EndpointOptions::default();
    options.peering.max_frame_bytes = FRAME;
    options
}

/// Two peers with short frames.
fn pair() -> (Endpoint, Endpoint) {
    let (listener, port) = listening(short_frames());
    let connector = Endpoint::new(short_frames()).unwrap();
    connector.peer("127.0.0.1", port, Some(Duration::from_secs(1)), soon()).unwrap();
    (listener, connector)
}

fn has(store: &Store, key: &str, value: u64) {
    wait_for(key, || store.get(&text(key)).is_ok_and(|found| found == Data::Count(value)));
}

#[test]
fn what_peers_would_not_take_or_read_is_refused_and_all_goes_on() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    assert!(clone.await_idle(soon()));
    let long = "x".repeat(FRAME);
    let deep = (0..MAX_DEPTH).fold(Data::None, |within, _| Data::Vector(vec![within]));
    for store in [&master, &clone] {
        assert_eq!(store.put("long", long.as_str(), None).unwrap_err().ec(), Ec::InvalidData);
        assert_eq!(store.put("deep", deep.clone(), None).unwrap_err().ec(), Ec::InvalidData);
        assert_eq!(
            store.put_unique("long", long.as_str(), None).unwrap_err().ec(),
            Ec::InvalidData
        );
    }
    // It grows too long, or too deep, by what is added to it.
    let half = "x".repeat(FRAME * 2 / 3);
    master.append("grows", half.as_str(), None).unwrap();
    assert_eq!(master.append("grows", half.as_str(), None).unwrap_err().ec(), Ec::InvalidData);
    let Data::Vector(mut within) = deep else { unreachable!() };
    let pushed = master.push("sinks", within.pop().unwrap(), None);
    assert_eq!(pushed.unwrap_err().ec(), Ec::InvalidData);
    clone.put("last", 1_u64, None).unwrap();
    assert!(clone.await_idle(soon()) && master.await_idle(soon()));
    has(&master, "last", 1);
    assert_eq!(clone.keys().unwrap(), master.keys().unwrap());
}

#[test]
fn a_master_that_has_more_than_fits_into_a_snapshot_says_so_until_it_has_less() {
    let (one, other) = pair();
    let errors = one.status_subscriber(false);
    let master = master(&one);
    let half = "x".repeat(FRAME * 2 / 3);
    master.put("a", half.as_str(), None).unwrap();
    master.put("b", half.as_str(), None).unwrap();
    let resync = Duration::from_secs(1);
    let options = CloneOptions { resync, ..CloneOptions::default() };
    let clone = other.attach_clone("st", options).unwrap();
    let said = loop {
        match errors.get_before(soon()).unwrap() {
            Happening::Error(error) if error.code == Ec::BackendFailure => break error.to_string(),
            _ => {}
        }
    };
    assert!(said.contains("store st: no snapshot"), "{said}");
    assert!(!clone.initialized());
    master.erase("b").unwrap();
    wait_for("the clone has a snapshot", || clone.initialized());
    assert_eq!(clone.get(&text("a")).unwrap(), Data::from(half.as_str()));
}

#[test]
fn what_a_clone_writes_that_is_started_again_under_the_same_id_is_no_repetition() {
    let (listener, port) = listening(EndpointOptions::default());
    let master = master(&listener);
    for life in 1..=3_u64 {
        let options = EndpointOptions { id: LARGE, ..EndpointOptions::default() };
        let node = Endpoint::new(options).unwrap();
        node.peer("127.0.0.1", port, Some(Duration::from_secs(1)), soon()).unwrap();
        let clone = clone_of(&node);
        for _ in 0..100 {
            clone.increment("sum", 1_u64, None).unwrap();
        }
        clone.flush(soon()).unwrap();
        assert_eq!(master.get(&text("sum")).unwrap(), Data::Count(life * 100));
    }
}

#[test]
fn a_clone_that_ends_has_its_writes_done_first() {
    let (listener, port) = listening(EndpointOptions::default());
    let master = master(&listener);
    let node = Endpoint::new(EndpointOptions::default()).unwrap();
    node.peer("127.0.0.1", port, None, soon()).unwrap();
    let clone = clone_of(&node);
    assert!(clone.await_idle(soon()));
    for number in 0..1000_u64 {
        clone.put("n", number, None).unwrap();
    }
    drop((clone, node));
    assert_eq!(master.get(&text("n")).unwrap(), Data::Count(999));
}

#[test]
fn a_flush_says_once_that_writes_were_dropped_also_before_it() {
    let alone = Endpoint::new(EndpointOptions::default()).unwrap();
    let mutation_buffer = Duration::from_millis(200);
    let options = CloneOptions { mutation_buffer, ..CloneOptions::default() };
    let clone = alone.attach_clone("st", options).unwrap();
    clone.put("a", 1_u64, None).unwrap();
    wait_for("nothing waits any more", || clone.statistics().unacked == 0);
    assert_eq!(clone.flush(Deadline::after(Duration::ZERO)).unwrap_err().ec(), Ec::NoSuchMaster);
    assert_eq!(clone.flush(Deadline::after(Duration::ZERO)).ok(), Some(()));
    clone.put("a", 2_u64, None).unwrap();
    assert_eq!(clone.flush(soon()).unwrap_err().ec(), Ec::NoSuchMaster);
}

#[test]
fn whoever_writes_more_than_waits_for_a_master_is_told_so_after_a_while() {
    let mut options = EndpointOptions::default();
    options.stores.request_wait = Duration::from_millis(50);
    options.stores.channel.events = 3;
    let alone = Endpoint::new(options).unwrap();
    let clone = clone_of(&alone);
    for number in 0..3_u64 {
        clone.put("n", number, None).unwrap();
    }
    let refused = clone.put("n", 3_u64, None).unwrap_err();
    assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
    assert_eq!(refused.ec(), Ec::RequestTimeout);
    assert_eq!(refused.to_string(), "too much waits in the store st, after 50ms");
}

#[test]
fn a_function_that_panics_takes_nothing_with_it() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    clone.put_unique_then("a", 1_u64, None, |_| panic!("a function of a user")).unwrap();
    master.put_unique_then("b", 1_u64, None, |_| panic!("a function of a user")).unwrap();
    master.get_then("b", |_| panic!("a function of a user"));
    assert!(clone.put_unique("c", 1_u64, None).unwrap());
    assert!(master.await_idle(soon()) && clone.await_idle(soon()));
    has(&clone, "a", 1);
    has(&clone, "b", 1);
}

#[test]
fn a_store_is_attached_again_once_the_one_before_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite").display().to_string();
    let options = BackendOptions::from([("path".to_owned(), Data::from(path))]);
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let at = Address::parse("127.0.0.1", 0).unwrap();
    endpoint.listen(&at).unwrap();
    for life in 0..5_u64 {
        let store = endpoint.attach_master("kept", BackendKind::Sqlite, &options).unwrap();
        for number in 0..200_u64 {
            store.put(life * 1000 + number, number, None).unwrap();
        }
        // What waits is written by its end.
        drop(store);
        let store = endpoint.attach_master("kept", BackendKind::Sqlite, &options).unwrap();
        assert_eq!(store.keys().unwrap().len() as u64, (life + 1) * 200);
    }
}
