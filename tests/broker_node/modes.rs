//! What a node does: it measures round trips, answers, relays.

use std::net::TcpListener;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};

use ostler_tests::wait_for;

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

#[test]
fn a_service_is_not_ended_by_what_somebody_publishes() {
    let config = "[node]\ntopics = /t\nport = 0\naddress = 127.0.0.1\nverbose = true\n\
                  [broker]\ndisable-ssl = true\n";
    for mode in ["relay", "pong"] {
        let node = Setup::service(config).arguments(&["-m", mode]).start();
        let [one, other] = [0; 2].map(|_| Endpoint::new(EndpointOptions::default()).unwrap());
        let topic = Topic::new("/t").unwrap();
        let mut subscriber = other.subscribe([topic.clone()]);
        for endpoint in [&one, &other] {
            endpoint.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
        }
        assert!(one.await_filter_entry(&topic, soon()));
        if mode == "relay" {
            // The node may have heard of one and not yet of the other.
            wait_for("there is a way from one to the other", || {
                one.publish(&topic, &Data::None).unwrap();
                !subscriber.poll().is_empty()
            });
        }
        for number in 0..20 {
            one.publish(&topic, &Data::String(b"stop".to_vec())).unwrap();
            one.publish(&topic, &Data::Count(number)).unwrap();
            if mode == "relay" {
                let mut next = || loop {
                    let data = subscriber.get_before(soon()).unwrap().data;
                    if data != Data::None {
                        return data;
                    }
                };
                assert_eq!((next(), next()), (Data::from("stop"), Data::Count(number)));
            }
        }
        // It is still there for others.
        let late = Endpoint::new(EndpointOptions::default()).unwrap();
        late.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
        drop((one, other, late));
        node.stop();
    }
}

#[test]
fn a_relay_whose_output_nobody_reads_relays_and_ends() {
    let node = Setup::new(PLAIN).arguments(&["-p", "0", "-v"]).start();
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
    let topic = Topic::new("/t").unwrap();
    assert!(endpoint.await_filter_entry(&topic, soon()));
    // More than a pipe and the subscription hold together.
    let text = Data::String(vec![b'x'; 1000]);
    for number in 0..10_000 {
        assert_eq!(endpoint.publish(&topic, &text).unwrap(), 1, "{number}");
    }
    drop(endpoint);
    node.stop_unread();
}

#[test]
fn who_waits_for_an_answer_and_is_told_to_stop_has_not_failed() {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let topic = Topic::new("/t").unwrap();
    let mut pings = endpoint.subscribe([topic.clone()]);
    let any = ostler_net::Address::parse("127.0.0.1", 0).unwrap();
    let port = endpoint.listen(&any).unwrap()[0];
    let peers = format!("--peers=[<tcp://127.0.0.1:{port}>]");
    let node = Setup::new(PLAIN).arguments(&["-m", "ping", &peers]).start();
    loop {
        let Data::Vector(ping) = pings.get_before(soon()).expect("a ping").data else { continue };
        if ping[1] == Data::Count(1) {
            // Which is not answered.
            break;
        }
        let answer = Data::Vector(vec![Data::from("pong"), Data::Count(0)]);
        endpoint.publish(&topic, &answer).unwrap();
    }
    assert_eq!(node.stop(), "");
}

#[test]
fn a_peer_that_is_away_is_told_of_where_only_warnings_are_logged() {
    // A port that nobody listens at.
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let peers = format!("[<tcp://127.0.0.1:{away}>]");
    let node = Setup::new(PLAIN)
        .variable("BROKER_CONSOLE_VERBOSITY", "warning")
        .arguments(&["--peers", &peers])
        .start();
    node.log().wait(&format!("peer 127.0.0.1:{away}: "));
}
