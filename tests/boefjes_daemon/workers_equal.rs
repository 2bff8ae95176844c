//! Equal tasks that are handed out together: one is run, and the others get what it has found.

use ostler_tests::openkat::{OpenKatVersion, boefje_job};
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::{OpenKat, WorkersSettings};
use serde_json::json;

/// Queues a task that the scheduler hands out together with all others of these.
fn queue_equal(openkat: &OpenKat, organization: &str, boefje: &str) -> String {
    let mut job = boefje_job(organization, boefje, "");
    job["deduplication_key"] = "one".into();
    openkat.queue(&job)
}

/// The same for a boefje that fails.
pub(crate) fn two_faulty(openkat: &OpenKat) -> [String; 2] {
    openkat.put_settings("acme", "faulty", &json!({"HOW": "exit-3"}));
    [(); 2].map(|()| queue_equal(openkat, "acme", "faulty"))
}

fn deduplicating(openkat: &OpenKat) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje").environment("BOEFJES_DEDUPLICATE", "true")
}

#[test]
fn one_is_run_and_all_are_completed() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let alone = openkat.queue(&boefje_job("acme", "trivial", ""));
    let tasks = ["acme", "other", "third"].map(|one| queue_equal(&openkat, one, "trivial"));
    let workers = deduplicating(&openkat).start();
    for task in &tasks {
        openkat.wait_status(task, "completed");
        let raws = openkat.raws_of(task);
        assert_eq!(raws.len(), 1);
        assert_eq!(raws[0].1, "1");
    }
    openkat.wait_history(&tasks[0], &DONE);
    openkat.wait_history(&alone, &DONE);
    let books = openkat.books();
    let metas: Vec<_> =
        books.boefje_metas.iter().filter(|meta| meta["id"] != alone.as_str()).collect();
    let organizations: Vec<_> =
        metas.iter().map(|meta| meta["organization"].as_str().unwrap()).collect();
    assert_eq!(organizations, ["acme", "other", "third"]);
    assert!(metas.iter().all(|meta| meta["started_at"] == metas[0]["started_at"]));
    drop(books);
    assert_eq!(workers.log().count("completed in"), 2);
}

#[test]
fn when_it_fails_the_others_wait_again() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let [first, second] = two_faulty(&openkat);
    let _workers = deduplicating(&openkat).start();
    openkat.wait_status(&first, "failed");
    assert!(openkat.error_of(&first).contains("status 3"));
    openkat.wait_history(&second, &["queued", "dispatched", "queued"]);
}

#[test]
fn without_the_option_each_is_run() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let tasks = ["acme", "other"].map(|one| queue_equal(&openkat, one, "trivial"));
    let _workers = WorkersSettings::new(&openkat, "boefje").start();
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
}
