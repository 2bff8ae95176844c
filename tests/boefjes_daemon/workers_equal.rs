//! Equal tasks that are handed out together: one is run, and the others get what it has found.

use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble, boefje_job};
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::{OpenKat, WorkersSettings};
use serde_json::json;

/// A scheduler that hands these tasks out together.
pub(crate) fn together(openkat: &OpenKat, tasks: &[String]) {
    let mut books = openkat.books();
    let items: Vec<_> = tasks.iter().map(|task| books.tasks[task].item.clone()).collect();
    for task in tasks {
        books.tasks.get_mut(task).unwrap().history.push("dispatched".to_owned());
    }
    books.queues.get_mut("boefje").unwrap().clear();
    drop(books);
    let body = json!({ "results": items }).to_string().into_bytes();
    openkat.inject(Asked::Scheduler, "POST /schedulers/boefje/pop", 1, Trouble::Body(body));
}

fn deduplicating(openkat: &OpenKat) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje").environment("BOEFJES_DEDUPLICATE", "true")
}

#[test]
fn one_is_run_and_all_are_completed() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let tasks: Vec<String> = ["acme", "other", "third"]
        .map(|organization| openkat.queue(&boefje_job(organization, "trivial", "")))
        .to_vec();
    together(&openkat, &tasks);
    let workers = deduplicating(&openkat).start();
    for task in &tasks {
        openkat.wait_status(task, "completed");
        let raws = openkat.raws_of(task);
        assert_eq!(raws.len(), 1);
        assert_eq!(raws[0].1, "1");
    }
    openkat.wait_history(&tasks[0], &DONE);
    let books = openkat.books();
    let organizations: Vec<_> =
        books.boefje_metas.iter().map(|meta| meta["organization"].as_str().unwrap()).collect();
    assert_eq!(organizations, ["acme", "other", "third"]);
    assert!(
        books
            .boefje_metas
            .iter()
            .all(|meta| { meta["started_at"] == books.boefje_metas[0]["started_at"] })
    );
    drop(books);
    assert_eq!(workers.log().count("completed in"), 1);
}

#[test]
fn when_it_fails_the_others_wait_again() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let first = openkat.queue_faulty("exit-3");
    let second = openkat.queue_faulty("exit-3");
    together(&openkat, &[first.clone(), second.clone()]);
    let _workers = deduplicating(&openkat).start();
    openkat.wait_status(&first, "failed");
    assert!(openkat.error_of(&first).contains("status 3"));
    openkat.wait_history(&second, &["queued", "dispatched", "queued"]);
}

#[test]
fn without_the_option_each_is_run() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let tasks: Vec<String> = ["acme", "other"]
        .map(|organization| openkat.queue(&boefje_job(organization, "trivial", "")))
        .to_vec();
    together(&openkat, &tasks);
    let _workers = WorkersSettings::new(&openkat, "boefje").start();
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
}
