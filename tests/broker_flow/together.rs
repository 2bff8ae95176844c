//! Endpoints of this process that are peers.

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Subscriber, Topic};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::wait::PATIENCE;

/// No step takes longer.
pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

pub(crate) fn topic(text: &str) -> Topic {
    Topic::new(text).unwrap()
}

/// An endpoint and its port.
pub(crate) fn listening(options: EndpointOptions) -> (Endpoint, u16) {
    let endpoint = Endpoint::new(options).unwrap();
    let ports = endpoint.listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    (endpoint, ports[0])
}

/// A publisher's endpoint, and one with a subscriber of `/x` that is its peer.
pub(crate) fn pair(publishing: EndpointOptions) -> (Endpoint, Endpoint, Subscriber) {
    let (reading, port) = listening(EndpointOptions::default());
    let subscriber = reading.subscribe([topic("/x")]);
    let publishing = Endpoint::new(publishing).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    (publishing, reading, subscriber)
}

/// A message of this number and so many bytes.
pub(crate) fn numbered(number: u64, bytes: usize) -> Data {
    Data::Vector(vec![Data::Count(number), Data::String(vec![b'x'; bytes])])
}

/// The number of one.
pub(crate) fn number(data: &Data) -> u64 {
    let Data::Vector(fields) = data else { panic!("{data}") };
    let [Data::Count(number), _] = fields[..] else { panic!("{data}") };
    number
}
