//! What is told of stores to whoever watches them.

use std::time::Duration;

use broker::data::Data;
use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions};
use ostler_net::Address;
use ostler_tests::broker_peer::{LARGE, SMALL, listening};
use ostler_tests::wait_for;
use rusqlite::Connection;

use crate::configured::soon;
use crate::stores::figure_at;

/// Where an endpoint tells its figures.
fn figures(endpoint: &Endpoint) -> u16 {
    let ports = endpoint.metrics_listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    ports[0]
}

/// Whether this is so of the store `st`.
fn is_so(port: u16, state: &str) -> bool {
    let name = format!("broker_store_state{{name=\"st\",state=\"{state}\"}}");
    figure_at(port, &name).unwrap() == 1
}

/// Writes that came to nothing.
fn lost(port: u16, reason: &str) -> u64 {
    let name = format!("broker_store_lost_writes_total{{name=\"st\",reason=\"{reason}\"}}");
    figure_at(port, &name).unwrap()
}

#[test]
fn a_clone_without_a_master_and_writes_that_come_to_nothing_are_told() {
    let (one, port) = listening(EndpointOptions::default());
    let master = one.attach_master("st", BackendKind::Memory, &BackendOptions::new()).unwrap();
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    let (at_master, at_clone) = (figures(&one), figures(&other));
    let second = Duration::from_secs(1);
    let options = CloneOptions { stale: Some(second), mutation_buffer: second, resync: second };
    let clone = other.attach_clone("st", options).unwrap();
    assert!(is_so(at_clone, "stale") && !is_so(at_clone, "attached"));
    other.peer("127.0.0.1", port, None, soon()).unwrap();
    // While this machine is busy it may be stale for a moment, as its master is not heard.
    wait_for("the clone is attached", || is_so(at_clone, "attached") && !is_so(at_clone, "stale"));
    assert!(is_so(at_master, "attached"));

    clone.put("text", "value", None).unwrap();
    clone.increment("text", Data::Boolean(true), None).unwrap();
    clone.flush(soon()).unwrap();
    assert_eq!((lost(at_master, "no_effect"), lost(at_clone, "undelivered")), (1, 0));

    drop((master, one));
    wait_for("its master has gone", || !is_so(at_clone, "attached"));
    clone.put("late", 1_u64, None).unwrap();
    wait_for("what was written is dropped", || lost(at_clone, "undelivered") == 1);
    wait_for("it answers nothing", || is_so(at_clone, "stale"));
    assert!(clone.get(&Data::from("text")).is_err());
}

#[test]
fn a_master_that_is_refused_and_a_storage_that_takes_nothing_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("st.sqlite");
    let options = [("path".to_owned(), Data::from(path.to_str().unwrap()))].into();
    let named = |id| EndpointOptions { id, ..EndpointOptions::default() };
    let (small, port) = listening(named(SMALL));
    let large = Endpoint::new(named(LARGE)).unwrap();
    let (at_small, at_large) = (figures(&small), figures(&large));
    let stays = small.attach_master("st", BackendKind::Sqlite, &options).unwrap();
    let _goes = large.attach_master("st", BackendKind::Memory, &BackendOptions::new()).unwrap();
    assert!(is_so(at_large, "attached") && !is_so(at_large, "refused"));
    large.peer("127.0.0.1", port, None, soon()).unwrap();
    wait_for("one is refused", || is_so(at_large, "refused"));
    assert!(!is_so(at_large, "attached"));
    assert!(is_so(at_small, "attached") && !is_so(at_small, "refused"));

    assert!(!is_so(at_small, "failing"));
    let database = Connection::open(&path).unwrap();
    let refuse = "create trigger no before insert on store begin select raise(abort, 'no'); end";
    database.execute_batch(refuse).unwrap();
    stays.put("key", "value", None).unwrap();
    wait_for("the storage fails", || is_so(at_small, "failing"));
    database.execute_batch("drop trigger no").unwrap();
    wait_for("it does not any more", || !is_so(at_small, "failing"));
    stays.flush(soon()).unwrap();
}
