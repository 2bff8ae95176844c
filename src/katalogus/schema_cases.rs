//! The check of settings against recordings of the original's library.
//!
//! A line is a `schema`, an `instance` and the `message`, or `null` if the instance is valid; where
//! the `result` is `bad-schema` the message is about the schema, and in other words here.
//! `testdata/openkat_schema.jsonl` was recorded from the running original,
//! `testdata/schema_messages.jsonl` from its library alone, over all keywords and drafts.

use proptest::prelude::*;

use crate::json::Json;
use crate::json_cases::any_json;
use crate::json_parse::MAX_DEPTH;
use crate::settings_schema::{MAX_CHECK_DEPTH, MAX_SCHEMA_DEPTH, SchemaError, SettingsSchema};

/// How many cases the recordings have.
const CASES: [usize; 2] = [75, 722];

fn json(text: &str) -> Json {
    Json::parse(text).expect(text)
}

fn member<'a>(case: &'a Json, key: &str) -> &'a Json {
    let Json::Object(members) = case else { panic!("no object: {case:?}") };
    members.get(key).unwrap_or_else(|| panic!("no {key}"))
}

fn compiled(schema: &str) -> SettingsSchema {
    SettingsSchema::compile(&json(schema)).expect(schema)
}

#[test]
fn every_recorded_instance_has_the_verdict_and_the_message_of_the_original() {
    let recordings = [
        include_str!("testdata/openkat_schema.jsonl"),
        include_str!("testdata/schema_messages.jsonl"),
    ];
    for (recording, cases) in recordings.into_iter().zip(CASES) {
        let mut seen = 0;
        for line in recording.lines() {
            let case = json(line);
            seen += 1;
            let schema = SettingsSchema::compile(member(&case, "schema"));
            if *member(&case, "result") == Json::from("bad-schema") {
                assert!(matches!(schema, Err(SchemaError::Invalid(_))), "{line}");
                continue;
            }
            let message = schema.expect(line).check(member(&case, "instance")).err();
            assert_eq!(Json::from(message), *member(&case, "message"), "{line}");
        }
        assert_eq!(seen, cases);
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_refused_in_words() {
    for (schema, words) in [
        ("[]", "a schema is an object, true or false"),
        ("\"x\"", "a schema is an object, true or false"),
        (r#"{"$schema": "http://json-schema.org/draft-03/schema#"}"#, "draft 3"),
        (r#"{"properties": {"a": {"type": "zzz"}}}"#, "/properties/a/type"),
        (r#"{"properties": {"a": {"pattern": "("}}}"#, "/properties/a/pattern"),
        (r#"{"minLength": -1}"#, "/minLength"),
        (r##"{"$ref": "#/nowhere"}"##, "nowhere"),
        (r#"{"$ref": "https://example.com/schema.json"}"#, "example.com"),
        (r#"{"$ref": "file:///etc/hostname"}"#, "/etc/hostname"),
        (r#"{"$ref": "http://json-schema.org/draft-07/schema#"}"#, "draft-07"),
        (r#"{"$defs": {"x": {"$id": "https://example.com/x"}}}"#, "$id"),
    ] {
        let error = SettingsSchema::compile(&json(schema)).expect_err(schema).to_string();
        assert!(error.contains(words), "{error} about {schema}");
    }
}

#[test]
fn the_work_of_a_check_has_limits() {
    let nested = |times: usize| {
        let (open, close) = ("{\"properties\":{\"a\":", "}}");
        format!("{}true{}", open.repeat(times), close.repeat(times))
    };
    let deepest = MAX_SCHEMA_DEPTH / 2 - 1;
    compiled(&nested(deepest));
    let error = SettingsSchema::compile(&json(&nested(deepest + 1))).unwrap_err();
    assert_eq!(error, SchemaError::TooDeep);

    // A schema that recurs reaches as far down as a value goes, up to the limit.
    let schema = compiled(r##"{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}"##);
    let value =
        |depth: usize| json(&format!("{}1{}", "{\"b\":0,\"a\":".repeat(depth), "}".repeat(depth)));
    assert_eq!(schema.check(&value(MAX_CHECK_DEPTH / 3)), Ok(()));
    let refused = schema.check(&value(MAX_DEPTH));
    assert!(refused.is_err_and(|words| words.contains("too many steps")));

    // Each half of a choice takes as long as both halves of the next.
    let halves: Vec<String> = (0..40)
        .map(|n| format!(r##""h{n}": {{"anyOf": [{{"$ref": "#/$defs/h{0}"}}, {{"$ref": "#/$defs/h{0}"}}]}}"##, n + 1))
        .collect();
    let schema =
        format!(r##"{{"$ref": "#/$defs/h0", "$defs": {{{}, "h40": false}}}}"##, halves.join(","));
    let refused = compiled(&schema).check(&json("{}"));
    assert!(refused.is_err_and(|words| words.contains("too many steps")));

    // A pattern that goes back and forth does not match.
    let schema = compiled(r#"{"properties": {"a": {"pattern": "^(?=x)(x+x+)+\\1y$"}}}"#);
    let refused = schema.check(&json(&format!("{{\"a\": \"{}\"}}", "x".repeat(60))));
    assert!(refused.is_err_and(|words| words.contains("does not match")));
}

proptest! {
    #[test]
    fn any_schema_is_refused_or_judges_any_value(schema in any_json(), value in any_json()) {
        if let Ok(schema) = SettingsSchema::compile(&schema) {
            let _ = schema.check(&value);
        }
    }
}
