//! What WebSocket clients send and are sent: frames that were made before the measurement.

use std::net::{IpAddr, Ipv4Addr};

use broker::data::{Data, EnumValue, Port, Timespan, Timestamp, json};
use memchr::memmem::rfind;

/// Where the messages go.
pub(crate) const TOPIC: &str = "/benchmark/events";
/// The key that hides what a client sends from what is between.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The first byte of a whole text, and the same of a ping.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
/// In the second byte: that there is a key, and that two bytes of length follow.
const MASKED: u8 = 0x80;
const LONG: u8 = 126;

/// So many frames of a client, one behind the other, each with an entry of conn.log.
pub(crate) fn frames(count: u64) -> Vec<u8> {
    let mut all = Vec::new();
    for number in 0..count {
        let mut text = Vec::new();
        // The values are ones that JSON can say.
        let written = json::write_message(TOPIC.as_bytes(), &event(number), &mut text);
        debug_assert!(written.is_ok());
        frame(TEXT, &text, &mut all);
    }
    all
}

/// A ping of a client.
pub(crate) fn ping() -> Vec<u8> {
    let mut all = Vec::new();
    frame(PING, b"so far", &mut all);
    all
}

fn frame(kind: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    if let Ok(short @ 0..LONG) = u8::try_from(payload.len()) {
        out.push(MASKED | short);
    } else {
        // None of these is longer than 64 KiB.
        out.push(MASKED | LONG);
        out.extend(u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The same event as `broker-throughput` sends.
fn event(number: u64) -> Data {
    let text = |text: &str| Data::String(text.as_bytes().to_vec());
    let host = |last| Data::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
    let time = Data::Timestamp(Timestamp::from_nanos(1_700_000_000_123_456_000));
    let port = |number| Data::Port(Port::tcp(number));
    let connection = vec![
        time.clone(),
        text("CHhAvVGS1DHFjwGM9"),
        Data::Vector(vec![host(7), port(40_000), host(53), port(443)]),
        Data::Enum(EnumValue::new("tcp")),
        text("ssl"),
        Data::Timespan(Timespan::from_nanos(1_234_567_890)),
        Data::Count(1_517),
        Data::Count(30_412),
        text("SF"),
        Data::Boolean(true),
        Data::Boolean(false),
        Data::Count(0),
        text("ShADadFf"),
        Data::Count(17),
        Data::Count(2_413),
        Data::Count(26),
        Data::Count(31_780),
        Data::Vector(Vec::new()),
        text("de"),
        Data::None,
        Data::Count(number),
    ];
    let content = vec![text("event_2"), Data::Vector(vec![time, Data::Vector(connection)])];
    Data::Vector(vec![Data::Count(1), Data::Count(1), Data::Vector(content)])
}

/// The first frame of a server in `bytes`, if it is there as a whole: its kind, its payload and
/// how long it is.
pub(crate) fn first(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&[kind, short], _) = bytes.split_first_chunk()?;
    let (head, length): (usize, usize) = match short {
        LONG => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let end = head.checked_add(length)?;
    Some((kind, bytes.get(head..end)?, end))
}

/// The number that an event of `broker-throughput` ends with.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let from = rfind(text, b"\"data\":")?.checked_add(7)?;
    let mut digits = text.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0_u64, |all, digit| {
        all.checked_mul(10)?.checked_add(u64::from(digit.saturating_sub(b'0')))
    })
}

/// Whether a frame is a text.
pub(crate) fn is_text(kind: u8) -> bool {
    kind == TEXT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_about_as_long_as_those_of_zeek() {
        let length = frames(1).len();
        assert!((1_000..1_400).contains(&length), "{length}");
        assert!(frames(3).len() >= 3 * length);
    }

    #[test]
    fn frames_are_found_and_numbered() {
        let mut text = Vec::new();
        json::write_message(b"/x", &event(4711), &mut text).unwrap();
        assert_eq!(number(&text), Some(4711));
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        let bytes = [&[TEXT, 126], &length[..], &text, &[0x8a, 0, 9]].concat();
        let (kind, payload, end) = first(&bytes).unwrap();
        assert!(is_text(kind) && payload == text);
        assert_eq!(first(&bytes[end..]), Some((0x8a, &[][..], 2)));
        assert_eq!(first(&bytes[..end - 1]), None);
    }
}
