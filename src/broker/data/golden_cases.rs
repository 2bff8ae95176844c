//! What the original sent, read and written again, and what it made of JSON, with each thing that
//! ours does otherwise. The recordings are described in `tests/golden/README.md`.

use crate::json;
use crate::{Data, EnumValue, JsonError, Port, Protocol, Timespan, Timestamp, zeek};

const VALUES: &str = include_str!("../../../tests/golden/broker/values.txt");
const WRITTEN: &str = include_str!("../../../tests/golden/broker/json-written.txt");
const READ: &str = include_str!("../../../tests/golden/broker/json-read.txt");

/// The lines of a recording, without the one that says what it is.
fn lines(recording: &'static str) -> impl Iterator<Item = &'static str> {
    recording.lines().filter(|line| !line.starts_with('#'))
}

/// The bytes that a line's escapes stand for.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&kind, after) = rest.split_first().unwrap();
        rest = after;
        bytes.push(match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let (digits, after) = rest.split_at(2);
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    bytes
}

#[test]
fn values_of_the_original_are_written_as_they_came() {
    let mut count = 0;
    for line in lines(VALUES) {
        let (_, digits) = line.rsplit_once(' ').unwrap();
        let bytes: Vec<u8> = (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect();
        let value = Data::decode(&bytes).unwrap();
        let mut again = Vec::new();
        value.encode(&mut again);
        assert_eq!(again, bytes, "{line}");
        if line.starts_with("/cap/zeek/") {
            let message = zeek::Message::try_from(value.clone()).unwrap();
            assert_eq!(Data::from(message), value, "{line}");
        }
        count += 1;
    }
    assert_eq!(count, 66);
}

/// What the recorded program published under each topic.
fn published() -> Vec<(&'static str, Data)> {
    let text = |text: &str| Data::String(text.into());
    let address = |address: &str| Data::Address(address.parse().unwrap());
    let time = |nanos| Data::Timestamp(Timestamp::from_nanos(nanos));
    let span = |nanos| Data::Timespan(Timespan::from_nanos(nanos));
    let event = zeek::Event {
        metadata: vec![(1, time(1_700_000_000_000_000_000))],
        ..zeek::Event::new("event_1", vec![Data::Count(42), text("test")])
    };
    let table = [
        (text("k1"), Data::Count(1)),
        (text("k2"), Data::Vector(vec![Data::Boolean(true), Data::Boolean(false)])),
    ];
    vec![
        ("none", Data::None),
        ("boolean", Data::Boolean(true)),
        ("count", Data::Count(42)),
        ("count-max", Data::Count(u64::MAX)),
        ("integer", Data::Integer(-42)),
        ("integer-min", Data::Integer(i64::MIN)),
        ("real", Data::Real(4.25)),
        ("real-third", Data::Real(1.0 / 3.0)),
        ("real-big", Data::Real(1e300)),
        ("real-tiny", Data::Real(1e-9)),
        ("real-nan", Data::Real(f64::NAN)),
        ("real-inf", Data::Real(f64::INFINITY)),
        ("real-int", Data::Real(3.0)),
        ("string", text("hello \"q\" \\ / \n\t\r")),
        ("string-utf8", text("é中😀")),
        ("string-ctrl", text("\0\x01\x1b\x7f")),
        ("string-vt", text("\x0b")),
        ("address4", address("192.168.1.77")),
        ("address6", address("2001:db8::1")),
        ("subnet4", Data::Subnet("10.0.0.0/8".parse().unwrap())),
        ("subnet6", Data::Subnet("2001:db8::/32".parse().unwrap())),
        ("port-tcp", Data::Port(Port::tcp(443))),
        ("port-icmp", Data::Port(Port::new(8, Protocol::Icmp))),
        ("port-unk", Data::Port(Port::new(0, Protocol::Unknown))),
        ("timestamp", time(1_700_000_000_123_456_789)),
        ("timestamp-neg", time(-1_500_000_000)),
        ("timestamp-0", time(0)),
        ("timespan-ns", span(1_500_000_001)),
        ("timespan-us", span(1_500_000)),
        ("timespan-ms", span(1_500_000_000)),
        ("timespan-s", span(3_600_000_000_000)),
        ("timespan-0", span(0)),
        ("timespan-neg", span(-90_000_000_000)),
        ("enum", Data::Enum(EnumValue::new("Log::WRITER_ASCII"))),
        ("vector", Data::Vector(vec![Data::Count(1), text("two"), Data::None])),
        ("vector-empty", Data::Vector(vec![])),
        ("set", Data::Set([Data::Count(1), text("a"), text("b")].into())),
        ("table", Data::Table(table.into())),
        ("zeek/event", Data::from(zeek::Message::Event(event))),
        ("done", text("done")),
    ]
}

/// The topics whose JSON is not the original's: what follows `"data":` in ours, or nothing where
/// the message is refused, and why.
const WRITTEN_OTHERWISE: [(&str, Option<&str>, &str); 12] = [
    ("real", Some("4.25"), "shortest form that reads back alike"),
    ("real-third", Some("0.3333333333333333"), "the original loses digits"),
    ("real-big", Some("1e+300"), "shortest form that reads back alike"),
    ("real-tiny", Some("1e-9"), "the original writes 0"),
    ("real-nan", None, "no JSON"),
    ("real-inf", None, "no JSON"),
    ("real-int", Some("3.0"), "shortest form that reads back alike"),
    ("string-ctrl", Some(r#""\u0000\u0001\u001b""#), "the original's is no JSON"),
    ("string-vt", Some(r#""\u000b""#), "the original's is no JSON"),
    ("timestamp-neg", Some(r#""1969-12-31T23:59:58.500""#), "the original is half a second off"),
    ("timespan-us", Some(r#""1500000ns""#), "no client reads us"),
    ("timestamp", Some(r#""2023-11-14T22:13:20.123456789""#), "the original loses digits"),
];

#[test]
fn json_is_what_the_original_writes_except_where_that_is_broken() {
    let published = published();
    assert_eq!(lines(WRITTEN).count(), published.len());
    for (line, (topic, value)) in lines(WRITTEN).zip(published) {
        let recorded = String::from_utf8(unescaped(line)).unwrap();
        let mut written = Vec::new();
        let outcome = json::write_message(format!("/out/{topic}").as_bytes(), &value, &mut written);
        let written = String::from_utf8(written).unwrap();
        match WRITTEN_OTHERWISE.iter().find(|(other, ..)| *other == topic) {
            None => assert_eq!(written, recorded, "{topic}"),
            Some((_, None, _)) => assert!(matches!(outcome, Err(JsonError::Unwritable(_)))),
            Some((_, Some(data), _)) => {
                let (fields, _) = recorded.split_once("\"data\":").unwrap();
                assert_eq!(written, format!("{fields}\"data\":{data}}}"), "{topic}");
                assert_ne!(written, recorded, "{topic}");
            }
        }
        if outcome.is_ok() {
            assert_eq!(json::read_message(&written).unwrap().data, value, "{topic}");
        }
    }
}

/// What the original refuses, loses, changes or takes, and ours does not: the end of the input, the
/// data that ours writes of it or its reason to refuse it, and why.
const READ_OTHERWISE: [(&str, Ours, &str); 38] = [
    ("count\",\"data\":+5}", Ours::NoJson, NO_JSON),
    ("\"data\":007}", Ours::NoJson, NO_JSON),
    ("\"data\":nan}", Ours::NoJson, NO_JSON),
    ("\"data\":.5}", Ours::NoJson, NO_JSON),
    ("\"data\":5.}", Ours::NoJson, NO_JSON),
    ("\"data\":\"\\v\"}", Ours::NoJson, NO_JSON),
    ("real\",\"data\":1.5}", Ours::Writes("1.5"), SHORTEST),
    ("\"data\":-7.5}", Ours::Writes("-7.5"), SHORTEST),
    ("\"data\":1E5}", Ours::Writes("100000.0"), SHORTEST),
    ("\"data\":0.1}", Ours::Writes("0.1"), SHORTEST),
    ("\"data\":-0.0}", Ours::Writes("-0.0"), SHORTEST),
    ("\"data\":1e-9}", Ours::Writes("1e-9"), "the original makes 0 of it"),
    ("real\",\"data\":3}", Ours::Writes("3.0"), "JavaScript writes 3.0 as 3"),
    (
        "real\",\"data\":18446744073709551616}",
        Ours::Writes("1.8446744073709552e+19"),
        "JavaScript writes it so",
    ),
    ("\"data\":1e400}", Ours::Invalid, "beyond the largest real"),
    ("\"data\":\"2d\"}", Ours::Writes("\"172800s\""), "the manual has days"),
    ("\"data\":\"5us\"}", Ours::Writes("\"5000ns\""), "no client reads us"),
    (".123456789\"}", Ours::Writes("\"2022-04-10T07:00:00.123456789\""), DIGITS),
    (".123456789Z\"}", Ours::Writes("\"2022-04-10T07:00:00.123456789\""), DIGITS),
    ("58.500\"}", Ours::Writes("\"1969-12-31T23:59:58.500\""), "the original is half a second off"),
    ("\"\\u0000\"}", Ours::Writes("\"\\u0000\""), "the original writes no JSON"),
    ("\"a\\/b\"}", Ours::Writes("\"a/b\""), "the original makes ? of the slash"),
    ("\"1.2.3\"}", Ours::Invalid, "the original drops the client"),
    ("\"fe80::1%eth0\"}", Ours::Invalid, "the original drops the client"),
    ("\"address\",\"data\":\"\"}", Ours::Invalid, "the original drops the client"),
    ("255.0/24\"}", Ours::Writes("\"255.255.255.0/24\""), "the client was dropped before"),
    ("\"10.0.0.0/33\"}", Ours::Invalid, "the original makes ::/0 of it"),
    ("\"2001:db8::/129\"}", Ours::Invalid, "the original makes ::/0 of it"),
    ("\"10.0.0.0/8x\"}", Ours::Invalid, "the original does not look at what follows"),
    ("\"70000/tcp\"}", Ours::Invalid, "the original makes 4464 of it"),
    ("\"-1/tcp\"}", Ours::Invalid, "the original makes 65535 of it"),
    ("\"abc/tcp\"}", Ours::Invalid, "the original makes 0 of it"),
    ("\"80 /tcp\"}", Ours::Invalid, "the original does not look at what follows"),
    ("{\"type\":\"data-message\",\"@data-type\":\"count\",\"data\":1}", Ours::Reads, TOPICS),
    ("\"topic\":\"\",\"@data-type\":\"count\",\"data\":1}", Ours::Reads, TOPICS),
    (
        "\"topic\":\"<$>/local/data/errors\",\"@data-type\":\"count\",\"data\":1}",
        Ours::Reads,
        TOPICS,
    ),
    ("\"topic\":5,\"@data-type\":\"count\",\"data\":1}", Ours::Invalid, "the original loses it"),
    (
        "{\r\n\"type\":\"data-message\",\"topic\":\"/in/x\",\"@data-type\":\"count\",\"data\":1}",
        Ours::Reads,
        "JSON",
    ),
];
const NO_JSON: &str = "this is no JSON";
const SHORTEST: &str = "the shortest form that reads back alike";
const DIGITS: &str = "the original loses digits";
const TOPICS: &str = "which topics a client may use is not decided here";

/// What ours makes of an input.
enum Ours {
    /// It is read, and its data is written so.
    Writes(&'static str),
    /// It is read.
    Reads,
    /// It is refused as no JSON.
    NoJson,
    /// It is refused for its data.
    Invalid,
}

/// The reason that a client is given, without position.
fn reason(error: &JsonError) -> String {
    match error {
        JsonError::Malformed { problem, .. } => {
            format!("contained malformed JSON -> caf::pec::{problem}")
        }
        JsonError::NotAnObject => "expected a JSON object".into(),
        JsonError::Duplicate => {
            "caused an internal error -> deserialization_failed(\"failed to parse data\")".into()
        }
        _ => "contained invalid data".into(),
    }
}

/// What ours makes of a message: the message again, or the reason to refuse it.
fn made(text: &str) -> String {
    let message = match json::read_message(text) {
        Ok(message) => message,
        Err(error) => return format!("err {}", reason(&error)),
    };
    let mut written = Vec::new();
    json::write_message(&message.topic.unwrap_or_default(), &message.data, &mut written).unwrap();
    format!("out {}", String::from_utf8(written).unwrap())
}

#[test]
fn json_is_read_as_the_original_reads_it_except_where_that_is_broken() {
    let mut lines = lines(READ);
    let mut count = 0;
    let mut differences = 0;
    while let Some((input, outcome)) = lines.next().zip(lines.next()) {
        let input = String::from_utf8(unescaped(input.strip_prefix("in ").unwrap())).unwrap();
        let recorded = String::from_utf8(unescaped(outcome)).unwrap();
        // Positions are serde's.
        let recorded = recorded.split_once("(1, ").map_or(recorded.as_str(), |(reason, _)| reason);
        let made = made(&input);
        let otherwise = READ_OTHERWISE.iter().find(|(end, ..)| input.ends_with(end));
        count += 1;
        let Some((_, ours, _)) = otherwise else {
            assert_eq!(made, recorded, "{input}");
            continue;
        };
        assert_ne!(made, recorded, "{input}");
        match ours {
            Ours::Writes(data) => assert!(made.ends_with(&format!("\"data\":{data}}}")), "{made}"),
            Ours::Reads => assert!(made.starts_with("out "), "{made}"),
            Ours::NoJson => assert!(made.ends_with("pec::unexpected_character"), "{made}"),
            Ours::Invalid => assert_eq!(made, "err contained invalid data", "{input}"),
        }
        differences += 1;
    }
    assert_eq!((count, differences), (127, READ_OTHERWISE.len()));
}
