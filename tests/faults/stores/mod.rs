//! The broker's stores: masters and clones that are lost, slow or strange, and storages that fail.

mod cut;
mod restarts;

use std::path::Path;
use std::time::Duration;

use broker::data::Data;
use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions, Store};
use ostler_tests::broker_peer::soon;
use ostler_tests::broker_program::Setup;
use ostler_tests::wait_for;

const RETRY: Option<Duration> = Some(Duration::from_secs(1));

/// A node that listens at this port, with these lines in its configuration.
fn node(port: u16, lines: &str) -> Setup {
    Setup::service(&format!(
        "[node]\naddress = 127.0.0.1\nport = {port}\n[broker]\ndisable-ssl = true\n{lines}"
    ))
}

/// The lines of a master that keeps its entries in a database.
fn kept_at(path: &Path) -> String {
    format!("[store:st]\nrole = master\nbackend = sqlite\npath = {path:?}\n")
}

/// A clone of the store on an endpoint that is a peer of a node, and calls it again and again.
fn clone_at(port: u16) -> (Endpoint, Store) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let store = clone_of(&endpoint);
    wait_for("the clone has a snapshot", || store.initialized());
    (endpoint, store)
}

/// A clone with the options that it has by default.
fn clone_of(endpoint: &Endpoint) -> Store {
    endpoint.attach_clone("st", CloneOptions::default()).unwrap()
}

/// A master in memory.
fn master(endpoint: &Endpoint) -> Store {
    endpoint.attach_master("st", BackendKind::Memory, &BackendOptions::default()).unwrap()
}

/// Text as a value.
fn text(text: &str) -> Data {
    Data::from(text)
}

/// Waits until a key stands for a number.
fn has(store: &Store, key: &str, value: u64) {
    wait_for(key, || store.get(&text(key)).is_ok_and(|found| found == Data::Count(value)));
}
