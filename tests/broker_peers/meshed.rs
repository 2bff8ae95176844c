//! Nodes that are peers of each other in every way: each message comes to each of them once.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use broker::data::Data;
use broker::{Endpoint, EndpointId, EndpointOptions, Kind, Message, PeeringLimits, Subscriber};
use ostler_runtime::Thread;
use ostler_tests::wait::{PATIENCE, wait_for};

use crate::node::{LARGE, Node, SMALL, TAGS, data, listening, soon, topic};

/// Endpoints that are peers, each with a subscriber of `/x`.
struct Net {
    endpoints: Vec<Endpoint>,
    subscribers: Vec<Subscriber>,
}

impl Net {
    /// So many endpoints with these peerings. What is published behind this finds them all.
    fn new(count: usize, peerings: &[(usize, usize)]) -> Self {
        Self::limited(count, peerings, PeeringLimits::default())
    }

    fn limited(count: usize, peerings: &[(usize, usize)], limits: PeeringLimits) -> Self {
        // Whoever is late with its answer would be taken for a node of the original.
        let peering = PeeringLimits { tags: PATIENCE, ..limits };
        let options = || EndpointOptions { peering, ..EndpointOptions::default() };
        let (endpoints, ports): (Vec<_>, Vec<_>) = (0..count).map(|_| listening(options())).unzip();
        let subscribers = endpoints.iter().map(|one| one.subscribe([topic("/x")])).collect();
        let net = Self { endpoints, subscribers };
        for &(one, other) in peerings {
            let found = net.endpoints[one].peer("127.0.0.1", ports[other], None, soon());
            assert_eq!(found, Ok(net.endpoints[other].id()));
            assert!(net.endpoints[other].await_peer(net.endpoints[one].id(), soon()));
        }
        net
    }

    /// All of them with all others.
    fn full(count: usize) -> Self {
        let pairs = |one| (0..one).map(move |other| (one, other));
        Self::new(count, &(0..count).flat_map(pairs).collect::<Vec<_>>())
    }

    fn publish(&self, by: usize, data: &Data) {
        self.endpoints[by].publish(&topic("/x"), data).unwrap();
    }

    /// The next messages of a subscriber: how often each has come.
    fn next(&mut self, of: usize, count: usize) -> BTreeMap<String, usize> {
        let mut seen = BTreeMap::new();
        for _ in 0..count {
            let message = self.subscribers[of].get_before(soon()).unwrap();
            *seen.entry(message.data.to_string()).or_default() += 1;
        }
        seen
    }

    /// Nothing is on its way any more, and nobody has anything more.
    fn is_quiet(&mut self) {
        let endpoints = &self.endpoints;
        wait_for("all bytes have come", || {
            let counts = endpoints.iter().map(Endpoint::links);
            let sums = counts.fold((0, 0), |(sent, come), links| {
                (sent + links.bytes_out, come + links.bytes_in)
            });
            sums.0 == sums.1
        });
        for subscriber in &mut self.subscribers {
            assert!(subscriber.poll().is_empty());
        }
    }

    fn frames(&self) -> u64 {
        self.endpoints.iter().map(|one| one.links().frames_out).sum()
    }
}

/// Each publishes some at once, and everybody gets those of all others once.
fn each_gets_each_once(mut net: Net) {
    const EACH: u64 = 20;
    let count = net.endpoints.len();
    for number in 0..EACH {
        for by in 0..count {
            net.publish(by, &Data::Count(by as u64 * EACH + number));
        }
    }
    for of in 0..count {
        let others = (0..count as u64 * EACH).filter(|number| number / EACH != of as u64);
        let expected: BTreeMap<_, _> = others.map(|number| (number.to_string(), 1)).collect();
        assert_eq!(net.next(of, expected.len()), expected);
    }
    net.is_quiet();
}

#[test]
fn in_a_full_mesh_each_message_comes_once() {
    for count in 3..=5 {
        each_gets_each_once(Net::full(count));
    }
}

#[test]
fn messages_keep_their_order_whichever_way_each_is_the_first_to_come() {
    // Fewer than make a peer be cut off that is passed copies of them.
    const BURST: u64 = 250;
    let mut net = Net::full(4);
    for burst in 0..80 {
        let numbers = burst * BURST..(burst + 1) * BURST;
        for number in numbers.clone() {
            net.publish(0, &Data::Count(number));
        }
        for subscriber in &mut net.subscribers[1..] {
            for number in numbers.clone() {
                let message = subscriber.get_before(soon()).unwrap();
                assert_eq!(message.data, Data::Count(number));
            }
        }
    }
}

#[test]
fn a_mesh_sends_a_message_no_more_often_than_it_has_ways() {
    let mut net = Net::full(5);
    net.publish(0, &Data::Count(0));
    assert!((1..5).all(|of| net.next(of, 1).contains_key("0")));
    net.is_quiet();
    let before = net.frames();
    for number in 1..=100 {
        net.publish(0, &Data::Count(number));
    }
    assert!((1..5).all(|of| net.next(of, 100).len() == 100));
    net.is_quiet();
    // The first one sends it to four, and each of these to three others. A ping may come between.
    let sent = net.frames() - before;
    assert!((700..=1600 + 40).contains(&sent), "{sent}");
}

#[test]
fn in_a_ring_each_message_comes_once() {
    let ring: Vec<_> = (0..6).map(|one| (one, (one + 1) % 6)).collect();
    each_gets_each_once(Net::new(6, &ring));
}

#[test]
fn two_who_publish_the_same_at_the_same_time_are_both_heard() {
    let mut net = Net::full(4);
    for _ in 0..20 {
        let publishers = [net.endpoints[0].publisher(), net.endpoints[1].publisher()];
        let threads = publishers.map(|publisher| {
            let publish = move || drop(publisher.publish(&topic("/x"), &Data::Count(7)));
            Thread::spawn("publisher", publish).unwrap()
        });
        threads.into_iter().for_each(Thread::join);
        for (of, count) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
            assert_eq!(net.next(of, count), BTreeMap::from([("7".to_owned(), count)]));
        }
    }
    net.is_quiet();
}

#[test]
fn a_message_of_exactly_the_limit_goes_with_its_tag() {
    const LIMIT: usize = 2000;
    let limits = PeeringLimits { max_frame_bytes: LIMIT, ..PeeringLimits::default() };
    let mut net = Net::limited(3, &[(0, 1), (1, 2), (2, 0)], limits);
    let envelope = data(SMALL, "/x", 0).frame().len() - 9;
    // A byte for the type, and two for the length.
    let text = Data::String(vec![b'x'; LIMIT - envelope - 3]);
    net.publish(0, &text);
    for of in [1, 2] {
        assert_eq!(net.subscribers[of].get_before(soon()).unwrap().data, text);
    }
    net.is_quiet();
    assert!(net.endpoints.iter().all(|one| one.peers().len() == 2));
}

#[test]
fn a_peer_that_does_not_answer_gets_what_waits_for_it_in_time() {
    let tags = std::time::Duration::from_millis(100);
    let peering = PeeringLimits { tags, ..PeeringLimits::default() };
    let (endpoint, port) = listening(EndpointOptions { peering, ..EndpointOptions::default() });
    let mut one = Node::peer(port, SMALL, &["/x"]);
    assert!(endpoint.await_peer(SMALL, soon()));
    let mut other = Node::peer(port, LARGE, &["/x"]);
    assert!(endpoint.await_peer(LARGE, soon()));
    for number in 0..3 {
        endpoint.publish(&topic("/x"), &Data::Count(number)).unwrap();
    }
    for node in [&mut one, &mut other] {
        assert!(node.any_frame().unwrap().ends_with(TAGS));
        for number in 0..3 {
            let message = Message::parse(&node.any_frame().unwrap()).unwrap();
            assert_eq!(message, data(endpoint.id(), "/x", number));
        }
    }
}

/// Passes on what comes from one node of ours to another as the original does: under its own name,
/// with the TTL that it has come with. Tells each TTL.
fn pass_on(mut from: Node, mut to: Node, own: EndpointId, told: Sender<(u16, Message)>) -> Thread {
    let body = move || {
        while let Ok(body) = from.any_frame() {
            let message = Message::parse(&body).unwrap();
            match message.kind() {
                Kind::Ping => from.echo(&message),
                Kind::Data => {
                    let (ttl, topic) = (message.ttl(), message.topic());
                    let all = EndpointId::NIL;
                    let passed =
                        Message::new(own, all, Kind::Data, ttl, topic, message.payload()).unwrap();
                    // The same bytes but for the name: no tag.
                    assert_eq!(passed.frame()[20..], message.frame()[20..]);
                    to.publish(&passed);
                    told.send((ttl, message)).unwrap();
                }
                _ => {}
            }
        }
    };
    Thread::spawn("original", body).unwrap()
}

#[test]
fn with_a_node_of_the_original_in_the_mesh_nobody_misses_a_message_and_it_ends() {
    let (one, first) = listening(EndpointOptions::default());
    let (two, second) = listening(EndpointOptions::default());
    let mut subscribers = [&one, &two].map(|endpoint| endpoint.subscribe([topic("/x")]));
    assert_eq!(one.peer("127.0.0.1", second, None, soon()), Ok(two.id()));
    assert!(two.await_peer(one.id(), soon()));
    let nodes = [first, second].map(|port| Node::peer(port, LARGE, &["/x"]));
    assert!(one.await_peer(LARGE, soon()) && two.await_peer(LARGE, soon()));
    let (told, heard) = channel();
    let twins = [nodes[0].twin(), nodes[1].twin()];
    let [from_one, from_two] = nodes;
    let [to_one, to_two] = twins;
    let threads =
        [pass_on(from_one, to_two, LARGE, told.clone()), pass_on(from_two, to_one, LARGE, told)];
    one.publish(&topic("/x"), &Data::Count(1)).unwrap();
    // From the first at once, and by way of the second; each turn takes two from the TTL.
    let mut ttls: Vec<u16> = (0..16).map(|_| heard.recv_timeout(PATIENCE).unwrap().0).collect();
    ttls.sort_unstable();
    assert_eq!(ttls, (1..=16).collect::<Vec<u16>>());
    two.publish(&topic("/x"), &Data::Count(2)).unwrap();
    for subscriber in &mut subscribers {
        let mut all = Vec::new();
        wait_for("both messages", || {
            all.extend(subscriber.poll().into_iter().map(|received| received.data));
            all.contains(&Data::Count(1)) && all.contains(&Data::Count(2))
        });
    }
    drop((one, two));
    threads.into_iter().for_each(Thread::join);
}
