//! What becomes of a normalizer's job other than in the recordings.

use ostler_tests::OpenKat;
use ostler_tests::openkat::{OpenKatVersion, Said, normalizer_job};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::workshop::workshop;

const ENDED_AT: &str = "2026-11-25T09:00:05.250000Z";

/// A run of a boefje.
fn run() -> Value {
    json!({
        "id": Uuid::new_v4().to_string(),
        "boefje": {"id": "host-name", "version": null},
        "input_ooi": "Network|internet",
        "arguments": {"input": {"name": "internet"}},
        "organization": "acme",
        "started_at": "2026-11-25T09:00:00Z",
        "ended_at": ENDED_AT,
    })
}

/// A job of this normalizer on a raw file of a run.
fn job(openkat: &OpenKat, normalizer: &str, run: &Value, raw: &Value) -> Value {
    let id = openkat.put_raw(run, &["boefje/host-name"], raw.to_string().as_bytes());
    normalizer_job(normalizer, &id, run)
}

fn said(openkat: &OpenKat) -> Vec<Said> {
    std::mem::take(&mut openkat.books().said)
}

#[test]
fn the_versions_between_are_told_by_and_by() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let network = json!({"object_type": "Network", "scan_profile": null, "primary_key": "Network|a", "name": "a"});
    for (version, source, forgets) in [
        ("1.15", Value::Null, false),
        ("1.16", Value::Null, false),
        ("1.17", "host-name".into(), false),
        ("1.18", "host-name".into(), true),
        ("1.19", "host-name".into(), true),
    ] {
        let mut hosts = workshop(&openkat, &json!({ "version": version }));
        for (items, count) in [(json!([network]), 1), (json!([]), usize::from(forgets))] {
            let data = job(&openkat, "says", &run(), &items);
            assert_eq!(hosts.task(&data).outcome(), "done");
            let told = said(&openkat);
            assert_eq!(told.len(), count, "{version}");
            assert!(told.iter().all(|said| said.json["source_method"] == source), "{version}");
        }
    }
}

#[test]
fn the_newer_generation_is_told_the_boefje_and_that_nothing_was_found() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let mut hosts = workshop(&openkat, &json!({"version": "1.20", "whitelist": {"says": 3}}));
    let network = json!({"object_type": "Network", "scan_profile": null, "primary_key": "Network|a", "name": "a"});
    let items = json!([
        {"type": "declaration", "ooi": network, "end_valid_time": "2027-01-01T00:00:00Z"},
        {"type": "declaration", "ooi": network},
        network,
    ]);
    let data = job(&openkat, "says", &run(), &items);
    let report = hosts.task(&data);
    assert_eq!(report.outcome(), "done", "{report:?}");
    let (id, told) = (&data["id"], said(&openkat));
    assert_eq!(
        told[0].json,
        json!({
            "method": "says", "source": "Network|internet", "source_method": "host-name",
            "result": [network], "valid_time": ENDED_AT, "task_id": id,
        })
    );
    assert_eq!(
        told[1].json,
        json!({
            "ooi": network, "valid_time": ENDED_AT, "end_valid_time": "2027-01-01T00:00:00Z",
            "method": "says", "source_method": "host-name", "task_id": id,
        })
    );
    assert_eq!(
        told[2].json,
        json!({
            "ooi": network, "valid_time": ENDED_AT, "method": "says", "source_method": "host-name",
            "task_id": id,
        })
    );
    let profile = json!({"scan_profile_type": "declared", "reference": "Network|a", "level": 4});
    for items in [json!([]), json!([profile])] {
        let data = job(&openkat, "says", &run(), &items);
        assert_eq!(hosts.task(&data).outcome(), "done");
        let told = said(&openkat);
        assert_eq!((told[0].what.as_str(), &told[0].json["result"]), ("observations", &json!([])));
        assert_eq!(told.len(), 1 + items.as_array().unwrap().len());
    }
    let mut without_input = run();
    without_input["input_ooi"] = Value::Null;
    let data = job(&openkat, "says", &without_input, &json!([]));
    assert_eq!(hosts.task(&data).outcome(), "done");
    assert_eq!(said(&openkat), []);
}

#[test]
fn without_the_end_of_its_boefje_nothing_can_be_told() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut hosts = workshop(&openkat, &json!({"whitelist": {"says": 2}}));
    let mut run = run();
    run["ended_at"] = Value::Null;
    let network = json!({"object_type": "Network", "name": "a"});
    for item in [
        network.clone(),
        json!({"type": "declaration", "ooi": network}),
        json!({"scan_profile_type": "declared", "reference": "Network|a", "level": 1}),
    ] {
        let data = job(&openkat, "says", &run, &json!([item]));
        let report = hosts.task(&data);
        let words = "nobody says when its boefje ended";
        assert_eq!((report.outcome(), report.text()), ("failed", words));
    }
    assert_eq!(said(&openkat), []);
    assert_eq!(openkat.books().normalizer_metas.len(), 3);
}

#[test]
fn a_normalizer_that_is_lost_or_fails_leaves_its_meta_and_its_words_in_the_log() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut hosts = workshop(&openkat, &json!({}));
    let data = job(&openkat, "dies", &run(), &json!([]));
    let report = hosts.task(&data);
    let words = "the job's process ended with status 4 and without a result";
    assert_eq!((report.outcome(), report.text()), ("failed", words));
    let data = job(&openkat, "stops-halfway", &run(), &json!([]));
    let report = hosts.task(&data);
    assert_eq!((report.outcome(), report.text()), ("failed", "the normalizer failed"));
    let line = format!("job {}: ", data["id"].as_str().unwrap());
    hosts.wait_log(&format!("{line}ValueError: b'[]'"));
    hosts.wait_log(&format!("{line}boefjes.runtime_interfaces.JobRuntimeError: Normalizer failed"));
    let books = openkat.books();
    assert_eq!(books.normalizer_metas.len(), 2);
    assert!(books.normalizer_metas.iter().all(|meta| meta["ended_at"].is_string()));
    assert_eq!(books.said, []);
}

#[test]
fn its_own_input_is_left_out_with_a_warning() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut hosts = workshop(&openkat, &json!({}));
    let data =
        job(&openkat, "says", &run(), &json!([{"object_type": "Network", "name": "internet"}]));
    assert_eq!(hosts.task(&data).outcome(), "done");
    assert_eq!(said(&openkat)[0].json["result"], json!([]));
    hosts.wait_log("it yields its own input object, which is left out");
}

#[test]
fn settings_of_its_boefje_are_if_so_wished_not_saved_again() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    for (redact, saved) in [(false, "own"), (true, "***")] {
        let mut hosts = workshop(&openkat, &json!({ "redact_environment": redact }));
        let mut run = run();
        run["environment"] = json!({"TOKEN": "own"});
        assert_eq!(hosts.task(&job(&openkat, "says", &run, &json!([]))).outcome(), "done");
        let books = openkat.books();
        let meta = &books.normalizer_metas.last().unwrap()["raw_data"]["boefje_meta"];
        assert_eq!(meta["environment"], json!({ "TOKEN": saved }));
    }
}

#[test]
fn one_in_another_language_is_checked_and_told_as_all_others() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut hosts = workshop(&openkat, &json!({}));
    let items = json!([{"object_type": "Network", "name": "a"}]);
    let report = hosts.task(&job(&openkat, "in-sed", &run(), &items));
    assert_eq!(report.outcome(), "done", "{report:?}");
    let whole = json!({"object_type": "Network", "scan_profile": null, "primary_key": "Network|a", "name": "a"});
    assert_eq!(said(&openkat)[0].json["result"], json!([whole]));
    let items = json!([{"object_type": "Nowork", "name": "a"}]);
    let report = hosts.task(&job(&openkat, "in-sed", &run(), &items));
    assert_eq!(report.outcome(), "failed", "{report:?}");
    assert!(report.text().contains("Nowork"), "{report:?}");
    assert_eq!(said(&openkat), []);
    assert_eq!(openkat.books().normalizer_metas.len(), 2);
}

#[test]
fn what_is_no_finite_number_is_told_as_null_or_refused() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut hosts = workshop(&openkat, &json!({}));
    let objects = [
        (r#"{"object_type":"KATFindingType","id":"KAT-A","risk_score":NaN}"#, "done"),
        (r#"{"object_type":"KATFindingType","id":"KAT-A","risk_score":-Infinity}"#, "done"),
        (r#"{"object_type":"KATFindingType","id":"KAT-A","impact":NaN}"#, "failed"),
    ];
    let both = ["says", "in-sed"].map(|name| objects.map(|object| (name, object)));
    for (normalizer, (object, outcome)) in both.into_iter().flatten() {
        let run = run();
        let raw = openkat.put_raw(&run, &["boefje/host-name"], format!("[{object}]").as_bytes());
        let report = hosts.task(&normalizer_job(normalizer, &raw, &run));
        assert_eq!(report.outcome(), outcome, "{report:?}");
        let told = said(&openkat);
        assert_eq!(told.len(), usize::from(outcome == "done"));
        assert!(told.iter().all(|said| said.json["result"][0]["risk_score"].is_null()));
    }
}

#[test]
fn without_an_input_nothing_can_be_observed_not_even_at_another_object() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let mut run = run();
    run["input_ooi"] = Value::Null;
    let network = json!({"object_type": "Network", "name": "a"});
    for version in ["1.15", "1.20"] {
        let mut hosts = workshop(&openkat, &json!({ "version": version }));
        for items in [
            json!([network]),
            json!([{"type": "observation", "input_ooi": "Network|b", "results": [network]}]),
            json!([{"type": "declaration", "ooi": network},
                {"type": "observation", "input_ooi": "Network|b", "results": []}]),
        ] {
            let report = hosts.task(&job(&openkat, "says", &run, &items));
            let words = "it yields objects, and its boefje had no input object";
            assert_eq!((report.outcome(), report.text()), ("failed", words));
        }
    }
    assert_eq!(said(&openkat), []);
}

#[test]
fn objects_keep_the_key_that_they_are_given_and_lose_what_their_type_does_not_have() {
    let openkat = OpenKat::new(OpenKatVersion::V1_18);
    let given =
        json!({"object_type": "Network", "name": "a", "primary_key": "Network|b", "new": 1});
    let mut sent = json!({"object_type": "Network", "scan_profile": null, "primary_key": "Network|b", "name": "a"});
    for (version, new) in [("1.15", Value::Null), ("1.20", json!(1))] {
        let mut hosts = workshop(&openkat, &json!({ "version": version }));
        let data = job(&openkat, "says", &run(), &json!([given]));
        assert_eq!(hosts.task(&data).outcome(), "done");
        if !new.is_null() {
            sent["new"] = new;
        }
        assert_eq!(said(&openkat)[0].json["result"], json!([sent]), "{version}");
    }
}
