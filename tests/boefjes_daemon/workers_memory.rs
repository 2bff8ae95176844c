//! What the workers themselves hold in memory: no more than the limits of jobs let them.

use ostler_tests::openkat::{Asked, Trouble, boefje_job, normalizer_job};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::memory;
use ostler_tests::{OpenKat, PATIENCE, Workers, WorkersSettings};
use serde_json::{Value, json};

use super::openkat;

const MEBIBYTE: usize = 1 << 20;
/// Of raw files, in the tests.
const LIMIT: usize = 16 * MEBIBYTE;

/// Two workers whose hosts are ready.
fn workers(openkat: &OpenKat, kind: &str) -> Workers {
    let limit = LIMIT.to_string();
    let keys = [("output_size", &*limit), ("output", &limit), ("raw_size", &limit)];
    let settings = keys.into_iter().chain([("results", "1 MiB")]).fold(
        WorkersSettings::new(openkat, kind).set("Global", "pool_size", "2"),
        |settings, (key, value)| settings.set("Limits", key, value),
    );
    let workers = settings.start();
    workers.wait_hosts(2);
    workers
}

/// The most that the workers have held beside what they hold at rest.
fn held(workers: &Workers, rest: u64) -> u64 {
    memory(workers.pid(), "VmHWM").saturating_sub(rest)
}

#[test]
fn two_jobs_that_return_all_that_they_may_are_held_once() {
    let openkat = openkat();
    let workers = workers(&openkat, "boefje");
    let rest = memory(workers.pid(), "VmRSS");
    openkat.inject(Asked::Bytes, "POST /bytes/boefje_meta", 2, Trouble::Delay(PATIENCE));
    let tasks = ["a", "b"].map(|organization| {
        let settings = json!({"WHAT": "large", "SIZE": LIMIT.to_string()});
        openkat.put_settings(organization, "returns", &settings);
        openkat.queue(&boefje_job(organization, "returns", ""))
    });
    openkat.wait("both are held", |books| {
        let saved = books.calls.iter().filter(|call| call.target == "/bytes/boefje_meta");
        saved.count() == 2
    });
    openkat.heal(Asked::Bytes);
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
    let held = held(&workers, rest);
    let (least, most) = (2 * LIMIT as u64, 3 * LIMIT as u64);
    assert!((least..most).contains(&held), "{} MiB", held >> 20);
}

/// Queues a normalizer of a raw file.
fn normalized(openkat: &OpenKat, raw: &[u8]) -> String {
    let mut run: Value = boefje_job("acme", "trivial", "Network|internet");
    for time in ["started_at", "ended_at"] {
        run[time] = "2026-11-25T10:00:00Z".into();
    }
    let raw = openkat.put_raw(&run, &["boefje/trivial"], raw);
    openkat.queue(&normalizer_job("items", &raw, &run))
}

#[test]
fn raw_files_beyond_the_limit_are_given_to_no_normalizer_and_those_below_are_held_twice() {
    let openkat = openkat();
    let workers = workers(&openkat, "normalizer");
    let rest = memory(workers.pid(), "VmRSS");
    let long = normalized(&openkat, &vec![b' '; LIMIT + 1]);
    openkat.wait_history(&long, &FAILED);
    workers.log().wait(&format!("more than {LIMIT} bytes, which `raw_size` allows"));
    let most = [vec![b' '; LIMIT - 2], b"[]".to_vec()].concat();
    for task in [(); 4].map(|()| normalized(&openkat, &most)) {
        openkat.wait_history(&task, &DONE);
    }
    let held = held(&workers, rest);
    assert!(held < 5 * LIMIT as u64, "{} MiB", held >> 20);
}

#[test]
fn more_than_a_normalizer_may_yield_is_told_as_its_failure() {
    let openkat = openkat();
    let workers = workers(&openkat, "normalizer");
    let network = |length| json!([{"object_type": "Network", "name": "x".repeat(length)}]);
    let long = normalized(&openkat, network(MEBIBYTE).to_string().as_bytes());
    openkat.wait_history(&long, &FAILED);
    workers.log().wait("more than 1048576 bytes");
    let most = normalized(&openkat, network(MEBIBYTE / 2).to_string().as_bytes());
    openkat.wait_history(&most, &DONE);
}
