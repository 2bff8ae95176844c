//! The stores of endpoints: a master, its clones, and what is between them, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_wire;
mod limits;
mod lives;
mod operations;
mod recorded;

use std::time::Duration;

use broker::data::Data;
use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions, Store, Topic};
use ostler_tests::broker_peer::{listening, soon};

/// A master in memory.
fn master(endpoint: &Endpoint) -> Store {
    endpoint.attach_master("st", BackendKind::Memory, &BackendOptions::default()).unwrap()
}

/// A clone with the options that it has by default.
fn clone_of(endpoint: &Endpoint) -> Store {
    endpoint.attach_clone("st", CloneOptions::default()).unwrap()
}

/// Two endpoints that are peers.
fn pair() -> (Endpoint, Endpoint) {
    let (listener, port) = listening(EndpointOptions::default());
    let connector = Endpoint::new(EndpointOptions::default()).unwrap();
    connector.peer("127.0.0.1", port, Some(Duration::from_secs(1)), soon()).unwrap();
    (listener, connector)
}

/// Text as a value.
fn text(text: &str) -> Data {
    Data::from(text)
}

/// Where the store's changes are told.
fn events() -> Topic {
    Topic::new("<$>/local/data/store-events/st").unwrap()
}
