//! Peers in operation: what is handed on, what is answered, what is skipped, and how it ends.

use super::*;
use crate::claims::Claims;
use crate::message::TTL;
use crate::peering_sides::{LARGE, SMALL, Side, View, framed, join};

const SECOND: Duration = Duration::from_secs(1);

/// Two peers, of which the first one is `SMALL`.
fn peers() -> (Side, Side) {
    peers_within(PeeringLimits::default())
}

fn peers_within(limits: PeeringLimits) -> (Side, Side) {
    let small = View::new(SMALL, &["/s"], &Arc::new(Claims::new()), 1);
    let large = View::new(LARGE, &["/l"], &Arc::new(Claims::new()), 1);
    let mut small = Side::limited(Role::Listener, small, limits);
    let mut large = Side::limited(Role::Connector, large, limits);
    join(&mut small, &mut large);
    small.events.clear();
    large.events.clear();
    (small, large)
}

fn message(kind: Kind, topic: &[u8], payload: &[u8]) -> Message {
    Message::new(LARGE, SMALL, kind, TTL, topic, payload).unwrap()
}

fn body(message: &Message) -> Vec<u8> {
    message.frame()[4..].to_vec()
}

#[test]
fn data_and_commands_are_handed_on_as_they_are() {
    let (mut small, _) = peers();
    let data = message(Kind::Data, b"/s/x", &[0]);
    let command = message(Kind::Command, b"st/<$>/data/master", b"opaque");
    // A TTL of 0 says only that it may not be passed on.
    let last = Message::new(LARGE, EndpointId::NIL, Kind::Data, 0, b"/s", &[0]).unwrap();
    // What is no value is for whoever reads it to find out.
    let deep = message(Kind::Data, b"/s", &[0x0e, 1].repeat(200_000));
    let all = [data, command, last, deep];
    let stream: Vec<u8> = all.iter().flat_map(|message| message.frame().to_vec()).collect();
    small.feed(&stream);
    assert_eq!(small.events, all.clone().map(Event::Message));
    assert!(all[3].decode().is_err());
    let statistics = *small.peering.statistics();
    assert_eq!((statistics.data, statistics.commands, statistics.skipped()), (3, 1, 0));
}

#[test]
fn events_come_one_by_one_so_that_the_rest_can_wait() {
    let (mut small, _) = peers();
    let frame = message(Kind::Data, b"/s", &[0]).frame().to_vec();
    let stream = frame.repeat(3);
    let mut input = stream.as_slice();
    assert!(small.peering.next(&mut input, small.now, &small.view).is_some());
    assert_eq!(input.len(), frame.len() * 2);
    assert!(small.peering.next(&mut input, small.now, &small.view).is_some());
    assert_eq!(input, frame);
}

#[test]
fn garbage_is_skipped_and_counted_and_the_peering_lives_on() {
    let (mut small, mut large) = peers();
    let mut strange = body(&message(Kind::Data, b"/s", &[0]));
    strange[32] = 77;
    let mut cut = body(&message(Kind::Data, b"/topic", b""));
    cut.pop();
    for garbage in [
        &b""[..],
        b"x",
        &[7; 36],
        &cut,
        &strange,
        &body(&message(Kind::RoutingUpdate, b"<$>", b"\x05x")),
        &body(&message(Kind::Ping, b"<$>", &vec![0; MAX_PING_BYTES + 1])),
        &body(&message(Kind::Data, b"<$>/local/data/statuses", &[0])),
        &body(&message(Kind::Pong, b"<$>", b"never asked")),
    ] {
        small.feed(&framed(garbage));
    }
    assert_eq!((small.events.len(), small.output.len()), (0, 0));
    let counted = *small.peering.statistics();
    assert_eq!((counted.empty, counted.short, counted.unknown), (1, 3, 1));
    assert_eq!((counted.unusable, counted.internal, counted.pongs), (2, 1, 1));
    assert_eq!(counted.skipped(), 8);

    let good = message(Kind::Data, b"/s", &[0]);
    small.feed(good.frame());
    assert_eq!(small.events, [Event::Message(good)]);
    large.wait(20 * SECOND, Reading::On);
    join(&mut small, &mut large);
    assert!(matches!(large.events[..], [Event::Pong { .. }]));
}

#[test]
fn a_frame_beyond_the_limit_ends_the_peering() {
    let limits = PeeringLimits { max_frame_bytes: 100, ..PeeringLimits::default() };
    let (mut small, _) = peers_within(limits);
    let longest = message(Kind::Data, b"/s", &[0; 100 - 37 - 2]);
    small.feed(longest.frame());
    assert_eq!(small.events, [Event::Message(longest)]);
    small.feed(&[0, 0, 0, 101]);
    let Some(Event::Failed(failure)) = small.events.last() else { panic!() };
    assert_eq!(
        failure.to_string(),
        "a frame of 101 bytes, over the limit of 100 (invalid_message)"
    );
    small.feed(message(Kind::Data, b"/s", &[0]).frame());
    assert_eq!((small.events.len(), small.input.len()), (2, 0), "nothing follows");
}

#[test]
fn a_ping_is_answered_with_the_same_payload() {
    let (mut small, _) = peers();
    let other = EndpointId([0x77; 16]);
    let asked = Message::new(other, SMALL, Kind::Ping, TTL, b"<$>", b"anything").unwrap();
    small.feed(asked.frame());
    let answer = Message::new(SMALL, other, Kind::Pong, TTL, b"<$>", b"anything").unwrap();
    assert_eq!(small.sent(), answer.frame().to_vec());
    assert!(small.events.is_empty());
}

fn tagged(payload: &[u8]) -> Message {
    let plain = Message::new(LARGE, EndpointId::NIL, Kind::Data, TTL, b"/s", payload).unwrap();
    plain.tagged_as(Some(crate::tag::Tag([9; 16]))).unwrap()
}

#[test]
fn who_is_asked_for_tags_and_who_asks_know_that_both_understand_them() {
    let (mut small, mut large) = peers();
    small.peering.ask_tags();
    small.feed(b"");
    join(&mut small, &mut large);
    assert_eq!(
        (&small.events, &large.events),
        (&vec![Event::Tags(true)], &vec![Event::Tags(true)])
    );
    // Nobody need be asked now.
    for side in [&mut small, &mut large] {
        side.peering.ask_tags();
        side.feed(b"");
        assert!(side.output.is_empty());
    }
    small.feed(tagged(&[0]).frame());
    assert_eq!(small.events.last(), Some(&Event::Message(tagged(&[0]))));
}

#[test]
fn a_node_of_the_original_is_known_by_its_echo_and_then_sends_no_tags() {
    let (mut small, _) = peers();
    small.peering.ask_tags();
    small.feed(b"");
    let asked = small.sent();
    let echo = message(Kind::Pong, b"<$>", &asked[asked.len() - 18..]);
    small.feed(echo.frame());
    assert_eq!(small.events, [Event::Tags(false)]);
    small.feed(echo.frame());
    small.feed(tagged(&[0]).frame());
    assert_eq!((small.events.len(), small.peering.statistics().unusable), (1, 1));
}

#[test]
fn tags_of_somebody_who_was_not_asked_are_skipped_and_counted() {
    let (mut small, _) = peers();
    small.feed(tagged(&[0]).frame());
    small.feed(message(Kind::Pong, b"<$>", b"broker-node: tags").frame());
    small.feed(tagged(&[0]).frame());
    assert!(small.events.is_empty());
    assert_eq!(small.peering.statistics().unusable, 2);
}

#[test]
fn a_tag_comes_on_top_of_the_longest_frame() {
    let limits = PeeringLimits { max_frame_bytes: 100, ..PeeringLimits::default() };
    for (plain, payload, passes) in [(false, 61, true), (true, 61, true), (true, 62, false)] {
        let (mut small, _) = peers_within(limits);
        small.peering.ask_tags();
        let tagged = tagged(&vec![0; payload]);
        let sent = if plain { tagged.tagged_as(None).unwrap() } else { tagged };
        small.feed(sent.frame());
        assert_eq!(small.events.last() == Some(&Event::Message(sent)), passes, "{plain} {payload}");
        assert_eq!(matches!(small.events.last(), Some(Event::Failed(_))), !passes);
    }
}

#[test]
fn a_routing_update_replaces_the_filter() {
    let (mut small, _) = peers();
    let filter: Filter = ["/b", "/a"].iter().collect();
    let update = crate::peering_frames::routing_update(LARGE, SMALL, &filter).unwrap();
    small.feed(update.frame());
    assert_eq!(small.events, [Event::Filter(filter)]);
}

#[test]
fn a_silent_peer_is_asked_and_its_answer_timed() {
    let (mut small, mut large) = peers();
    small.wait(19 * SECOND, Reading::On);
    assert!(small.output.is_empty());
    small.wait(SECOND, Reading::On);
    let ping = small.sent();
    large.feed(&ping);
    small.now += 2 * SECOND;
    small.feed(&large.sent());
    assert_eq!(small.events, [Event::Pong { round_trip: 2 * SECOND }]);
    assert!(large.events.is_empty());
}

#[test]
fn a_peer_that_says_nothing_is_given_up() {
    let (mut small, _) = peers();
    for _ in 0..59 {
        small.wait(SECOND, Reading::On);
    }
    assert!(small.events.is_empty());
    assert_eq!(small.output.len(), 2);
    small.wait(SECOND, Reading::On);
    let [Event::Failed(failure)] = &small.events[..] else { panic!() };
    assert_eq!(failure.to_string(), "nothing was heard of the peer for 60s (peer_timeout)");
}

#[test]
fn a_peer_that_is_not_read_may_be_silent() {
    let (mut small, _) = peers();
    for _ in 0..200 {
        small.wait(SECOND, Reading::Held);
    }
    assert!(small.events.is_empty());
    // It hears that this side lives.
    assert_eq!(small.output.len(), 10);
}

#[test]
fn a_part_of_a_frame_is_a_sign_of_life() {
    let (mut small, _) = peers();
    let frame = message(Kind::Data, b"/s", &[0; 200]).frame().to_vec();
    for byte in &frame {
        small.wait(SECOND, Reading::On);
        small.feed(&[*byte]);
    }
    assert!(matches!(small.events[..], [Event::Message(_)]) && small.output.is_empty());
}

#[test]
fn goodbye_is_said_and_answered() {
    let (mut small, mut large) = peers();
    small.peering.leave(*b"12345678", small.now);
    small.feed(b"");
    let farewell = small.output[0].to_vec();
    assert!(farewell.ends_with(b"<$>BYE12345678"));
    // What is on its way meanwhile still arrives.
    let late = message(Kind::Data, b"/s", &[0]);
    small.feed(late.frame());
    join(&mut small, &mut large);
    assert_eq!(small.events, [Event::Message(late), Event::Left]);
    assert_eq!(large.events, [Event::Bye]);
}

#[test]
fn both_sides_may_say_goodbye_at_once() {
    let (mut small, mut large) = peers();
    small.peering.leave([1; 8], small.now);
    large.peering.leave([1; 8], large.now);
    small.feed(b"");
    large.feed(b"");
    join(&mut small, &mut large);
    assert_eq!(
        (small.events.last(), large.events.last()),
        (Some(&Event::Left), Some(&Event::Left))
    );
}

#[test]
fn a_goodbye_that_nobody_answers_is_one_after_three_seconds() {
    let (mut small, _) = peers();
    small.peering.leave([0; 8], small.now);
    small.peering.leave([1; 8], small.now);
    small.wait(Duration::from_millis(2_999), Reading::On);
    assert_eq!((small.events.len(), small.output.len()), (0, 1));
    small.wait(Duration::from_millis(1), Reading::On);
    assert_eq!(small.events, [Event::Left]);
    // A handshake has nobody to say it to.
    let view = View::new(SMALL, &[], &Arc::new(Claims::new()), 1);
    let mut young = Side::new(Role::Listener, view);
    young.peering.leave([0; 8], young.now);
    young.feed(b"");
    assert_eq!((young.events.as_slice(), young.output.len()), (&[Event::Left][..], 1));
}
