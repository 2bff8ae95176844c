//! Recorded connections of the original, replayed from both sides: see `tests/golden/README.md`.

use super::*;
use crate::claims::Claims;
use crate::handshake_frame::HandshakeFrame;
use crate::peering_frames::routing_update;
use crate::peering_sides::{Side, View, framed};

/// One line of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    /// This side sent a frame.
    Frame(&'a str),
    /// This side closed its end.
    Closes,
}

/// The lines of a recording.
fn lines(text: &str) -> Vec<(Role, Line<'_>)> {
    text.lines()
        .map(|line| {
            let (side, what) = line.split_once(' ').unwrap();
            let role = match side {
                "connector" => Role::Connector,
                "listener" => Role::Listener,
                other => panic!("{other}"),
            };
            (role, if what == "closes" { Line::Closes } else { Line::Frame(what) })
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// What one side of a recording is called and wants.
fn view(lines: &[(Role, Line<'_>)], role: Role) -> View {
    let frames =
        lines.iter().filter(|(side, _)| *side == role).filter_map(|(_, line)| match line {
            Line::Frame(hex) => HandshakeFrame::decode(&bytes(hex)).ok(),
            Line::Closes => None,
        });
    let (mut own, mut wanted) = (EndpointId::NIL, Filter::new());
    for frame in frames {
        match frame {
            HandshakeFrame::Hello { sender, .. } | HandshakeFrame::VersionSelect { sender, .. } => {
                own = sender;
            }
            HandshakeFrame::OriginatorSyn(filter) | HandshakeFrame::ResponderSynAck(filter) => {
                wanted = filter;
            }
            _ => {}
        }
    }
    let view = View::new(own, &[], &Arc::new(Claims::new()), 1);
    view.filter.replace(wanted);
    view
}

/// Plays one side of a recording against what the other side sent, in pieces of `piece` bytes.
fn play(text: &str, role: Role, piece: usize) -> Vec<Event> {
    let lines = lines(text);
    let mut side = Side::new(role, view(&lines, role));
    for (speaker, line) in lines {
        let Line::Frame(hex) = line else { continue };
        let body = bytes(hex);
        if speaker != role {
            for part in framed(&body).chunks(piece) {
                side.feed(part);
            }
            assert!(side.input.is_empty());
            continue;
        }
        if side.output.is_empty() {
            act(&mut side, &body);
        }
        assert_eq!(side.output.remove(0).to_vec(), framed(&body), "{role:?}");
    }
    assert!(side.output.is_empty(), "{:?}", side.output);
    side.close()
}

/// Does what the program behind this side did of its own accord, which sent `body`.
fn act(side: &mut Side, body: &[u8]) {
    let recorded = Message::parse(body).unwrap();
    let (own, receiver, topic) = (side.view.id, recorded.receiver(), recorded.topic());
    let message = match recorded.kind() {
        Kind::Data => {
            let data = recorded.decode().unwrap();
            Message::data(own, receiver, topic, &data).unwrap()
        }
        Kind::Command => {
            let (ttl, payload) = (recorded.ttl(), recorded.payload());
            Message::new(own, receiver, Kind::Command, ttl, topic, payload).unwrap()
        }
        Kind::RoutingUpdate => {
            let filter = Filter::decode(recorded.payload()).unwrap();
            routing_update(own, receiver, &filter).unwrap()
        }
        Kind::Ping => {
            let token = recorded.payload().strip_prefix(BYE).unwrap().try_into().unwrap();
            side.peering.leave(token, side.now);
            return side.feed(b"");
        }
        Kind::Pong => panic!("a pong that nobody asked for"),
    };
    side.output.push(message.frame().clone());
}

const RECORDINGS: [(&str, &str); 5] = [
    ("the listener originates", include_str!("../../tests/golden/broker/listener-originates.txt")),
    (
        "the connector originates",
        include_str!("../../tests/golden/broker/connector-originates.txt"),
    ),
    ("routing update", include_str!("../../tests/golden/broker/routing-update.txt")),
    ("all types", include_str!("../../tests/golden/broker/data-all-types.txt")),
    ("store operations", include_str!("../../tests/golden/broker/store-operations.txt")),
];

#[test]
fn both_sides_of_every_recording_say_byte_for_byte_the_same() {
    for (name, text) in RECORDINGS {
        for role in [Role::Connector, Role::Listener] {
            let whole = play(text, role, usize::MAX);
            let Some(Event::Peered { id, .. }) = whole.first() else { panic!("{name}: {whole:?}") };
            assert_eq!(*id, view(&lines(text), opposite(role)).id, "{name}");
            assert!(matches!(whole.last(), Some(Event::Bye | Event::Left)), "{name}: {whole:?}");
            for piece in [1, 3, 7, 50] {
                assert_eq!(play(text, role, piece), whole, "{name} in pieces of {piece}");
            }
        }
    }
}

fn opposite(role: Role) -> Role {
    match role {
        Role::Connector => Role::Listener,
        Role::Listener => Role::Connector,
    }
}

#[test]
fn what_was_wanted_later_is_heard() {
    let events = play(RECORDINGS[2].1, Role::Connector, usize::MAX);
    let filters: Vec<Filter> = events
        .iter()
        .filter_map(|event| match event {
            Event::Filter(filter) => Some(filter.clone()),
            _ => None,
        })
        .collect();
    let expected: [Filter; 2] =
        [["/cap", "/late/L"].iter().collect(), ["/added/L", "/cap", "/late/L"].iter().collect()];
    assert_eq!(filters, expected);
}

#[test]
fn every_recorded_value_is_read_and_written_again() {
    let mut topics = Vec::new();
    for (_, line) in lines(RECORDINGS[3].1) {
        let Line::Frame(hex) = line else { continue };
        let Ok(message) = Message::parse(&bytes(hex)) else { continue };
        if message.kind() != Kind::Data {
            continue;
        }
        let data = message.decode().unwrap();
        let mut again = Vec::new();
        data.encode(&mut again);
        assert_eq!(again, message.payload(), "{message:?}");
        topics.push(String::from_utf8(message.topic().to_vec()).unwrap());
    }
    assert_eq!(topics.len(), 28, "{topics:?}");
    for topic in ["/cap/none", "/cap/table", "/cap/zeek/batch", "/back/x", "/not/subscribed"] {
        assert!(topics.iter().any(|known| known == topic), "{topic}");
    }
}
