//! The tools among OpenKAT's own services.

use ostler_tests::OpenKat;
use ostler_tests::binaries::boefjes;
use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::plugin_hosts::plugins;
use ostler_tests::process::command;
use serde_json::json;

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
