//! Endpoints of one process that are peers without a socket of the network.

use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointId, EndpointOptions, Sc, StatusSubscriber};
use ostler_runtime::Deadline;
use ostler_tests::wait::wait_for;

use crate::node::{LARGE, SMALL, next, soon, topic};

/// So many messages that no buffer on the way holds them.
const MANY: u64 = 20_000;

/// Two that are peers, and what the first is told of it.
fn pair() -> (Endpoint, Endpoint, StatusSubscriber) {
    let [one, other] = [SMALL, LARGE]
        .map(|id| Endpoint::new(EndpointOptions { id, ..EndpointOptions::default() }).unwrap());
    let statuses = one.status_subscriber(true);
    one.peer_with(&other).unwrap();
    assert!(one.await_peer(LARGE, soon()) && other.await_peer(SMALL, soon()));
    let added = next(&statuses, |status| status.code == Sc::PeerAdded);
    assert_eq!(added.endpoint.id, Some(LARGE));
    (one, other, statuses)
}

#[test]
fn messages_go_both_ways_until_one_parts_with_the_other() {
    let (one, other, statuses) = pair();
    let told = other.status_subscriber(true);
    for (from, to) in [(&one, &other), (&other, &one)] {
        let mut subscriber = to.subscribe([topic("/x")]);
        assert!(from.await_filter_entry(&topic("/x"), soon()));
        assert_eq!(from.publish(&topic("/x"), &Data::Count(7)), Ok(1));
        assert_eq!(subscriber.get_before(soon()).unwrap().data, Data::Count(7));
    }
    assert!(one.unpeer_id(LARGE));
    assert!(one.peers().is_empty());
    next(&statuses, |status| status.code == Sc::PeerRemoved);
    next(&told, |status| status.code == Sc::PeerLost);
    assert!(other.peers().is_empty());
    // The first connection may still end, and there are no two of them.
    wait_for("they are peers again", || {
        other.peer_with(&one).unwrap();
        other.await_peer(SMALL, Deadline::after(Duration::from_millis(100)))
    });
}

#[test]
fn who_publishes_faster_than_the_other_reads_waits_and_loses_nothing() {
    let (one, other, _statuses) = pair();
    let mut subscriber = other.subscribe([topic("/x")]);
    assert!(one.await_filter_entry(&topic("/x"), soon()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MANY {
                assert_eq!(one.publish(&topic("/x"), &Data::Count(number)), Ok(1));
            }
        });
        for number in 0..MANY {
            assert_eq!(subscriber.get_before(soon()).unwrap().data, Data::Count(number));
        }
    });
}

#[test]
fn whichever_ends_the_other_lives_on() {
    for ends in [SMALL, LARGE] {
        let (one, other, _statuses) = pair();
        let (ended, lives) = if ends == SMALL { (one, other) } else { (other, one) };
        let told = lives.status_subscriber(true);
        drop(ended);
        assert_eq!(next(&told, |status| status.code == Sc::PeerLost).endpoint.id, Some(ends));
        assert!(lives.peers().is_empty());
        let third = Endpoint::new(EndpointOptions::default()).unwrap();
        lives.peer_with(&third).unwrap();
        assert!(third.await_peer(lives.id(), soon()));
    }
}

#[test]
fn both_may_end_at_once() {
    for _ in 0..20 {
        let (one, other, _statuses) = pair();
        std::thread::scope(|scope| {
            scope.spawn(move || drop(one));
            scope.spawn(move || drop(other));
        });
    }
}

#[test]
fn who_was_called_and_is_parted_with_by_its_id_is_not_called_again() {
    let (listener, port) = crate::node::listening(EndpointOptions::default());
    let statuses = listener.status_subscriber(true);
    let caller = Endpoint::new(EndpointOptions::default()).unwrap();
    let retry = Some(Duration::from_secs(1));
    let id = caller.peer("127.0.0.1", port, retry, soon()).unwrap();
    next(&statuses, |status| status.code == Sc::PeerAdded);
    assert!(caller.unpeer_id(id));
    wait_for("it has gone", || listener.peers().is_empty());
    assert!(caller.peers().is_empty(), "nor is it wished for");
    assert!(!caller.unpeer_id(EndpointId::NIL) && !caller.unpeer_id(id));
}
