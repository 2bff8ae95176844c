//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::data::Data;
use crate::decode_error::DecodeError;
use crate::json::{self, JsonError};
use crate::zeek;

/// The most values of one input: each is compared with each pair of others.
const MOST_VALUES: usize = 4;

/// Values in the binary form, one after the other.
///
/// Each is the same when it is written and read again, in this form and in JSON, or is refused; the
/// check without reading agrees; their order is total, and what is equal has the same hash and the
/// same text.
///
/// # Panics
///
/// If one of these does not hold.
pub fn broker_value(bytes: &[u8]) {
    let mut rest = bytes;
    let mut values = Vec::new();
    while !rest.is_empty() && values.len() < MOST_VALUES {
        let (mut read, mut checked) = (rest, rest);
        let value = Data::decode_front(&mut read);
        let check = Data::check_front(&mut checked);
        match value {
            Ok(value) => {
                assert_eq!((check, checked), (Ok(()), read), "the check disagrees");
                survives(&value);
                values.push(value);
                rest = read;
            }
            // Twins are found by reading alone.
            Err(DecodeError::Duplicate) => return,
            Err(error) => {
                assert_eq!(check, Err(error), "the check disagrees");
                break;
            }
        }
    }
    assert_eq!(Data::decode(bytes).is_ok(), values.len() == 1 && rest.is_empty());
    for one in &values {
        for two in &values {
            assert_eq!(one.cmp(two), two.cmp(one).reverse());
            if one == two {
                assert_eq!(hash(one), hash(two));
                assert_eq!(one.to_string(), two.to_string());
            }
            for three in &values {
                if one.cmp(two) != Ordering::Greater && two.cmp(three) != Ordering::Greater {
                    assert_ne!(one.cmp(three), Ordering::Greater);
                }
            }
        }
    }
}

/// A message in JSON.
///
/// It is the same when it is written and read again, in this form and in the binary one, or is
/// refused at one of its characters.
///
/// # Panics
///
/// If one of these does not hold.
pub fn broker_json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = json::read_message(text);
    // What is a message without topic is a value.
    let alone = json::read(text);
    match read {
        Ok(message) => {
            // Where a string is not looked at, control characters are refused in it.
            if !bytes.iter().any(u8::is_ascii_control) {
                assert_eq!(alone.as_ref(), Ok(&message.data));
            }
            // serde_json by itself has another limit to how deep values may lie.
            if let Ok(again) = serde_json::from_str::<Data>(text) {
                assert_eq!(again, message.data);
            }
            let topic = message.topic.clone().unwrap_or_default();
            let mut written = Vec::new();
            let outcome = json::write_message(&topic, &message.data, &mut written);
            assert_eq!(outcome, Ok(()), "it was read");
            let written = String::from_utf8_lossy(&written);
            assert_eq!(
                json::read_message(&written),
                Ok(json::Message { topic: Some(topic), ..message.clone() })
            );
            survives(&message.data);
        }
        Err(JsonError::Malformed { line, column, .. }) => {
            let lines = text.split('\n').count();
            assert!(line <= lines && column <= text.len(), "{line}, {column}");
        }
        Err(_) => {}
    }
}

/// Writes the value in both forms, and reads it again.
fn survives(value: &Data) {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    assert_eq!(Data::decode(&bytes).as_ref(), Ok(value));
    let mut again = Vec::new();
    if let Ok(value) = Data::decode(&bytes) {
        value.encode(&mut again);
    }
    assert_eq!(again, bytes);

    let mut text = b"{".to_vec();
    if json::write(value, &mut text).is_ok() {
        text.push(b'}');
        let text = String::from_utf8_lossy(&text);
        assert_eq!(json::read(&text).as_ref(), Ok(value), "{text}");
    } else {
        assert_eq!(text, b"{", "a part was written");
    }
    if let Ok(message) = zeek::Message::try_from(value.clone()) {
        assert!(zeek::Message::is_in(value));
        let again = Data::from(message.clone());
        assert_eq!(zeek::Message::try_from(again), Ok(message));
    }
}

fn hash(value: &Data) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
