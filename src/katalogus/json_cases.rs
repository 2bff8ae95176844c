//! Python's JSON against recordings of Python's own, and against any text.
//!
//! `testdata/python_json.jsonl` has one case a line: the `text`, and either the `offset` and
//! `message` of Python 3.11's refusal, or what it writes of the value: `compact` as the service
//! answers, `dumps` with the defaults, and `repr`.

use proptest::prelude::*;

use crate::json::{Json, Object};
use crate::json_halves::code_points;
use crate::json_parse::{FaultKind, MAX_DEPTH, MAX_DIGITS, MAX_SHOWN_DEPTH};

/// How many cases the recording has.
const CASES: usize = 751;

#[test]
fn every_recorded_text_is_read_and_written_as_python_does_or_refused_in_its_words() {
    let mut seen = 0;
    for line in include_str!("testdata/python_json.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        match (Json::parse(case["text"].as_str().unwrap()), case["message"].as_str()) {
            (Err(fault), Some(message)) => {
                assert_eq!((fault.message, fault.kind), (message, FaultKind::Syntax), "{line}");
                assert_eq!(Some(fault.offset as u64), case["offset"].as_u64(), "{line}");
            }
            (Ok(value), None) => {
                assert_eq!(Some(&*value.compact()), case["compact"].as_str(), "{line}");
                assert_eq!(Some(&*value.dumps()), case["dumps"].as_str(), "{line}");
                assert_eq!(Some(&*value.repr().to_string()), case["repr"].as_str(), "{line}");
            }
            (outcome, _) => panic!("{outcome:?} of {line}"),
        }
        seen += 1;
    }
    assert_eq!(seen, CASES);
}

#[test]
fn what_python_reads_and_cannot_write_is_refused() {
    for (text, offset, message) in [
        ("NaN", 0, "NaN is not allowed"),
        ("[1, Infinity]", 4, "Infinity is not allowed"),
        (r#"{"ä": -Infinity}"#, 6, "-Infinity is not allowed"),
        ("1e999", 0, "Number out of range"),
        ("[-1.5e400]", 1, "Number out of range"),
        (r#""a\ud800""#, 2, "Half of a surrogate pair"),
        (r#""\ud83d\u0041""#, 1, "Half of a surrogate pair"),
        (r#""\udc00\ud83d""#, 1, "Half of a surrogate pair"),
        (r#""\ud83d\n""#, 1, "Half of a surrogate pair"),
        (r#"[NaN, "\ud800", 1e999]"#, 1, "NaN is not allowed"),
    ] {
        let fault = Json::parse(text).expect_err(text);
        assert_eq!((fault.offset, fault.message), (offset, message), "{text}");
    }
    assert_eq!(Json::parse("[NaN, 1e999, x]").unwrap_err().message, "Expecting value");
}

#[test]
fn what_is_shown_may_be_all_that_python_reads() {
    let Ok(Json::List(items)) = Json::parse_shown(
        r#"[NaN, 1e999, "a\ud800", "\udbff\udfff\udfff", "\ud83d\ude00\ud83d", "\uff61"]"#,
    ) else {
        panic!("no list");
    };
    let points: Vec<Vec<u32>> = items
        .iter()
        .filter_map(|item| match item {
            Json::Text(text) => Some(code_points(text).collect()),
            _ => None,
        })
        .collect();
    let expected: [&[u32]; 4] =
        [&[0x61, 0xd800], &[0x10_ffff, 0xdfff], &[0x1_f600, 0xd83d], &[0xff61]];
    assert_eq!(points, expected);
    let Ok(Json::Text(text)) = Json::parse_shown("\"a\u{10ffff}b\"") else { panic!("no text") };
    assert_eq!(code_points(&text).collect::<Vec<_>>(), [0x61, 0x10_ffff, 0x62]);
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::parse_shown(&nested(MAX_SHOWN_DEPTH)).is_ok());
    assert!(Json::parse_shown(&nested(MAX_SHOWN_DEPTH + 1)).is_err());
    assert!(Json::parse_shown("[NaN, x]").is_err());
}

#[test]
fn depth_and_digits_have_limits() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
    let fault = Json::parse(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FaultKind::Refused, MAX_DEPTH));
    assert_eq!(Json::parse(&"[".repeat(10_000_000)).unwrap_err().kind, FaultKind::Refused);

    let digits = |many| "-".to_owned() + &"7".repeat(many);
    assert_eq!(Json::parse(&digits(MAX_DIGITS)).unwrap().dumps(), digits(MAX_DIGITS));
    assert_eq!(Json::parse(&digits(MAX_DIGITS + 1)).unwrap_err().kind, FaultKind::Refused);
}

#[test]
fn bytes_are_utf_8_with_or_without_a_mark() {
    let text = |bytes: &[u8]| Json::parse_bytes(bytes).map(|value| value.dumps());
    assert_eq!(text("\"ä\"".as_bytes()).as_deref(), Ok(r#""\u00e4""#));
    assert_eq!(text("\u{feff}1".as_bytes()).as_deref(), Ok("1"));
    assert_eq!(text("\u{feff}x".as_bytes()).unwrap_err().offset, 0);
    let twice = text("\u{feff}\u{feff}1".as_bytes()).unwrap_err();
    assert_eq!(twice.message, "Unexpected UTF-8 BOM (decode using utf-8-sig)");
    assert_eq!(text(b"\"\xff\"").unwrap_err().kind, FaultKind::Refused);
}

#[test]
fn members_keep_the_place_of_the_first_and_the_value_of_the_last() {
    let many: Vec<String> = (0..50_000).map(|n| format!("\"k{}\":{n}", n % 25_000)).collect();
    let Json::Object(members) = Json::parse(&format!("{{{}}}", many.join(","))).unwrap() else {
        panic!("no object");
    };
    assert_eq!(members.len(), 25_000);
    let third = members.iter().nth(2).map(|(key, value)| (key.to_owned(), value.dumps()));
    assert_eq!(third, Some(("k2".to_owned(), "25002".to_owned())));
}

/// Any value that can be written.
pub(crate) fn any_json() -> impl Strategy<Value = Json> {
    let number = any::<f64>().prop_filter("JSON has none other", |number| number.is_finite());
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        number.prop_map(Json::Float),
        any::<String>().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let members = prop::collection::vec((any::<String>(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Json::List),
            members.prop_map(|members| Json::Object(members.into_iter().collect::<Object>())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in any_json()) {
        prop_assert_eq!(Json::parse(&value.compact()), Ok(value.clone()));
        prop_assert_eq!(Json::parse(&value.dumps()), Ok(value.clone()));
        prop_assert!(value.dumps().is_ascii());
    }

    #[test]
    fn serde_json_understands_what_is_written(value in any_json()) {
        let compact: serde_json::Value = serde_json::from_str(&value.compact()).unwrap();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&value.dumps()).unwrap(), compact);
    }

    #[test]
    fn any_text_is_read_or_refused_at_one_of_its_characters(
        text in r#"([\[\]{}",:\\ue0-9.+\-ä\n ]|null|true|"a"|\\u[0-9a-f]{4}){0,30}"#,
    ) {
        match Json::parse(&text) {
            Ok(value) => prop_assert_eq!(Json::parse(&value.compact()), Ok(value.clone())),
            Err(fault) => prop_assert!(fault.offset <= text.chars().count()),
        }
    }
}
