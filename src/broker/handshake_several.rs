//! Several connections between the same two nodes: one is kept.

use std::time::Duration;

use super::*;
use crate::claims::Claims;
use crate::keepalive::Reading;
use crate::peering_event::Event;
use crate::peering_sides::{LARGE, SMALL, Side, View, join};

const TICK: Duration = Duration::from_millis(250);

/// Two nodes, with as many connections between them as are asked for.
struct Nodes {
    small: Arc<Claims>,
    large: Arc<Claims>,
    connections: u64,
}

impl Nodes {
    fn new() -> Self {
        Self { small: Arc::default(), large: Arc::default(), connections: 0 }
    }

    /// The ends of a new connection: that of the small node, and that of the large one.
    fn connect(&mut self, small_is: Role) -> (Side, Side) {
        self.connections += 1;
        let small = View::new(SMALL, &["/s"], &self.small, self.connections);
        let large = View::new(LARGE, &["/l"], &self.large, self.connections);
        match small_is {
            Role::Connector => {
                (Side::new(Role::Connector, small), Side::new(Role::Listener, large))
            }
            Role::Listener => (Side::new(Role::Listener, small), Side::new(Role::Connector, large)),
        }
    }
}

fn is_peered(side: &Side) -> bool {
    matches!(side.events[..], [Event::Peered { .. }])
}

#[test]
fn a_second_connection_is_dropped_and_that_is_no_failure() {
    for role in [Role::Connector, Role::Listener] {
        let mut nodes = Nodes::new();
        let (mut small, mut large) = nodes.connect(Role::Connector);
        join(&mut small, &mut large);
        assert!(is_peered(&small) && is_peered(&large));

        let (mut again, mut other) = nodes.connect(role);
        join(&mut again, &mut other);
        assert_eq!(again.events, [Event::Redundant { id: LARGE }]);
        assert_eq!(other.events, [Event::Redundant { id: SMALL }]);
    }
}

#[test]
fn the_original_is_told_of_a_second_connection_in_its_words() {
    let mut nodes = Nodes::new();
    let (mut small, mut large) = nodes.connect(Role::Listener);
    join(&mut small, &mut large);
    let (mut again, _) = nodes.connect(Role::Listener);
    again.output.clear();
    again.feed(&hello(LARGE).encode());
    let words = b"redundant connection".to_vec();
    let told = HandshakeFrame::DropConnection { sender: SMALL, code: 39, words };
    assert_eq!(again.sent(), told.encode().to_vec());
}

#[test]
fn a_handshake_waits_while_another_one_with_the_same_peer_is_running() {
    let mut nodes = Nodes::new();
    // Both nodes connect to each other at the same moment.
    let (mut first, mut first_other) = nodes.connect(Role::Connector);
    let (mut second, mut second_other) = nodes.connect(Role::Listener);
    // The small one hears of the second connection first, and claims the peer for it.
    for frame in std::mem::take(&mut second_other.output) {
        second.feed(&frame);
    }
    for frame in std::mem::take(&mut first.output) {
        first_other.feed(&frame);
    }
    for frame in std::mem::take(&mut first_other.output) {
        first.feed(&frame);
    }
    assert!(first.peering.is_aside() && !second.peering.is_aside());
    first.wait(TICK, Reading::Held);
    assert!(first.peering.is_aside() && first.events.is_empty() && first.output.is_empty());

    join(&mut second, &mut second_other);
    assert!(is_peered(&second) && is_peered(&second_other));
    first.wait(TICK, Reading::Held);
    assert!(!first.peering.is_aside());
    join(&mut first, &mut first_other);
    assert_eq!(first.events, [Event::Redundant { id: LARGE }]);
    assert_eq!(first_other.events, [Event::Redundant { id: SMALL }]);
}

#[test]
fn a_handshake_that_waited_goes_on_when_the_other_one_comes_to_nothing() {
    let mut nodes = Nodes::new();
    let (mut first, _) = nodes.connect(Role::Listener);
    first.feed(&hello(LARGE).encode());
    let (mut second, mut second_other) = nodes.connect(Role::Connector);
    join(&mut second, &mut second_other);
    assert!(second.peering.is_aside());
    first.close();
    second.wait(TICK, Reading::Held);
    join(&mut second, &mut second_other);
    assert!(is_peered(&second) && is_peered(&second_other));
}

#[test]
fn the_responder_waits_as_well_and_takes_up_what_came_meanwhile() {
    let mut nodes = Nodes::new();
    let selected = HandshakeFrame::VersionSelect { sender: SMALL, version: 1 }.encode();
    let (_, mut lost) = nodes.connect(Role::Listener);
    lost.feed(&selected);
    // The small node restarted: it knows nothing of the connection that is still open here.
    nodes.small = Arc::default();
    let (mut small, mut large) = nodes.connect(Role::Listener);
    join(&mut small, &mut large);
    assert!(large.peering.is_aside() && !large.input.is_empty());
    lost.close();
    large.wait(TICK, Reading::Held);
    join(&mut small, &mut large);
    assert!(is_peered(&small) && is_peered(&large));
}

#[test]
fn the_responder_that_has_a_peering_says_that_this_should_not_be() {
    let mut nodes = Nodes::new();
    let (mut small, mut large) = nodes.connect(Role::Listener);
    join(&mut small, &mut large);
    nodes.small = Arc::default();
    let (mut small, mut large) = nodes.connect(Role::Listener);
    join(&mut small, &mut large);
    for side in [small, large] {
        let [Event::Failed(failure)] = &side.events[..] else { panic!("{:?}", side.events) };
        assert_eq!(failure.code, Ec::LogicError);
    }
}
