//! The fuzz targets of WebSocket clients: see `tests/fuzz/README.md`. No part of the interface.

use std::time::Instant;

use ostler_runtime::fuzzing::Cursor;

use crate::websocket_data;
use crate::websocket_frame::MAX_MASKED_HEAD_BYTES;
use crate::{EndpointId, Message, Topic, WebSocketEvent, WebSocketLimits, WebSocketSession};

/// Topics that are allowed.
const MAX_TOPICS: usize = 8;

/// What came of a client's bytes.
#[derive(Debug, Default, PartialEq)]
struct Received {
    events: Vec<WebSocketEvent>,
    output: Vec<u8>,
    closed: bool,
}

/// A client's session: the first byte is the longest message, then come the cuts and the bytes.
///
/// The events and the answers are the same however the bytes are cut, the subscriptions come first
/// and once, nothing is read or said behind the end, and less than the longest frame is left unread.
///
/// # Panics
///
/// If one of these does not hold.
pub fn websocket(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let max_message = usize::from(cursor.byte()).saturating_mul(8);
    let cuts = cursor.cuts();
    let stream = cursor.rest();
    let limits =
        WebSocketLimits { max_message, max_topics: MAX_TOPICS, ..WebSocketLimits::default() };
    let now = ostler_runtime::now();
    let whole = received(&limits, &[stream], now);
    assert_eq!(received(&limits, &cuts.pieces(stream), now), whole);
    for (number, event) in whole.events.iter().enumerate() {
        assert_eq!(number == 0, matches!(event, WebSocketEvent::Subscribed(_)), "{whole:?}");
    }
}

fn received(limits: &WebSocketLimits, pieces: &[&[u8]], now: Instant) -> Received {
    let mut session = WebSocketSession::new(limits.clone(), now);
    let mut received = Received::default();
    let mut left: Vec<u8> = Vec::new();
    let longest = limits.max_message.saturating_add(MAX_MASKED_HEAD_BYTES);
    for piece in pieces {
        left.extend_from_slice(piece);
        loop {
            let (count, event) = session.receive(&left, now);
            left.drain(..count);
            let Some(event) = event else { break };
            assert!(!received.closed, "an event behind the end");
            if matches!(event, WebSocketEvent::Subscribed(_)) {
                session.acknowledge("me", "1");
            }
            received.events.push(event);
        }
        assert!(left.len() < longest, "{} bytes are left", left.len());
        if let Some(output) = session.take_output() {
            assert!(!received.closed, "words behind the end");
            received.output.extend_from_slice(&output);
        }
        received.closed = session.is_closed();
    }
    received
}

/// A client's message: it is read or refused in words of one line, and what is read means the same
/// when it was sent to other clients and read again. As subscriptions it is within its limits.
///
/// # Panics
///
/// If one of these does not hold.
pub fn websocket_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let limits = WebSocketLimits { max_topics: MAX_TOPICS, ..WebSocketLimits::default() };
    if let Ok(topics) = websocket_data::subscriptions(text, &limits) {
        assert!(topics.len() <= MAX_TOPICS, "{topics:?}");
    }
    match websocket_data::read(text) {
        Ok((topic, data)) => {
            assert!(!Topic::is_internal(topic.as_bytes()), "{topic:?}");
            let id = EndpointId::NIL;
            let message = Message::data(id, id, topic.as_bytes(), &data);
            let frame = message.ok().and_then(|message| websocket_data::frame(&message));
            let again = websocket_data::read(text_of(&frame.unwrap_or_default()));
            assert_eq!(again.ok(), Some((topic, data)));
        }
        Err(flaw) => {
            let words = format!("{flaw}{}", flaw.detail().unwrap_or_default());
            assert!(!words.contains(char::is_control) && words.len() < 1000, "{words}");
        }
    }
}

/// The text in a server's frame.
fn text_of(frame: &[u8]) -> &str {
    let head = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(head..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}
