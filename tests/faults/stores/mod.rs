//! The broker's stores: masters and clones that are lost, slow or strange, and storages that fail.

mod callbacks;
mod clock;
mod cut;
mod hostile;
mod masters;
mod restarts;
mod slow;
mod storage;

use std::path::Path;
use std::time::Duration;

use broker::data::Data;
use broker::{
    BackendKind, BackendOptions, CloneOptions, Ec, Endpoint, EndpointOptions, Happening,
    StatusSubscriber, Store,
};
use ostler_tests::broker_peer::soon;
use ostler_tests::broker_program::{Node, Setup};
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
    format!("[store:st]\nrole = master\nbackend = sqlite\npath = {}\n", path.display())
}

/// A clone of the store on an endpoint that is a peer of a node, and calls it again and again.
fn clone_at(port: u16) -> (Endpoint, Store) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let store = clone_of(&endpoint);
    wait_for("the clone has a snapshot", || store.initialized());
    (endpoint, store)
}

/// The same of a node that listens where it says.
fn clone_of_node(node: &Node) -> (Endpoint, Store) {
    clone_at(node.port("peers"))
}

/// A clone with the options that it has by default.
fn clone_of(endpoint: &Endpoint) -> Store {
    endpoint.attach_clone("st", CloneOptions::default()).unwrap()
}

/// A master in memory.
fn master(endpoint: &Endpoint) -> Store {
    endpoint.attach_master("st", BackendKind::Memory, &BackendOptions::default()).unwrap()
}

/// A master that keeps its entries in a database.
fn master_at(endpoint: &Endpoint, path: &Path) -> Store {
    let path = ("path".to_owned(), Data::from(path.to_str().unwrap()));
    endpoint.attach_master("st", BackendKind::Sqlite, &[path].into()).unwrap()
}

/// Text as a value.
fn text(text: &str) -> Data {
    Data::from(text)
}

/// Waits until a key stands for a number.
fn has(store: &Store, key: &str, value: u64) {
    wait_for(key, || store.get(&text(key)).is_ok_and(|found| found == Data::Count(value)));
}

/// The next error of a node that has this code, in words.
fn error(statuses: &StatusSubscriber, code: Ec) -> String {
    loop {
        match statuses.get_before(soon()).expect("an error in time") {
            Happening::Error(error) if error.code == code => return error.to_string(),
            _ => {}
        }
    }
}
