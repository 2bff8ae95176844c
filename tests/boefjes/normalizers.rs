//! What normalizers are given, and what becomes of what they yield.

use ostler_tests::PluginHosts;
use serde_json::{Value, json};

fn normalized(hosts: &mut PluginHosts, raw: &Value) -> Vec<(String, Value)> {
    hosts.normalizer("items", &raw.to_string()).items()
}

#[test]
fn older_normalizers_get_the_job_and_newer_ones_the_input_object() {
    let mut hosts = PluginHosts::new();
    let raw = "a raw file\n".repeat(100_000);
    let (_, older) = hosts.normalizer("styles", &raw).items().remove(0);
    assert_eq!((&older["name"], &older["raw"]), (&json!("example.com"), &json!(raw)));
    assert_eq!(older["normalizer"], "test-normalizer");
    assert_eq!(older["types"], json!([{"value": "boefje/test-boefje"}]));
    assert_eq!(older["input"], "Hostname|internet|example.com");
    let (_, newer) = hosts.normalizer("annotated", "raw").items().remove(0);
    assert_eq!((&newer["name"], &newer["raw"]), (&json!("example.com"), &json!("raw")));
}

#[test]
fn normalizers_that_do_not_say_what_they_want_get_what_their_version_gives() {
    let mut hosts = PluginHosts::new();
    for (style, name) in [("auto", "NormalizerMeta"), ("auto_plain", "dict")] {
        let order = json!({"normalizer": "untold", "raw": "", "style": style});
        let (_, item) = hosts.run(order).items().remove(0);
        assert_eq!(item["name"], name);
    }
}

#[test]
fn without_arguments_the_input_is_the_objects_reference_or_nothing() {
    let mut hosts = PluginHosts::new();
    let mut meta = ostler_tests::plugin_hosts::raw_meta("7134430c-8509-4944-b0be-27cb9bfb4bc2");
    let boefje = &mut meta["raw_data"]["boefje_meta"];
    boefje["arguments"] = json!({});
    let order = |meta: &Value| json!({"normalizer": "annotated", "raw": "", "meta": meta});
    let report = hosts.run(order(&meta));
    // The plugin asks for the input's name.
    assert!(report.text().contains("KeyError: 'name'"), "{report:?}");
    assert!(report.text().ends_with("JobRuntimeError: Normalizer failed\n"), "{report:?}");
}

#[test]
fn items_are_told_apart_in_the_originals_order() {
    let mut hosts = PluginHosts::new();
    let network = json!({"object_type": "Network", "name": "internet"});
    let yielded = json!([
        {"type": "declaration", "object_type": "Network", "name": "an object after all"},
        {"type": "observation", "input_ooi": "Network|a", "results": [network, network]},
        {"type": "declaration", "ooi": network, "scan_profile_type": "declared"},
        {"type": "declaration", "ooi": network, "end_valid_time": "2026-11-25T00:00:00Z"},
        {"type": "affirmation", "ooi": network},
        {"scan_profile_type": "declared", "reference": "Network|a", "level": 3, "user_id": 5},
        network,
    ]);
    let items = normalized(&mut hosts, &yielded);
    let kinds: Vec<&str> = items.iter().map(|(kind, _)| kind.as_str()).collect();
    let expected = [
        "Object",
        "Observation",
        "Declaration",
        "Declaration",
        "Affirmation",
        "ScanProfile",
        "Object",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(items[1].1["results"], json!([network, network]));
    assert_eq!(items[2].1, json!({"type": "declaration", "ooi": network}));
    assert_eq!(items[3].1["end_valid_time"], "2026-11-25T00:00:00Z");
    let profile = json!({"scan_profile_type": "declared", "reference": "Network|a", "level": 3});
    assert_eq!(items[5].1, profile);
    assert_eq!(items[6].1, network);
    assert_eq!(normalized(&mut hosts, &json!([])), []);
}

#[test]
fn the_models_of_the_original_may_be_yielded_too() {
    let mut hosts = PluginHosts::new();
    let items = hosts.normalizer("items", "models").items();
    let network = |name: &str| json!({"object_type": "Network", "name": name});
    let expected = [
        ("Object", network("a")),
        ("Declaration", json!({"type": "declaration", "ooi": network("b")})),
        ("Affirmation", json!({"type": "affirmation", "ooi": network("c")})),
        (
            "Observation",
            json!({"type": "observation", "input_ooi": "Network|d", "results": [network("d")]}),
        ),
        (
            "ScanProfile",
            json!({"scan_profile_type": "declared", "reference": "Network|e", "level": 2}),
        ),
    ];
    let expected = expected.map(|(kind, item)| (kind.to_owned(), item));
    assert_eq!(items, expected);
}

#[test]
fn values_that_json_does_not_know_are_written_as_pydantic_does() {
    let mut hosts = PluginHosts::new();
    let (_, item) = hosts.normalizer("items", "values").items().remove(0);
    let expected = json!({
        "object_type": "Network",
        "when": "2026-11-25T18:00:00.000005Z",
        "span": "P1DT7203.4S",
        "none": "PT0S",
        "day": "2026-11-25",
        "id": "00000000-0000-0000-0000-000000000005",
        "address": "::1",
        "level": 2,
        "set": [1],
        "bytes": "b",
    });
    assert_eq!(item, expected);
}

#[test]
fn what_is_no_item_fails_with_its_traceback() {
    let mut hosts = PluginHosts::new();
    for (raw, words) in [
        ("number", "a normalizer yields objects or dicts that name their type, not 5"),
        ("not-iterable", "TypeError: 'int' object is not iterable"),
        ("circle", "ValueError: Circular reference detected"),
        ("fails", "ZeroDivisionError: division by zero"),
        ("[{\"type\":\"observation\"}]", "KeyError: 'results'"),
        ("[{\"type\":\"declaration\",\"ooi\":{}}]", "ValueError: an object needs an object_type"),
        ("[{\"type\":\"sonnet\"}]", "not {'type': 'sonnet'}"),
        ("[[]]", "not []"),
    ] {
        let report = hosts.normalizer("items", raw);
        assert_eq!(report.outcome(), "failed", "{raw}: {report:?}");
        assert!(report.text().contains(words), "{raw}: {}", report.text());
        assert!(report.text().ends_with("JobRuntimeError: Normalizer failed\n"), "{raw}");
    }
    assert_eq!(hosts.normalizer("items", "none").items(), []);
}

#[test]
fn numbers_that_json_does_not_have_are_told_to_the_daemon() {
    let report = PluginHosts::new().normalizer("items", "no-numbers");
    let told = report.0["items"][0]["json"].as_str().unwrap();
    assert_eq!(told, r#"{"object_type": "Network", "name": NaN, "more": [-Infinity]}"#);
}

#[test]
fn the_modules_of_the_newest_workers_are_there() {
    let network = json!({"object_type": "Network", "name": "a"});
    let packages = octopoes();
    let completed = json!({"object_type": "Network", "primary_key": "Network|a"});
    for (options, object) in [(json!({}), network), (json!({"path": [packages.path()]}), completed)]
    {
        let items = PluginHosts::with(&options).normalizer("modern", "").items();
        let end = "2026-11-25T00:00:00Z";
        let expected = [
            ("Object", object.clone()),
            ("Declaration", json!({"type": "declaration", "ooi": object, "end_valid_time": end})),
            ("Affirmation", json!({"type": "affirmation", "ooi": object})),
            (
                "Observation",
                json!({"type": "observation", "input_ooi": "Network|b", "results": [object]}),
            ),
        ];
        assert_eq!(items, expected.map(|(kind, item)| (kind.to_owned(), item)));
    }
}

/// A stand-in for the `octopoes` package.
fn octopoes() -> tempfile::TempDir {
    let packages = tempfile::tempdir().unwrap();
    let models = packages.path().join("octopoes/models");
    std::fs::create_dir_all(&models).unwrap();
    // The interface of the real one, as far as it is used.
    let types = "class Network:\n\
        \x20   object_type = 'Network'\n\
        \x20   def __init__(self, name):\n\
        \x20       self.name = name\n\
        \x20   @classmethod\n\
        \x20   def model_validate(cls, values):\n\
        \x20       return cls(values['name'])\n\
        \x20   def model_dump(self, mode):\n\
        \x20       return {'object_type': 'Network', 'primary_key': 'Network|' + self.name}\n\
        def type_by_name(name):\n\
        \x20   return {'Network': Network}[name]\n";
    std::fs::write(models.join("types.py"), types).unwrap();
    packages
}

#[test]
fn objects_are_checked_and_completed_by_the_octopoes_package_where_there_is_one() {
    let packages = octopoes();
    let mut hosts = PluginHosts::with(&json!({
        "path": [packages.path()], "preload": ["octopoes.models.types", "no.such.package"],
    }));
    let network = json!({"object_type": "Network", "name": "a"});
    let report = hosts.normalizer("items", &json!([network]).to_string());
    assert_eq!(report.0["checked"], true);
    let completed = json!({"object_type": "Network", "primary_key": "Network|a"});
    assert_eq!(report.items(), [("Object".to_owned(), completed.clone())]);
    let declared = json!([{"type": "declaration", "ooi": network}]);
    assert_eq!(normalized(&mut hosts, &declared)[0].1["ooi"], completed);
    let report = hosts.normalizer("items", "[{\"object_type\":\"Nowork\"}]");
    assert!(report.text().contains("KeyError: 'Nowork'"), "{report:?}");
}
