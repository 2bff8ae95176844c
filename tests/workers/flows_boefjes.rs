//! What becomes of a boefje's job other than in the recordings: its settings, its raw files, and what
//! is left of it when it comes to nothing.

use ostler_tests::openkat::{Asked, BookedRaw, OpenKatVersion, Trouble, boefje_job};
use ostler_tests::plugin_hosts::Report;
use ostler_tests::process::kill;
use ostler_tests::{OpenKat, PluginHosts};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::workshop::workshop;

const LAST_LINE: &str = "boefjes.runtime_interfaces.JobRuntimeError: Boefje failed\n";

/// Services with an object that boefjes may look at.
fn openkat() -> OpenKat {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.put_object(
        "acme",
        &json!({
            "object_type": "Network", "scan_profile": null, "primary_key": "Network|internet",
            "name": "internet",
        }),
    );
    openkat
}

/// A job of this boefje, which finds these settings.
fn job(openkat: &OpenKat, boefje: &str, settings: &Value) -> Value {
    openkat.put_settings("acme", boefje, settings);
    boefje_job("acme", boefje, "Network|internet")
}

/// The one raw file of a job that has failed.
fn error_of(openkat: &OpenKat, data: &Value, report: &Report) -> BookedRaw {
    assert_eq!(report.outcome(), "failed", "{report:?}");
    let books = openkat.books();
    let raws: Vec<&BookedRaw> = books.raws.iter().filter(|raw| data["id"] == *raw.run).collect();
    let [raw] = raws[..] else { panic!("{raws:?}") };
    let own = format!("boefje/{}", data["boefje"]["id"].as_str().unwrap());
    assert_eq!(raw.mime_types, ["error/boefje", &own]);
    assert!(raw.text().ends_with(LAST_LINE), "{}", raw.text());
    assert!(books.boefje_metas.iter().any(|meta| meta["id"] == data["id"]), "the run is saved");
    raw.clone()
}

/// Nobody was told anything of a job.
fn nothing_is_saved(openkat: &OpenKat) {
    let books = openkat.books();
    assert_eq!((books.boefje_metas.len(), books.raws.len()), (0, 0));
}

#[test]
fn a_job_that_is_lost_leaves_a_raw_file_that_says_how() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    for (how, words) in [
        ("exit", "the job's process ended with status 3 and without a result\n"),
        ("kill", "the job's process was killed by signal 9 (SIGKILL)\n"),
    ] {
        let data = job(&openkat, "misbehaves", &json!({ "HOW": how }));
        let report = hosts.task(&data);
        let error = error_of(&openkat, &data, &report);
        assert!(error.text().starts_with(words), "{}", error.text());
        // What it prints is told without the values of its settings.
        assert!(error.text().contains("this is how: ***\n"), "{}", error.text());
        assert_eq!(report.text(), words.trim_end());
    }
    for (how, words) in
        [("memory", "MemoryError\n"), ("output", "OutputLimitError: more than 100000 outputs\n")]
    {
        let data = job(&openkat, "misbehaves", &json!({ "HOW": how }));
        let report = hosts.task(&data);
        let error = error_of(&openkat, &data, &report);
        assert!(error.text().contains(words), "{}", error.text());
        assert_eq!(report.text(), "the boefje failed");
    }
}

#[test]
fn a_job_whose_host_is_killed_leaves_a_raw_file_that_says_so() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    for _ in 0..2 {
        let data = job(&openkat, "misbehaves", &json!({"HOW": "wait"}));
        let id = hosts.give_task(&data);
        let (host, _) = hosts.wait_running(&id);
        kill(host.pid, Signal::KILL);
        let report = hosts.report(&id);
        let error = error_of(&openkat, &data, &report);
        let words = "the job's plugin host was lost: killed by signal 9 (SIGKILL)\n";
        assert!(error.text().starts_with(words), "{}", error.text());
    }
}

#[test]
fn a_job_that_takes_too_long_is_ended_and_leaves_a_raw_file_that_says_so() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({"deadline": 1000}));
    hosts.wait_ready(1);
    let data = job(&openkat, "misbehaves", &json!({"HOW": "wait"}));
    let report = hosts.task(&data);
    let error = error_of(&openkat, &data, &report);
    assert!(error.text().starts_with("the job did not end in time\n"), "{}", error.text());
}

#[test]
fn without_a_host_nothing_is_run_and_nothing_saved() {
    let openkat = openkat();
    let variables = openkat.variables().into_iter();
    let services: Value = variables
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut hosts = PluginHosts::with(&json!({
        "root": crate::workshop::plugins(), "services": services, "python": "/nowhere/python3",
    }));
    let report = hosts.task(&job(&openkat, "nothing-found", &json!({})));
    assert_eq!(report.outcome(), "not_run", "{report:?}");
    assert!(report.text().contains("no plugin host can be had"), "{report:?}");
    nothing_is_saved(&openkat);
}

#[test]
fn settings_are_neither_logged_nor_if_so_wished_saved() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({"redact_environment": true}));
    let data = job(&openkat, "settings-seen", &json!({"TOKEN": "a-very-secret-token", "DEPTH": 1}));
    assert_eq!(hosts.task(&data).outcome(), "done");
    let books = openkat.books();
    assert_eq!(books.boefje_metas[0]["environment"], json!({"TOKEN": "***", "DEPTH": "***"}));
    let found: Value = serde_json::from_str(books.raws[0].text()).unwrap();
    assert_eq!(found, json!({"TOKEN": "a-very-secret-token", "DEPTH": "1"}));
    hosts.wait_log(&format!("Saved raw file {} for boefje settings-seen[", books.raws[0].id));
    assert!(!hosts.log().contains("secret"), "{}", hosts.log());
}

#[test]
fn settings_may_be_numbers_that_only_python_reads() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    let settings = br#"{"TOKEN": NaN, "NAMES": [1e400, -Infinity], "DEPTH": 1e400}"#;
    openkat.inject(Asked::Katalogus, "/settings", 1, Trouble::Body(settings.to_vec()));
    let report = hosts.task(&job(&openkat, "settings-seen", &json!({})));
    assert_eq!(report.outcome(), "done", "{report:?}");
    let found: Value = serde_json::from_str(openkat.books().raws[0].text()).unwrap();
    assert_eq!(found, json!({"TOKEN": "nan", "NAMES": "[inf, -inf]", "DEPTH": "inf"}));
}

#[test]
fn in_the_newer_generation_the_schema_decides_and_the_job_is_a_dict() {
    let openkat = openkat();
    let seen = |raw: &BookedRaw| serde_json::from_str::<Value>(raw.text()).unwrap();
    let settings = json!({"PORTS": 5, "WORD": "own", "KEY_ONLY": "k"});
    let mut hosts = workshop(&openkat, &json!({}));
    assert_eq!(hosts.task(&job(&openkat, "takes-either", &settings)).outcome(), "done");
    let older = json!({"kind": "BoefjeMeta", "environment": {"KEY_ONLY": "k"}});
    assert_eq!(seen(&openkat.books().raws[0]), older);

    let newer = json!({"version": "1.20", "environment": {"WORD": "default", "OTHER": "x"}});
    let mut hosts = workshop(&openkat, &newer);
    assert_eq!(hosts.task(&job(&openkat, "takes-either", &settings)).outcome(), "done");
    let newer = json!({"kind": "dict", "environment": {"PORTS": "5", "WORD": "own"}});
    assert_eq!(seen(&openkat.books().raws[1]), newer);
    assert_eq!(hosts.task(&job(&openkat, "takes-either", &json!({}))).outcome(), "done");
    assert_eq!(seen(&openkat.books().raws[2])["environment"], json!({"WORD": "default"}));

    let report = hosts.task(&job(&openkat, "takes-either", &json!({"PORTS": "secret"})));
    let words = "boefje takes-either: its settings are not as its schema wants them";
    assert_eq!((report.outcome(), report.text()), ("failed", words));
    assert_eq!(openkat.books().raws.len(), 3);
}

#[test]
fn a_boefje_in_another_language_is_a_program() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    let data = job(&openkat, "in-shell", &json!({}));
    assert_eq!(hosts.task(&data).outcome(), "done");
    {
        let books = openkat.books();
        let told: Value = serde_json::from_str(books.raws[0].text()).unwrap();
        assert_eq!(told["arguments"]["input"]["name"], "internet");
        assert_eq!(books.raws[0].mime_types, ["own/job", "boefje/in-shell"]);
        assert_eq!(books.boefje_metas[0]["runnable_hash"].as_str().map(str::len), Some(64));
    }
    let data = job(&openkat, "in-shell", &json!({"HOW": "fail"}));
    let report = hosts.task(&data);
    let error = error_of(&openkat, &data, &report);
    let words = "The program ended with status 3.\nthis went wrong\n";
    assert!(error.text().starts_with(words), "{}", error.text());
    let data = job(&openkat, "in-shell", &json!({"HOW": "silent"}));
    let report = hosts.task(&data);
    let error = error_of(&openkat, &data, &report);
    assert!(error.text().contains("without a file"), "{}", error.text());
    let report = hosts.task(&job(&openkat, "in-shell", &json!({"HOW": "failed"})));
    assert_eq!(report.text(), "the boefje says that it failed");
    let books = openkat.books();
    let last = books.raws.last().unwrap();
    assert_eq!(
        (last.text(), &last.mime_types[..]),
        ("no", &["own/why".to_owned(), "boefje/in-shell".to_owned()][..])
    );
}

#[test]
fn raw_files_with_equal_media_types_are_no_failure_and_what_is_no_type_is_told() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    let report = hosts.task(&job(&openkat, "same-types", &json!({})));
    assert_eq!(report.outcome(), "done", "{report:?}");
    // Bytes keeps one file of the same types of a run.
    assert_eq!(report.0["saved"].as_array().unwrap().len(), 2);
    assert_eq!(hosts.task(&job(&openkat, "three-files", &json!({}))).outcome(), "done");
    hosts.wait_log("\"page\" is no media type; it is dropped");
    hosts.wait_log("\"a/b\" is no media type; it is dropped");
}

#[test]
fn where_a_service_refuses_before_the_run_nothing_is_saved_and_after_it_the_job_has_failed() {
    let openkat = openkat();
    let mut hosts = workshop(&openkat, &json!({}));
    for (asked, on) in [(Asked::Octopoes, "GET /acme/object"), (Asked::Katalogus, "/settings")] {
        openkat.inject(asked, on, 1, Trouble::Status(500));
        let report = hosts.task(&job(&openkat, "settings-seen", &json!({})));
        assert_eq!(report.outcome(), "failed", "{report:?}");
        assert!(report.text().contains(" answered 500 to GET "), "{report:?}");
        nothing_is_saved(&openkat);
    }
    for on in ["POST /bytes/boefje_meta", "POST /bytes/raw"] {
        openkat.inject(Asked::Bytes, on, 1, Trouble::Status(500));
        let report = hosts.task(&job(&openkat, "settings-seen", &json!({})));
        assert_eq!(report.outcome(), "failed", "{report:?}");
        assert!(report.text().starts_with("Bytes answered 500 to POST "), "{report:?}");
    }
    openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, Trouble::Status(500));
    let report = hosts.task(&job(&openkat, "key-missing", &json!({})));
    assert!(report.text().starts_with("the boefje failed; Bytes answered 500"), "{report:?}");
}

#[test]
fn an_object_that_cannot_be_expanded_fails_the_job_before_its_run() {
    let openkat = openkat();
    openkat.put_object(
        "acme",
        &json!({"object_type": "DKIMExists", "primary_key": "Network|internet",
        "hostname": "Hostname|internet"}),
    );
    let mut hosts = workshop(&openkat, &json!({}));
    let report = hosts.task(&job(&openkat, "nothing-found", &json!({})));
    let words = "Hostname|internet is no reference: it has too few parts";
    assert_eq!((report.outcome(), report.text()), ("failed", words));
    nothing_is_saved(&openkat);
}
