//! Messages: their bytes, and what is none.

use proptest::prelude::*;

use super::*;
use crate::topic::Topic;

const SENDER: EndpointId = EndpointId([0x11; 16]);
const OTHER: EndpointId = EndpointId([0xee; 16]);

#[test]
fn every_field_stands_where_peers_look_for_it() {
    let message = Message::new(SENDER, OTHER, Kind::Ping, 16, b"<$>", b"BYE12345678").unwrap();
    let mut bytes = vec![0, 0, 0, 51];
    bytes.extend([0x11; 16]);
    bytes.extend([0xee; 16]);
    bytes.extend(b"\x04\x00\x10\x00\x03<$>BYE12345678");
    assert_eq!(message.frame().as_ref(), bytes);
    assert_eq!((message.sender(), message.receiver()), (SENDER, OTHER));
    assert_eq!((message.kind(), message.ttl()), (Kind::Ping, 16));
    assert_eq!((message.topic(), message.payload()), (&b"<$>"[..], &b"BYE12345678"[..]));
    assert_eq!(Message::from_frame(&bytes).as_ref(), Ok(&message));
}

#[test]
fn data_is_written_behind_the_topic() {
    let message = Message::data(SENDER, EndpointId::NIL, b"/cap/none", &Data::None).unwrap();
    assert_eq!((message.kind(), message.ttl(), message.payload()), (Kind::Data, TTL, &[0][..]));
    assert!(matches!(message.decode(), Ok(Data::None)));
    let mut scratch = b"left over".to_vec();
    let again =
        Message::data_with(&mut scratch, SENDER, EndpointId::NIL, b"/cap/none", &Data::None);
    assert_eq!(again, Ok(message));
}

#[test]
fn a_message_is_passed_on_as_often_as_its_ttl_says() {
    let message = Message::new(SENDER, EndpointId::NIL, Kind::Data, 3, b"/t", b"\0").unwrap();
    let second = message.relayed(OTHER).unwrap();
    assert_eq!((second.sender(), second.ttl()), (OTHER, 2));
    assert_eq!((second.topic(), second.payload()), (message.topic(), message.payload()));
    let third = second.relayed(SENDER).unwrap();
    assert_eq!(third.ttl(), 1);
    assert_eq!(third.relayed(OTHER), None);
    let none = Message::new(SENDER, EndpointId::NIL, Kind::Data, 0, b"/t", b"\0").unwrap();
    assert_eq!(none.relayed(OTHER), None);
}

#[test]
fn what_is_no_message_is_told_apart() {
    let whole = Message::new(SENDER, OTHER, Kind::Data, 16, b"/topic", b"").unwrap();
    let frame = &whole.frame()[LENGTH_BYTES..];
    for length in 0..frame.len() {
        assert_eq!(Message::parse(&frame[..length]), Err(MessageError::Short(length)));
    }
    let mut strange = frame.to_vec();
    for kind in [0, 6, 255] {
        strange[32] = kind;
        assert_eq!(Message::parse(&strange), Err(MessageError::UnknownKind(kind)));
    }
    let topic = vec![b'x'; Topic::MAX_BYTES + 1];
    let error = Message::new(SENDER, OTHER, Kind::Data, 16, &topic, b"").unwrap_err();
    assert_eq!(error.to_string(), "a message of 65536 bytes, which no peer takes");
}

const TAG: Tag = Tag([0xab; TAG_BYTES]);

#[test]
fn a_tag_stands_at_the_end_and_is_no_part_of_what_is_said() {
    let plain = Message::new(SENDER, EndpointId::NIL, Kind::Command, 16, b"/t", b"xyz").unwrap();
    let tagged = plain.tagged_as(Some(TAG)).unwrap();
    let mut bytes = plain.frame().to_vec();
    bytes.extend([0xab; TAG_BYTES]);
    bytes[3] += 16;
    bytes[36] = 0x82;
    assert_eq!(tagged.frame().as_ref(), bytes);
    assert_eq!(Message::from_frame(&bytes).as_ref(), Ok(&tagged));
    assert_eq!((plain.tag(), tagged.tag(), tagged.kind()), (None, Some(TAG), Kind::Command));
    assert_eq!((tagged.topic(), tagged.payload()), (&b"/t"[..], &b"xyz"[..]));
    assert_eq!(tagged.tagged_as(None), Some(plain.clone()));
    let relayed = tagged.relayed(OTHER).unwrap();
    assert_eq!((relayed.tag(), relayed.ttl(), relayed.sender()), (Some(TAG), 15, OTHER));
    assert_eq!(tagged.relayed_as(OTHER, None), plain.relayed(OTHER));
    assert_eq!(plain.relayed_as(OTHER, Some(TAG)), Some(relayed));
}

#[test]
fn only_what_is_for_all_has_a_tag() {
    let plain = Message::new(SENDER, EndpointId::NIL, Kind::Data, 16, b"/t", b"").unwrap();
    let tagged = plain.tagged_as(Some(TAG)).unwrap();
    let frame = &tagged.frame()[LENGTH_BYTES..];
    for length in 0..frame.len() {
        assert_eq!(Message::parse(&frame[..length]), Err(MessageError::Short(length)));
    }
    for kind in [0x80, 0x83, 0x84, 0x85, 0x86, 0xff] {
        let mut strange = frame.to_vec();
        strange[32] = kind;
        assert_eq!(Message::parse(&strange), Err(MessageError::UnknownKind(kind)));
    }
    let mut for_one = frame.to_vec();
    for_one[31] = 1;
    assert_eq!(Message::parse(&for_one), Err(MessageError::UnknownKind(0x81)));
    let one = Message::new(SENDER, OTHER, Kind::Data, 16, b"/t", b"").unwrap();
    assert!(plain.takes_tag() && tagged.takes_tag() && !one.takes_tag());
}

proptest! {
    #[test]
    fn a_message_that_was_built_is_parsed_again(
        ids in any::<([u8; 16], [u8; 16])>(),
        kind in 1_u8..=5,
        ttl in any::<u16>(),
        topic in prop::collection::vec(any::<u8>(), 0..300),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (sender, receiver) = (EndpointId(ids.0), EndpointId(ids.1));
        let kind = Kind::from_byte(kind).unwrap();
        let message = Message::new(sender, receiver, kind, ttl, &topic, &payload).unwrap();
        let parsed = Message::parse(&message.frame()[LENGTH_BYTES..]).unwrap();
        prop_assert_eq!(&parsed, &message);
        prop_assert_eq!((parsed.sender(), parsed.receiver()), (sender, receiver));
        prop_assert_eq!((parsed.kind(), parsed.ttl()), (kind, ttl));
        prop_assert_eq!((parsed.topic(), parsed.payload()), (&topic[..], &payload[..]));
    }

    #[test]
    fn what_is_parsed_was_all_of_the_frame(
        frame in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        if let Ok(message) = Message::parse(&frame) {
            prop_assert_eq!(&message.frame()[LENGTH_BYTES..], &frame[..]);
        }
    }
}
