//! What becomes of what a boefje returns.

use ostler_tests::PluginHosts;
use ostler_tests::plugin_hosts::Report;
use serde_json::{Value, json};

use crate::is_traceback;

fn returned(hosts: &mut PluginHosts, what: &str) -> Report {
    hosts.run(json!({"boefje": "returns", "environment": {"WHAT": what}}))
}

#[test]
fn outputs_of_every_form_come_in_their_order() {
    let mut hosts = PluginHosts::new();
    let cases = [
        ("none", json!([])),
        ("empty", json!([])),
        ("list", json!([[["text/a", "text/b"], "é", 2], [[], "\0\u{fffd}", 2]])),
        ("tuple", json!([[["text/plain"], "ba", 2], [["text/plain"], "mv", 2]])),
        ("generator", json!([[["text/one"], "1", 1], [["text/two"], "2", 1]])),
        ("set", json!([[["text/plain"], "s", 1]])),
        ("type-as-text", json!([[["text/plain"], "t", 1]])),
    ];
    for (what, expected) in cases {
        let report = returned(&mut hosts, what);
        let found: Vec<Value> = report
            .outputs()
            .iter()
            .map(|output| json!([output["mime_types"], output["text"], output["size"]]))
            .collect();
        assert_eq!(json!(found), expected, "{what}");
    }
}

#[test]
fn what_is_no_output_fails_with_its_traceback() {
    let mut hosts = PluginHosts::new();
    for (what, words) in [
        ("number", "TypeError: 'int' object is not iterable"),
        ("text", "ValueError: not enough values to unpack"),
        ("not-pairs", "TypeError: cannot unpack non-iterable int object"),
        ("number-as-output", "TypeError: an output is bytes or str, not int"),
        ("number-as-type", "TypeError: a media type is a str, not int"),
        ("surrogate", "UnicodeEncodeError"),
        ("raising", "ValueError: no iteration today"),
    ] {
        is_traceback(&returned(&mut hosts, what), words);
    }
}

#[test]
fn a_large_output_comes_whole() {
    let mut hosts = PluginHosts::new();
    let size = 30 << 20;
    let environment = json!({"WHAT": "large", "SIZE": size.to_string()});
    let report = hosts.run(json!({"boefje": "returns", "environment": environment}));
    assert_eq!(report.outputs()[0]["size"], size);
    let environment = json!({"WHAT": "many", "SIZE": "100"});
    let report = hosts.run(json!({"boefje": "returns", "environment": environment}));
    assert_eq!(report.outputs().len(), 100);
    assert!(report.outputs().iter().all(|output| output["size"] == 100_000));
}

#[test]
fn more_than_a_job_may_return_is_told_as_its_failure() {
    let limits = json!({"output": 1_000_000, "output_size": 500_000, "outputs": 600});
    let mut hosts = PluginHosts::with(&json!({ "limits": limits }));
    let mut told = |what: &str, size: u64, words: &str| {
        let environment = json!({"WHAT": what, "SIZE": size.to_string()});
        let report = hosts.run(json!({"boefje": "returns", "environment": environment}));
        is_traceback(&report, &format!("OutputLimitError: {words}"));
    };
    told("lasting", 0, "more than 600 outputs");
    told("large", 500_001, "an output of more than 500000 bytes");
    told("many", 11, "outputs of more than 1000000 bytes together");
    let environment = json!({"WHAT": "many", "SIZE": "10"});
    let report = hosts.run(json!({"boefje": "returns", "environment": environment}));
    assert_eq!(report.outputs().len(), 10);
}
