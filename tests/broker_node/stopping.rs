//! How a node comes to its end.

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, QueueLimits, Topic};
use ostler_tests::wait_for;
use rustix::process::Signal;

use crate::configured::soon;
use crate::program::Setup;

#[test]
fn a_second_signal_ends_a_node_whose_peers_do_not_listen() {
    let config = "broker.disable-ssl = true\ntopics = [\"/t\"]\n\
                  broker.peer-overflow-policy = \"block\"\n";
    let mut node = Setup::new(config).arguments(&["-p", "0"]).start();
    let port = node.port("peers");
    let topic = Topic::new("/t").unwrap();
    let peer = |options| {
        let endpoint = Endpoint::new(options).unwrap();
        endpoint.peer("127.0.0.1", port, None, soon()).unwrap();
        assert!(endpoint.await_filter_entry(&topic, soon()));
        endpoint
    };
    let subscriber_buffer = QueueLimits { items: 1, bytes: 1 };
    let reading = peer(EndpointOptions { subscriber_buffer, ..EndpointOptions::default() });
    let unread = reading.subscribe([topic.clone()]);
    let publishing = peer(EndpointOptions::default());
    let long = Data::String(vec![b'x'; 64 * 1024]);
    // The node may not know yet what is wanted.
    wait_for("who does not read has been sent something", || {
        publishing.publish(&topic, &long).unwrap();
        unread.available() == 1
    });
    // Until nothing goes through the node any more.
    while publishing.publish_deadline(&topic, &long, soon_after()).is_ok() {}
    node.signal(Signal::TERM);
    node.log().wait("stopping");
    node.signal(Signal::TERM);
    node.log().wait("stopped before all had been told");
    node.ended();
    drop(unread);
}

/// Long enough to believe that nothing moves.
fn soon_after() -> ostler_runtime::Deadline {
    ostler_runtime::Deadline::after(std::time::Duration::from_millis(300))
}
