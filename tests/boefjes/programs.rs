//! Plugins in other languages: an executable file that reads JSON and writes JSON.

use std::path::PathBuf;

use ostler_tests::PluginHosts;
use ostler_tests::plugin_hosts::{Report, meta, plugins, raw_meta};
use ostler_tests::process::wait_gone;
use serde_json::{Value, json};

fn program(hosts: &mut PluginHosts, how: &str) -> Report {
    let path = plugins().join("program/main");
    hosts.run(json!({"program": path, "environment": {"HOW": how}}))
}

#[test]
fn a_program_reads_its_job_and_its_files_are_outputs() {
    let mut hosts = PluginHosts::new();
    let path = plugins().join("program/main");
    let id = hosts.give(json!({ "program": path }));
    let report = hosts.report(&id);
    assert_eq!(report.0["failed"], false);
    let output = &report.outputs()[0];
    assert_eq!((&output["name"], &output["mime_types"]), (&json!("job"), &json!(["text/json"])));
    let mut lines = report.output().split('\n');
    assert_eq!(serde_json::from_str::<Value>(lines.next().unwrap()).unwrap(), meta(&id));
    assert_eq!(lines.next(), path.parent().unwrap().to_str());
    assert_eq!(lines.next(), Some(""), "no arguments");
}

#[test]
fn a_program_that_fails_says_why() {
    let mut hosts = PluginHosts::new();
    let report = program(&mut hosts, "fail");
    assert_eq!(report.text(), "The program ended with status 3.\nthis went wrong\n");
    let report = program(&mut hosts, "failed");
    assert_eq!((&report.0["failed"], report.output()), (&json!(true), "no"));
    let report = program(&mut hosts, "nonsense");
    assert!(report.text().starts_with("the answer is no JSON"), "{report:?}");
    assert_eq!(report.outcome(), "failed");
}

#[test]
fn an_answer_may_have_numbers_that_only_python_writes() {
    let mut hosts = PluginHosts::new();
    assert_eq!(program(&mut hosts, "no-number").output(), "hello");
}

#[test]
fn base64_may_have_line_ends_in_it_as_that_of_containers() {
    let mut hosts = PluginHosts::new();
    assert_eq!(program(&mut hosts, "lines").output(), "hello");
}

#[test]
fn a_file_that_cannot_be_run_is_told() {
    let mut hosts = PluginHosts::new();
    for (path, words) in [
        ("program_broken/main", "Exec format error (a script needs a first line like #!/bin/sh)"),
        ("nowhere/main", "No such file or directory"),
    ] {
        let report = hosts.run(json!({"program": plugins().join(path)}));
        assert_eq!(report.outcome(), "lost", "{report:?}");
        let path = plugins().join(path);
        let told = format!("the job could not be started: {} cannot be executed: ", path.display());
        assert_eq!(report.text(), format!("{told}{words}"));
        assert_eq!(report.0["last_words"], "", "no traceback of the host's");
    }
}

#[test]
fn a_program_may_end_with_any_status() {
    let mut hosts = PluginHosts::new();
    for status in ["121", "122"] {
        let report = hosts.run(json!({
            "program": plugins().join("program/main"),
            "environment": {"HOW": "status", "STATUS": status},
        }));
        assert_eq!(report.text(), format!("The program ended with status {status}.\n"));
    }
}

#[test]
fn the_files_of_a_program_have_the_limits_of_all_other_outputs() {
    let limits = json!({"output_size": 8 << 20, "output": 48 << 20});
    let mut hosts = PluginHosts::with(&json!({ "limits": limits }));
    let mut run = |count: &str, size: u64| {
        hosts.run(json!({
            "program": plugins().join("program/main"),
            "environment": {"HOW": "much", "COUNT": count, "SIZE": size.to_string()},
        }))
    };
    // In base64 they are more than may be returned.
    let report = run("6", 8 << 20);
    assert_eq!(report.outputs().len(), 6, "{}", report.text());
    assert!(report.outputs().iter().all(|output| output["size"] == 8 << 20));
    assert!(run("1", 9 << 20).text().contains("an output of more than 8388608 bytes"));
    assert!(run("7", 8 << 20).text().contains("outputs of more than 50331648 bytes together"));
    assert!(run("100001", 0).text().contains("more than 100000 outputs"));
}

#[test]
fn a_program_ends_with_its_deadline_and_with_its_host() {
    let mut hosts = PluginHosts::new();
    let path = plugins().join("program/main");
    let order = |deadline: Value| json!({"program": path, "environment": {"HOW": "wait"}, "deadline": deadline});
    hosts.wait_ready(2);
    let report = hosts.run(order(json!(1000)));
    assert_eq!(report.text(), "the job did not end in time");
    hosts.wait_ready(2);
    let id = hosts.give(order(Value::Null));
    let (host, job) = hosts.wait_running(&id);
    ostler_tests::process::kill(host.pid, rustix::process::Signal::KILL);
    assert!(hosts.report(&id).text().contains("killed by signal 9 (SIGKILL)"));
    wait_gone(&[host, job]);
}

fn normalizer() -> PathBuf {
    plugins().join("program_normalizer/normalize")
}

fn normalized(hosts: &mut PluginHosts, raw: &str) -> Report {
    let meta = raw_meta("7134430c-8509-4944-b0be-27cb9bfb4bc2");
    hosts.run(json!({"program": normalizer(), "raw": raw, "meta": meta}))
}

#[test]
fn a_program_may_be_a_normalizer_and_yields_what_one_in_python_does() {
    let mut hosts = PluginHosts::new();
    let (kind, item) = normalized(&mut hosts, "job").items().remove(0);
    assert_eq!((kind.as_str(), &item["name"]), ("Object", &json!("Hostname|internet|example.com")));
    let (_, item) = normalized(&mut hosts, "place").items().remove(0);
    let folder = normalizer().parent().unwrap().display().to_string();
    assert_eq!(item["name"], folder, "its folder, no arguments, no variables");
    let network = json!({"object_type": "Network", "name": "a"});
    let yielded = json!([
        {"type": "observation", "input_ooi": "Network|a", "results": [network]},
        {"type": "declaration", "ooi": network},
        {"type": "affirmation", "ooi": network},
        {"scan_profile_type": "declared", "reference": "Network|a", "level": 3},
        network,
    ]);
    let items = normalized(&mut hosts, &yielded.to_string()).items();
    let kinds: Vec<&str> = items.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["Observation", "Declaration", "Affirmation", "ScanProfile", "Object"]);
    assert_eq!(normalized(&mut hosts, "[]").items(), []);
}

#[test]
fn a_normalizer_that_is_a_program_has_the_limits_of_all_others() {
    let mut hosts = PluginHosts::new();
    let report = normalized(&mut hosts, "fail");
    assert_eq!(report.text(), "The program ended with status 3.\nthis went wrong\n");
    assert!(normalized(&mut hosts, "[1]").text().contains("the result 0: it is no object"));
    assert!(normalized(&mut hosts, "many").text().contains("more than 100000 outputs"));
    assert!(normalized(&mut hosts, "no list").text().contains("the answer is no JSON"));
    hosts.wait_ready(2);
    let meta = raw_meta("7134430c-8509-4944-b0be-27cb9bfb4bc2");
    let order = json!({"program": normalizer(), "raw": "wait", "meta": meta, "deadline": 1000});
    assert_eq!(hosts.run(order).text(), "the job did not end in time");
}
