//! What a node does: it measures round trips, answers, relays.

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};

use crate::configured::soon;
use crate::program::Setup;

const PLAIN: &str = "broker.disable-ssl = true\ntopics = [\"/t\"]\n";

#[test]
fn pings_go_through_a_relay_to_who_answers_them() {
    let relay = Setup::new(PLAIN).arguments(&["-p", "0", "-v", "-N", "middle"]).start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", relay.port("peers"));
    let answering = Setup::new(PLAIN).arguments(&["-m", "pong", &peers]).start();
    let arguments = ["-m", "ping", "-n", "20", "-s", "100", &peers];
    let mut asking = Setup::new(PLAIN).arguments(&arguments).start();
    let trips: Vec<u64> = asking.ended().lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(trips.len(), 20, "one line each");
    assert!(trips.iter().all(|nanos| *nanos > 0));
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", relay.port("peers"), None, soon()).unwrap();
    let topic = Topic::new("/t").unwrap();
    assert!(endpoint.await_filter_entry(&topic, soon()));
    endpoint.publish(&topic, &Data::String(b"stop".to_vec())).unwrap();
    let (mut relay, mut answering) = (relay, answering);
    let printed = relay.ended();
    answering.ended();
    for words in ["middle: received ping 20", "middle: received pong 20", "middle: received stop"] {
        assert!(printed.contains(words), "{words} in {printed}");
    }
}
