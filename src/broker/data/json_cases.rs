//! What is read of JSON beyond the recordings, and why the rest is refused.

use crate::json::{JsonError, Malformed, read, read_message, write, write_message};
use crate::{Data, MAX_DEPTH, Timespan};

#[test]
fn strings_that_are_no_text_come_back() {
    let value = Data::from(&b"a\xff\xc3\xa9\x80"[..]);
    let mut text = Vec::new();
    write_message(b"/t\xfe", &value, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let expected = concat!(
        r#"{"type":"data-message","topic":"/t\udcfe","@data-type":"string","#,
        r#""data":"a\udcffé\udc80"}"#
    );
    assert_eq!(text, expected);
    let message = read_message(&text).unwrap();
    assert_eq!((message.topic, message.data), (Some(b"/t\xfe".to_vec()), value));
}

#[test]
fn surrogates_that_stand_for_no_byte_are_refused() {
    for escape in [r"\ud800", r"\udc7f", r"\udd00", r"\udfff"] {
        let text = format!(r#"{{"@data-type":"string","data":"{escape}"}}"#);
        assert!(matches!(read(&text), Err(JsonError::InvalidData(_))), "{text}");
    }
}

#[test]
fn what_has_no_json_leaves_nothing_behind() {
    let deep = (0..MAX_DEPTH).fold(Data::None, |value, _| Data::Vector(vec![value]));
    let inner = Data::from([Data::Count(1), Data::Real(f64::NAN)]);
    for value in [inner, Data::Real(f64::INFINITY), deep] {
        let mut out = b"before".to_vec();
        assert!(matches!(write(&value, &mut out), Err(JsonError::Unwritable(_))));
        assert!(matches!(write_message(b"t", &value, &mut out), Err(JsonError::Unwritable(_))));
        assert_eq!(out, b"before");
    }
}

#[test]
fn fields_come_in_any_order_and_the_first_of_twins_counts() {
    let span = Data::Timespan(Timespan::from_nanos(5_000));
    for text in [
        r#"{"data":"5us","@data-type":"timespan"}"#,
        r#"{"x":[{}],"@data-type":"timespan","y":null,"data":"5us","data":7}"#,
        r#"{"data":"5us","data":7,"@data-type":"timespan","@data-type":"count"}"#,
        r#"{"data":"5us","@data-type":"timespan","data":7}"#,
    ] {
        assert_eq!(read(text), Ok(span.clone()), "{text}");
    }
    let entry = r#"{"value":{"@data-type":"none"},"key":{"data":1,"@data-type":"count"},"key":2}"#;
    let table = format!(r#"{{"@data-type":"table","data":[{entry}]}}"#);
    assert_eq!(read(&table), Ok(Data::Table([(Data::Count(1), Data::None)].into())));
}

#[test]
fn topics_are_the_outermost_objects_strings() {
    let message = |text| read_message(text).map(|message| message.topic);
    let inner = r#"{"@data-type":"vector","data":[{"topic":"x","@data-type":"none"}]}"#;
    assert_eq!(message(inner), Ok(None));
    assert_eq!(
        message(r#"{"topic":"a","@data-type":"none","topic":"b"}"#),
        Ok(Some(b"a".to_vec()))
    );
    assert!(message(r#"{"topic":null,"@data-type":"none"}"#).is_err());
    assert!(message(r#"{"topic":[97],"@data-type":"none"}"#).is_err());
    // What is no message has no topic to be looked at.
    assert_eq!(read(r#"{"topic":5,"@data-type":"none"}"#), Ok(Data::None));
}

#[test]
fn values_lie_in_one_another_to_a_limit() {
    let vectors = |depth: usize| {
        let inner = r#"{"@data-type":"vector","data":["#.repeat(depth);
        format!(r#"{inner}{{"@data-type":"none"}}{}"#, "]}".repeat(depth))
    };
    let deepest = read(&vectors(MAX_DEPTH - 1)).unwrap();
    let mut text = b"{".to_vec();
    write(&deepest, &mut text).unwrap();
    for depth in [MAX_DEPTH, 100_000] {
        let error = read(&vectors(depth)).unwrap_err();
        let problem = Malformed::NestedTooDeeply;
        assert!(
            matches!(error, JsonError::Malformed { problem: found, line: 1, .. } if found == problem)
        );
    }
    // What is ignored may lie as deep as it likes.
    let ignored =
        format!(r#"{{"x":{}{},"@data-type":"none"}}"#, "[".repeat(9_999), "]".repeat(9_999));
    assert_eq!(read(&ignored), Ok(Data::None));
}

#[test]
fn data_before_its_type_lies_in_such_data_to_a_lower_limit() {
    let reversed = |depth: usize| {
        let end = r#"],"@data-type":"vector"}"#.repeat(depth);
        format!(r#"{}{{"@data-type":"none"}}{end}"#, r#"{"data":["#.repeat(depth))
    };
    assert!(read(&reversed(8)).is_ok());
    for depth in [9, 10_000] {
        assert!(matches!(read(&reversed(depth)), Err(JsonError::InvalidData(_))));
    }
}

#[test]
fn what_is_wrong_with_a_text_is_told_with_its_place() {
    let at = |problem, line, column| JsonError::Malformed { problem, line, column };
    for (text, error) in [
        ("", at(Malformed::UnexpectedEof, 1, 0)),
        ("{\n\"@data-type\":", at(Malformed::UnexpectedEof, 2, 13)),
        ("How is it going?", at(Malformed::UnexpectedCharacter, 1, 1)),
        ("[1,", at(Malformed::UnexpectedEof, 1, 3)),
        ("{\"@data-type\":\"none\"} x", at(Malformed::TrailingCharacter, 1, 23)),
        ("5 5", at(Malformed::TrailingCharacter, 1, 3)),
        (
            "{\"@data-type\":\"count\",\"data\":18446744073709551616}",
            at(Malformed::IntegerOverflow, 1, 49),
        ),
        (
            "{\"@data-type\":\"integer\",\"data\":-9223372036854775809}",
            at(Malformed::IntegerUnderflow, 1, 51),
        ),
        ("[1]", JsonError::NotAnObject),
        (" 5", JsonError::NotAnObject),
        (
            "{\"@data-type\":\"set\",\"data\":[{\"@data-type\":\"none\"},{\"@data-type\":\"none\"}]}",
            JsonError::Duplicate,
        ),
    ] {
        assert_eq!(read(text), Err(error), "{text}");
    }
    // A text that is no JSON is told so even if its data is wrong before that.
    let error = read(r#"{"@data-type":"count","data":"x",}"#).unwrap_err();
    assert!(matches!(error, JsonError::Malformed { .. }), "{error}");
    for text in [
        "{}",
        r#"{"data":1}"#,
        r#"{"@data-type":"count"}"#,
        r#"{"@data-type":7,"data":1}"#,
        r#"{"@data-type":"count","data":-1}"#,
        r#"{"@data-type":"table","data":[{"key":{"@data-type":"none"}}]}"#,
    ] {
        assert!(matches!(read(text), Err(JsonError::InvalidData(_))), "{text}");
    }
}

/// Of its 32 values the original gives five back otherwise.
#[test]
fn what_a_client_of_zeeks_sends_comes_back_to_it() {
    let values = include_str!("../../../tests/golden/broker/json-client.txt");
    let values: Vec<_> = values.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(values.len(), 32);
    for value in values {
        let mut written = b"{".to_vec();
        write(&read(value).unwrap(), &mut written).unwrap();
        written.push(b'}');
        let back: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let mut sent: serde_json::Value = serde_json::from_str(value).unwrap();
        if sent["data"] == "1min" {
            sent["data"] = "60s".into();
        }
        assert_eq!(back, sent);
    }
}
