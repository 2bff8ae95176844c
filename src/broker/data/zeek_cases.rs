//! Zeek's messages, and what is none.

use crate::zeek::{Batch, Event, IdentifierUpdate, LogCreate, LogWrite, Message, ZeekError};
use crate::{Data, EnumValue, Timestamp};

fn message(kind: u64, content: impl Into<Data>) -> Data {
    Data::from((1_u64, kind, content.into()))
}

fn label(name: &str) -> Data {
    EnumValue::new(name).into()
}

#[test]
fn messages_are_read_as_they_were_made() {
    let time = Timestamp::from_nanos(1_700_000_000_000_000_000);
    let event = Event::new("event_1", vec![Data::Count(42), "test".into()]).at(time);
    assert_eq!(event.timestamp(), Some(time));
    let create = LogCreate {
        stream: EnumValue::new("Conn::LOG"),
        writer: EnumValue::new("Log::WRITER_ASCII"),
        writer_info: Data::from(["conn"]),
        fields: Data::Vector(vec![]),
    };
    let write = LogWrite {
        stream: EnumValue::new("Conn::LOG"),
        writer: EnumValue::new("Log::WRITER_ASCII"),
        path: "conn".into(),
        serial_data: b"\0\xff".to_vec(),
    };
    let update = IdentifierUpdate { id: "Site::local_nets".into(), value: Data::Count(1) };
    let inner = Batch(vec![event.clone().into(), Batch::default().into()]);
    let batch = Batch(vec![create.clone().into(), write.clone().into(), inner.into()]);
    for original in [event.into(), create.into(), write.into(), update.into(), Message::from(batch)]
    {
        let value = Data::from(original.clone());
        assert!(Message::is_in(&value));
        assert_eq!(Message::try_from(value), Ok(original));
    }
}

#[test]
fn messages_have_the_shape_of_the_original() {
    let event = Event::new("e", vec![Data::Count(42)]).at(Timestamp::from_nanos(5));
    let metadata = [(1_u64, Timestamp::from_nanos(5))];
    assert_eq!(Data::from(event), message(1, ("e", [42_u64], metadata)));
    let update = IdentifierUpdate { id: "i".into(), value: Data::None };
    assert_eq!(Data::from(update), message(4, ("i", ())));
    assert_eq!(Data::from(Event::new("e", vec![])), message(1, ("e", Data::Vector(vec![]))));
}

#[test]
fn more_fields_than_are_known_are_ignored() {
    let nothing = Data::Vector(vec![]);
    let more = message(1, ("e", nothing.clone(), nothing.clone(), 7_u64));
    assert_eq!(Event::try_from(more), Ok(Event::new("e", vec![])));
    let more = Data::from((1_u64, 1_u64, ("e", nothing), "more"));
    assert_eq!(Event::try_from(more), Ok(Event::new("e", vec![])));
}

#[test]
fn what_is_no_message_is_told_why() {
    let nothing = || Data::Vector(vec![]);
    let timeless = [(1_u64, "no time")];
    for (value, error) in [
        (Data::None, ZeekError::Shape),
        (nothing(), ZeekError::Shape),
        (Data::from((1_u64, 1_u64)), ZeekError::Shape),
        (Data::from((2_u64, 1_u64, nothing())), ZeekError::Shape),
        (Data::from((1_i64, 1_u64, nothing())), ZeekError::Shape),
        (Data::from((1_u64, 1_u64, "content")), ZeekError::Shape),
        (message(0, nothing()), ZeekError::Kind(0)),
        (message(6, nothing()), ZeekError::Kind(6)),
        (message(1, nothing()), ZeekError::Content("event")),
        (message(1, ("e", 1_u64)), ZeekError::Content("event")),
        (message(1, (1_u64, nothing())), ZeekError::Content("event")),
        (message(1, ("e", nothing(), 1_u64)), ZeekError::Content("event")),
        (message(1, ("e", nothing(), [[1_u64]])), ZeekError::Content("event")),
        (message(1, ("e", nothing(), timeless)), ZeekError::Content("event")),
        (message(2, (label("s"), label("w"), ())), ZeekError::Content("log create")),
        (message(3, (label("s"), label("w"), "p", 1_u64)), ZeekError::Content("log write")),
        (message(3, ("s", label("w"), "p", "d")), ZeekError::Content("log write")),
        (message(4, ("i",)), ZeekError::Content("identifier update")),
        // A batch is one if all in it are messages.
        (message(5, [Data::None]), ZeekError::Shape),
        (message(5, [message(4, ("i",))]), ZeekError::Content("identifier update")),
    ] {
        assert_eq!(Message::try_from(value.clone()), Err(error), "{value}");
    }
    let batch = Data::from(Batch::default());
    assert_eq!(Event::try_from(batch), Err(ZeekError::Kind(5)));
}
