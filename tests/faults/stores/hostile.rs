//! Peers that say what no clone would.

use broker::data::Data;
use broker::{EndpointId, EntityId, Kind, Message, TTL};
use broker_store::{Command, Content, MAX_NACKS};
use ostler_tests::Fault;
use ostler_tests::broker_peer::{LARGE, Node, soon};
use ostler_tests::process::memory;
use ostler_tests::random::Random;
use rustix::process::Signal;

use super::{clone_of_node, has, node, text};

/// Limits with which who is silent is given up after a second.
const HASTY: &str = "[broker.store]\ntick-interval = 20ms\nconnection-timeout = 10\n\
                     [store:st]\nrole = master\n";
/// What the resident memory may grow by: what may wait for a peer, for the store, and to be
/// acknowledged, and as much again while it is worked on.
const GROWTH: u64 = 256 << 20;

/// What somebody says to the master, whoever that is.
pub(super) fn says(endpoint: EndpointId, object: u64, seq: u64, content: Content) -> Message {
    let (sender, receiver) = (EntityId { endpoint, object }, EntityId::NIL);
    let mut bytes = Vec::new();
    Command { seq, sender, receiver, content }.encode(&mut bytes);
    let to = b"st/<$>/data/master";
    Message::new(LARGE, EndpointId::NIL, Kind::Command, TTL, to, &bytes).unwrap()
}

fn put(number: u64, bytes: usize) -> Content {
    let (key, value) = (Data::Count(number), Data::String(vec![b'y'; bytes]));
    Content::Put { key, value, expiry: None, publisher: EntityId::NIL }
}

/// Numbers that are no numbers of anything, of writers and of readers.
fn bogus(peer: &mut Node) {
    let ends = [0, 1, 2, 3, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    for (object, &offset) in (100..).zip(&ends) {
        let mut say = |seq, content| peer.publish(&says(LARGE, object, seq, content));
        say(0, Content::asks_for_snapshot());
        say(0, Content::AttachWriter { offset, heartbeat: 0 });
        for &seq in &ends {
            say(seq, put(1, 10));
            say(0, Content::Keepalive { seq });
            say(0, Content::CumulativeAck { seq });
            say(0, Content::RetransmitFailed { seq });
            say(0, Content::Nack { seqs: vec![seq] });
            say(0, Content::Nack { seqs: vec![seq, 0] });
        }
    }
}

#[test]
fn sto_n03_peers_say_what_no_clone_would() {
    let mut fault = Fault::begin("STO-N03");
    let mut running = node(0, HASTY).start();
    let port = running.port("peers");
    let (endpoint, clone) = clone_of_node(&running);
    for number in 0..64_u64 {
        clone.put(number, Data::String(vec![b'x'; 32 << 10]), None).unwrap();
    }
    clone.flush(soon()).unwrap();
    let before = memory(running.pid(), "VmRSS");
    let grown = |fault: &mut Fault, what: &str| {
        let grown = memory(running.pid(), "VmHWM").saturating_sub(before);
        fault.figure(format_args!("{what}: {} MiB more", grown >> 20), grown <= GROWTH);
    };
    let mut count = 0;
    let mut works = || {
        count += 1;
        clone.increment("works", 1_u64, None).unwrap();
        clone.flush(soon()).unwrap();
        has(&clone, "works", count);
    };

    let mut peer = Node::peer(port, LARGE, &[]);
    bogus(&mut peer);
    works();
    grown(&mut fault, "numbers of nothing");

    // A reader of its own, which then misses the same event over and over.
    peer.publish(&says(LARGE, 8, 0, Content::asks_for_snapshot()));
    works();
    for _ in 0..4 {
        for seqs in [vec![2; MAX_NACKS], (2..).take(MAX_NACKS).collect()] {
            peer.publish(&says(LARGE, 8, 0, Content::Nack { seqs }));
        }
    }
    works();
    grown(&mut fault, "events that are missed 65,536 times");

    // Two mebibytes each, if all got one.
    for object in 1000..3000 {
        peer.publish(&says(LARGE, object, 0, Content::asks_for_snapshot()));
    }
    works();
    grown(&mut fault, "2,000 clones that ask for a snapshot of 2 MiB");

    // Writers that say everything but what comes next.
    for object in 5000..5100 {
        peer.publish(&says(LARGE, object, 0, Content::AttachWriter { offset: 1, heartbeat: 5 }));
        for seq in 10..18 {
            peer.publish(&says(LARGE, object, seq, put(seq, 1 << 20)));
        }
    }
    works();
    grown(&mut fault, "100 writers that say 8 MiB each too early");

    // In the name of the clone: it acknowledges what it does not have, and says goodbye.
    let own = clone.entity_id();
    let mut random = Random::new(7);
    for _ in 0..100 {
        let seq = random.number() % 1000;
        for content in [
            Content::CumulativeAck { seq },
            Content::goodbye(),
            Content::Nack { seqs: vec![seq] },
            Content::asks_for_snapshot(),
        ] {
            peer.publish(&says(endpoint.id(), own.object, 0, content));
        }
    }
    works();
    assert_eq!(clone.get(&Data::Count(0)).unwrap(), Data::String(vec![b'x'; 32 << 10]));
    fault.saw("a clone in whose name another one spoke goes on");
    assert!(!clone.exists(&text("nothing")).unwrap());

    drop(peer);
    let (_other, late) = clone_of_node(&running);
    has(&late, "works", count_of(&clone));
    fault.within("once they are silent another clone is let in", fault.elapsed(), 60.0);
    running.signal(Signal::TERM);
    running.ended();
}

fn count_of(store: &broker::Store) -> u64 {
    match store.get(&text("works")).unwrap() {
        Data::Count(count) => count,
        other => panic!("{other}"),
    }
}
