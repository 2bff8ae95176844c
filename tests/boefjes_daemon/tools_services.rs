//! The tools among OpenKAT's own services.

use ostler_tests::binaries::boefjes;
use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::plugin_hosts::plugins;
use ostler_tests::process::command;
use ostler_tests::{OpenKat, WorkersSettings};
use serde_json::{Value, json};

use crate::tools::Ended;

fn run(openkat: &OpenKat, arguments: &[&str]) -> Ended {
    let mut boefjes = command(boefjes());
    boefjes.args(arguments).arg("--plugins").arg(plugins()).envs(openkat.variables());
    Ended::of(boefjes.env_remove("JOURNAL_STREAM"))
}

#[test]
fn a_boefje_a_raw_file_and_a_normalizer_are_those_of_the_services() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let network = json!({
        "object_type": "Network", "scan_profile": null, "primary_key": "Network|internet",
        "name": "internet",
    });
    openkat.put_object("acme", &network);
    let ran = run(&openkat, &["run-boefje", "acme", "trivial", "Network|internet"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    let raw = openkat.books().raws[0].id.clone();
    assert_eq!(ran.saved(), std::slice::from_ref(&raw));
    let shown = run(&openkat, &["show-raw", &raw]);
    assert_eq!((shown.code, shown.output.as_str()), (0, "1\n"), "{shown:?}");
    let ran = run(&openkat, &["run-normalizer", "items", &raw]);
    // The raw file is no list of objects; that there was a run is known all the same.
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(openkat.books().normalizer_metas.len(), 1);
    // No task of a scheduler's is concerned.
    assert!(!openkat.lines().iter().any(|line| line.contains("/tasks")));
}

#[test]
fn an_object_that_is_not_there_and_services_that_are_not_said_are_told() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let ran = run(&openkat, &["run-boefje", "acme", "trivial", "Network|nowhere"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.complaints.contains("there is no object Network|nowhere in acme"), "{ran:?}");
    let mut half = command(boefjes());
    half.args(["show-raw", "b445dc20-c030-4bc3-b779-4ed9069a8ca2"]);
    let ran = Ended::of(half.env("OCTOPOES_API", "http://127.0.0.1:1"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.complaints.contains("BYTES_API"), "{ran:?}");
}

/// The only item in a queue.
fn queued(openkat: &OpenKat, queue: &str) -> Value {
    let books = openkat.books();
    assert_eq!(books.queues[queue].len(), 1);
    books.queues[queue][0].clone()
}

#[test]
fn a_boefje_and_a_normalizer_are_queued_at_the_scheduler_of_either_generation() {
    for (version, queues) in [
        (OpenKatVersion::V1_15, ["boefje-acme", "normalizer-acme"]),
        (OpenKatVersion::V1_19, ["boefje", "normalizer"]),
    ] {
        let openkat = OpenKat::new(version);
        for queue in queues {
            openkat.put_queue(queue);
        }
        // Of a boefje that only the workers know.
        let ran =
            run(&openkat, &["run-boefje", "--queue", "acme", "elsewhere", "Network|internet"]);
        assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
        let id = ran.output.trim_end();
        let item = queued(&openkat, queues[0]);
        assert_eq!(
            item,
            json!({
                "id": id, "scheduler_id": queues[0], "organisation": "acme", "priority": 1,
                "type": "boefje",
                "data": {
                    "id": id, "boefje": {"id": "elsewhere", "version": null},
                    "input_ooi": "Network|internet", "arguments": {}, "organization": "acme",
                },
            })
        );
        let mut meta = item["data"].clone();
        meta["started_at"] = "2026-11-25T09:00:00Z".into();
        meta["ended_at"] = "2026-11-25T09:00:05Z".into();
        let raw = openkat.put_raw(&meta, &["boefje/elsewhere"], b"[]");
        let ran = run(&openkat, &["run-normalizer", "--queue", "items", &raw]);
        assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
        let item = queued(&openkat, queues[1]);
        assert_eq!(item["data"]["raw_data"]["id"], raw);
        assert_eq!(item["data"]["normalizer"]["id"], "items");
        // Workers do what was queued.
        let _workers = WorkersSettings::new(&openkat, "normalizer").start();
        openkat.wait_history(ran.output.trim_end(), &DONE);
    }
}

#[test]
fn who_has_no_queue_is_told_so() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let ran = run(&openkat, &["run-boefje", "--queue", "nobody", "trivial", "Network|internet"]);
    assert_eq!((ran.code, ran.output.as_str()), (1, ""), "{ran:?}");
    assert!(ran.complaints.contains("404"), "{ran:?}");
    assert!(ran.complaints.contains("queue not found"), "{ran:?}");
}
