//! Two endpoints that meet, several times at once and again and again.

use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointId, EndpointOptions, PeerState, Sc};

use ostler_net::Address;
use ostler_tests::wait::wait_for;

use crate::node::{LARGE, Node, SMALL, listening, next, soon, topic};

fn named(id: EndpointId) -> EndpointOptions {
    EndpointOptions { id, ..EndpointOptions::default() }
}

/// How many peerings there are with this node.
fn peerings(endpoint: &Endpoint, id: EndpointId) -> usize {
    let peers = endpoint.peers();
    let is_one =
        |peer: &&broker::PeerInfo| peer.endpoint.id == Some(id) && peer.state == PeerState::Peered;
    peers.iter().filter(is_one).count()
}

#[test]
fn two_endpoints_that_connect_to_each_other_at_once_have_one_peering() {
    let retry = Some(Duration::from_secs(1));
    for _ in 0..20 {
        let (small, small_port) = listening(named(SMALL));
        let (large, large_port) = listening(named(LARGE));
        let mut subscriber = large.subscribe([topic("/x")]);
        small.peer_nosync("127.0.0.1", large_port, retry);
        large.peer_nosync("127.0.0.1", small_port, retry);
        small.peer_nosync("localhost", large_port, retry);
        assert!(small.await_peer(LARGE, soon()) && large.await_peer(SMALL, soon()));
        assert!(small.await_filter_entry(&topic("/x"), soon()));
        small.publish(&topic("/x"), &Data::Count(1)).unwrap();
        assert!(subscriber.get_before(soon()).is_some());
        assert_eq!((peerings(&small, LARGE), peerings(&large, SMALL)), (1, 1));
        assert!(subscriber.poll().is_empty(), "it came once");
    }
}

#[test]
fn a_node_that_comes_back_is_a_peer_again() {
    let (listener, port) = listening(named(SMALL));
    let statuses = listener.status_subscriber(true);
    for _ in 0..3 {
        let comes = Endpoint::new(named(LARGE)).unwrap();
        let retry = Some(Duration::from_secs(1));
        assert_eq!(comes.peer("127.0.0.1", port, retry, soon()), Ok(SMALL));
        next(&statuses, |status| status.code == Sc::PeerAdded);
        drop(comes);
        next(&statuses, |status| status.code == Sc::PeerLost);
        next(&statuses, |status| status.code == Sc::EndpointUnreachable);
    }
}

#[test]
fn an_endpoint_is_no_peer_of_its_own() {
    let (alone, port) = listening(named(SMALL));
    let error = alone.peer("127.0.0.1", port, None, soon()).unwrap_err();
    assert_eq!(error.code, broker::Ec::PeerInvalid, "{error}");
    assert!(alone.peers().is_empty());
}

#[test]
fn a_peer_that_is_given_up_while_it_is_won_does_not_stay() {
    let (listener, port) = listening(named(SMALL));
    let statuses = listener.status_subscriber(true);
    for round in 0..30 {
        let comes = Endpoint::new(named(LARGE)).unwrap();
        comes.peer_nosync("127.0.0.1", port, Some(Duration::from_secs(1)));
        // Earlier and later in its handshake, as the threads come to run.
        (0..round % 8).for_each(|_| std::thread::yield_now());
        assert!(comes.unpeer("127.0.0.1", port));
        wait_for("nobody is left", || comes.peers().is_empty() && listener.peers().is_empty());
        // Wished for anew, it is won anew, if not at once: the first connection may still end.
        let retry = Some(Duration::from_secs(1));
        assert_eq!(comes.peer("127.0.0.1", port, retry, soon()), Ok(SMALL));
        next(&statuses, |status| status.code == Sc::PeerAdded);
        drop(comes);
        wait_for("it has gone", || listener.peers().is_empty());
    }
}

#[test]
fn a_node_that_listens_again_is_found_again() {
    let (listener, port) = listening(named(SMALL));
    let comes = Endpoint::new(named(LARGE)).unwrap();
    let statuses = comes.status_subscriber(true);
    let retry = Some(Duration::from_secs(1));
    assert_eq!(comes.peer("127.0.0.1", port, retry, soon()), Ok(SMALL));
    next(&statuses, |status| status.code == Sc::PeerAdded);
    drop(listener);
    next(&statuses, |status| status.code == Sc::PeerLost);
    let again = Endpoint::new(named(SMALL)).unwrap();
    again.listen(&Address::parse("127.0.0.1", port).unwrap()).unwrap();
    next(&statuses, |status| status.code == Sc::PeerAdded);
    assert!(again.await_peer(LARGE, soon()));
}

/// A larger id for each number.
fn larger(number: u8) -> EndpointId {
    let mut id = LARGE;
    id.0[15] = number;
    id
}

#[test]
fn whoever_is_told_that_hands_are_shaken_is_a_peer_already() {
    let (endpoint, port) = listening(named(SMALL));
    for number in 0..100 {
        // It is the endpoint that says the last of the handshake, since its id is the smaller one.
        let id = larger(number);
        let mut node = Node::peer(port, id, &["/x"]);
        let receivers = endpoint.publish(&topic("/x"), &Data::Count(number.into())).unwrap();
        assert_eq!((receivers, peerings(&endpoint, id)), (1, 1), "{number}");
        assert_eq!(node.message().topic(), b"/x");
        node.reset();
        wait_for("its end", || endpoint.peers().is_empty());
    }
}
