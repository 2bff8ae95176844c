//! The job models are those that plugins were written for, of pydantic.

use ostler_tests::PluginHosts;
use serde_json::{Value, json};

#[test]
fn a_model_is_dumped_as_it_is_asked_for() {
    let mut hosts = PluginHosts::new();
    let report = hosts.run(json!({"boefje": "dumped"}));
    let mut found = report.json();
    let id = found["mode"]["id"].take();
    assert_eq!(id.as_str().map(str::len), Some(36), "a UUID as text");
    let exception = found["exception"].take();
    assert!(exception.as_str().is_some_and(|words| !words.is_empty()));
    let expected: Value = json!({
        "excluded": {"mime_types": [{"value": "a", "by": "x"}, {"value": "b"}]},
        "nested": {
            "boefje_meta": {
                "boefje": {"id": "b", "version": null},
                "environment": {"MODE": "fast"},
            },
        },
        "all": {"mime_types": [{"value": "a"}, {"value": "b"}]},
        "last": {"mime_types": [{"value": "b"}]},
        "unset": {"id": "n"},
        "defaults": {"id": "n"},
        "some": {"id": "n"},
        "mode": {"id": null},
        "as_json": r#"{"mime_types":[{"value":"a","by":"x"},{"value":"b"}]}"#,
        "dict": {"id": "n"},
        "json": r#"{"version":null}"#,
        "copy": ["version"],
        "fields": ["id", "started_at", "ended_at", "raw_data", "normalizer"],
        "same": true,
        "object": {"object_type": "N"},
        "refused": [true, true],
        "made": [true, true, {"id": 5, "started_at": null, "ended_at": null}, ["id"]],
        "known": {
            "id": true, "started_at": false, "ended_at": false, "raw_data": true, "normalizer": true,
        },
        "default": {},
        "extra": [null, {"a": 1}, 1],
        "exception": null,
    });
    assert_eq!(found, expected);
}
