//! Who gets what: every kind of receiver against every origin.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker_data::Data;

use super::*;
use crate::{EndpointId, TTL};

const HERE: EndpointId = EndpointId([7; 16]);
const PEER: EndpointId = EndpointId([1; 16]);
const OTHER: EndpointId = EndpointId([2; 16]);

/// Notes what it gets, and the TTL that it has for peers.
#[derive(Default)]
struct Notes {
    got: Mutex<Vec<Option<u16>>>,
    blocked: AtomicBool,
}

impl Outlet for Notes {
    fn is_blocked(&self, _: bool) -> bool {
        self.blocked.load(Ordering::SeqCst)
    }

    fn when_room(&self, _: Box<dyn FnOnce() + Send>) -> bool {
        false
    }

    fn wait_room(&self, _: Deadline) -> bool {
        false
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        self.got.lock().unwrap().push(parcel.plain().map(Message::ttl));
    }
}

const OWNERS: [Owner; 6] = [
    Owner::Subscriber,
    Owner::Hub(1),
    Owner::Hub(2),
    Owner::Peer(PEER),
    Owner::Peer(OTHER),
    Owner::Client(1),
];

fn routing(forwards: bool, topic: &str) -> (Routing, Vec<Arc<Notes>>) {
    let routing = Routing::new(Here { id: HERE, forwards, is_deaf: false });
    let notes = OWNERS.map(|owner| {
        let notes = Arc::new(Notes::default());
        routing.add(owner, [topic].iter().collect(), Arc::clone(&notes) as Arc<dyn Outlet>);
        notes
    });
    (routing, notes.into())
}

fn publish(routing: &Routing, message: &Message, patience: Patience) -> Result<usize, Behind> {
    let wanting = routing.wanting(&Heading::of(message, Origin::Local));
    routing.publish(&wanting, message, Origin::Local, patience)
}

fn message(receiver: EndpointId, topic: &str) -> Message {
    Message::data(PEER, receiver, topic.as_bytes(), &Data::None).unwrap()
}

/// Which of [`OWNERS`] get a message, as letters.
fn got(forwards: bool, origin: Origin, receiver: EndpointId, topic: &str) -> String {
    let (routing, notes) = routing(forwards, "");
    let message = message(receiver, topic);
    let count = routing.pass_on(&message, origin).ok().unwrap();
    let got = |notes: &Arc<Notes>| !notes.got.lock().unwrap().is_empty();
    let letters: String = "shHpPc"
        .chars()
        .zip(&notes)
        .filter(|(_, notes)| got(notes))
        .map(|(letter, _)| letter)
        .collect();
    assert_eq!(count, letters.len());
    letters
}

#[test]
fn each_origin_reaches_those_it_should() {
    let nil = EndpointId::NIL;
    for (origin, letters) in [
        (Origin::Local, "hHpPc"),
        (Origin::Hub(1), "HpPc"),
        (Origin::Peer(PEER), "shHPc"),
        (Origin::Client(1), "shHpP"),
        (Origin::Client(2), "shHpPc"),
    ] {
        assert_eq!(got(true, origin, nil, "a"), letters, "{origin:?}");
    }
    assert_eq!(got(false, Origin::Peer(PEER), nil, "a"), "shHc", "a leaf");
    assert_eq!(got(false, Origin::Client(1), nil, "a"), "shHpP", "a leaf has clients too");
}

#[test]
fn a_receiver_is_the_only_one() {
    assert_eq!(got(true, Origin::Local, OTHER, "a"), "P");
    assert_eq!(got(true, Origin::Peer(PEER), OTHER, "a"), "P");
    assert_eq!(got(true, Origin::Peer(PEER), PEER, "a"), "", "never back");
    assert_eq!(got(true, Origin::Peer(PEER), HERE, "a"), "shHc");
}

#[test]
fn what_the_node_says_of_itself_stays_within_it() {
    assert_eq!(got(true, Origin::Local, EndpointId::NIL, "<$>/local/data/errors"), "shHc");
}

#[test]
fn a_prefix_is_enough_and_nothing_else() {
    let (routing, _) = routing(true, "/a/b");
    for (topic, wanted) in [("/a/b", 5), ("/a/bc", 5), ("/a", 0), ("", 0)] {
        let count = publish(&routing, &message(EndpointId::NIL, topic), Patience::None);
        assert_eq!(count.ok(), Some(wanted), "{topic}");
    }
}

#[test]
fn messages_of_peers_have_one_hop_less_and_others_all() {
    let (routing, notes) = routing(true, "");
    let last = || notes[4].got.lock().unwrap().pop().unwrap();
    let all = message(EndpointId::NIL, "a");
    for (origin, ttl) in
        [(Origin::Local, TTL), (Origin::Client(1), TTL), (Origin::Peer(PEER), TTL - 1)]
    {
        routing.pass_on(&all, origin).ok().unwrap();
        assert_eq!(last(), Some(ttl), "{origin:?}");
    }
    let tired = Message::new(PEER, EndpointId::NIL, crate::Kind::Data, 1, b"a", &[0]).unwrap();
    routing.pass_on(&tired, Origin::Peer(PEER)).ok().unwrap();
    assert_eq!(last(), None, "that was the last one");
}

#[test]
fn nobody_gets_a_message_while_one_of_them_is_behind() {
    let (routing, notes) = routing(true, "");
    notes[5].blocked.store(true, Ordering::SeqCst);
    let message = message(EndpointId::NIL, "a");
    let at_once = Patience::Until(Deadline::after(Duration::ZERO));
    for refused in [
        publish(&routing, &message, Patience::None),
        publish(&routing, &message, at_once),
        routing.pass_on(&message, Origin::Peer(PEER)),
    ] {
        assert_eq!(refused.err().unwrap().0.owner, Owner::Client(1));
    }
    assert!(notes.iter().all(|notes| notes.got.lock().unwrap().is_empty()));
}

#[test]
fn routes_come_change_and_go() {
    let routing = Routing::new(Here { id: HERE, forwards: true, is_deaf: false });
    let notes = Arc::new(Notes::default());
    let route = routing.add(Owner::Peer(PEER), Filter::new(), notes);
    let message = message(EndpointId::NIL, "a");
    let wanting = || routing.wanting(&Heading::of(&message, Origin::Local)).len();
    assert_eq!(wanting(), 0);
    let route = routing.refilter(&route, ["a"].iter().collect());
    assert_eq!(wanting(), 1);
    routing.remove(&route);
    assert_eq!(wanting(), 0);
}

#[test]
fn what_comes_first_for_a_receiver_is_done_before_anybody_finds_it() {
    let routing = Routing::new(Here { id: HERE, forwards: true, is_deaf: false });
    let message = message(EndpointId::NIL, "a");
    let added = |can_be: bool| {
        let outlet: Arc<dyn Outlet> = Arc::new(Notes::default());
        let receiver = (Owner::Peer(PEER), ["a"].iter().collect(), outlet);
        let route = routing.add_behind(receiver, || {
            assert!(routing.routes.try_read().is_err(), "whoever looks for receivers waits");
            can_be
        });
        (route.is_some(), routing.wanting(&Heading::of(&message, Origin::Local)).len())
    };
    assert_eq!((added(false), added(true)), ((false, 0), (true, 1)));
}

#[test]
fn a_deaf_node_passes_nothing_on() {
    let routing = Routing::new(Here { id: HERE, forwards: true, is_deaf: true });
    let notes = Arc::new(Notes::default());
    let outlet = Arc::clone(&notes) as Arc<dyn Outlet>;
    routing.add(Owner::Client(1), ["a"].iter().collect(), outlet);
    let message = message(EndpointId::NIL, "a");
    for origin in [Origin::Peer(PEER), Origin::Client(2)] {
        assert_eq!(routing.pass_on(&message, origin).ok(), Some(0));
    }
    assert_eq!(publish(&routing, &message, Patience::None).ok(), Some(1));
    assert_eq!(notes.got.lock().unwrap().len(), 1);
}

#[test]
fn a_copy_is_left_out_also_while_its_receivers_are_behind() {
    let (routing, notes) = routing(true, "");
    let tagged = |number| {
        message(EndpointId::NIL, "/t").tagged_as(Some(crate::tag::Tag([number; 16]))).unwrap()
    };
    let block = |is_blocked| notes[0].blocked.store(is_blocked, Ordering::SeqCst);
    let pass_on = |number, from| routing.pass_on(&tagged(number), Origin::Peer(from)).ok();
    assert_eq!((pass_on(1, PEER), pass_on(1, OTHER)), (Some(5), Some(0)));
    block(true);
    assert_eq!(pass_on(1, OTHER), Some(0));
    // One that waits is not known: whichever way it comes first counts.
    assert_eq!((pass_on(2, PEER), pass_on(2, OTHER)), (None, None));
    block(false);
    assert_eq!((pass_on(2, OTHER), pass_on(2, PEER)), (Some(5), Some(0)));
    assert_eq!(routing.tags.duplicates.get(), 3);
}
