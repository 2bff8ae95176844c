//! Services that go away, are slow or wrong, and come back.

use ostler_tests::WorkersSettings;
use ostler_tests::openkat::{Asked, Trouble, boefje_job};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use serde_json::json;

use super::{openkat, workers};

#[test]
fn a_scheduler_that_was_away_is_asked_again() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let first = openkat.queue_boefje("trivial");
    openkat.wait_history(&first, &DONE);
    openkat.refuse(Asked::Scheduler);
    let task = openkat.queue_boefje("trivial");
    openkat.accept(Asked::Scheduler);
    openkat.wait_history(&task, &DONE);
    drop(workers);
}

#[test]
fn the_end_of_a_task_is_told_once_the_scheduler_is_back() {
    let openkat = openkat();
    openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Dropped);
    for status in [503, 429, 408] {
        openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Status(status));
    }
    let task = openkat.queue_boefje("trivial");
    let _workers = workers(&openkat);
    openkat.wait_history(&task, &DONE);
}

#[test]
fn a_scheduler_that_refuses_the_end_of_a_task_is_not_asked_for_ever() {
    let openkat = openkat();
    openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Status(422));
    let task = openkat.queue_boefje("trivial");
    let workers = workers(&openkat);
    workers.log().wait(&format!("task {task}: the scheduler does not know"));
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
}

#[test]
fn a_task_whose_status_cannot_be_understood_is_ended() {
    let openkat = openkat();
    let _workers = workers(&openkat);
    for body in [r#"{"status":"delayed"}"#, "{}", "<p>"] {
        openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Body(body.into()));
        let task = openkat.queue_boefje("trivial");
        openkat.wait_history(&task, &DONE);
    }
}

#[test]
fn a_task_that_may_not_run_is_not_run() {
    let openkat = openkat();
    let _workers = workers(&openkat);
    for (status, history) in [
        (404, &["queued", "dispatched", "failed"][..]),
        (400, &["queued", "dispatched", "failed"]),
        // Nobody says that it may not.
        (500, &["queued", "dispatched", "completed"]),
    ] {
        openkat.inject(Asked::Scheduler, "PATCH /tasks", 1, Trouble::Status(status));
        let task = openkat.queue_boefje("trivial");
        openkat.wait_history(&task, history);
        assert_eq!(openkat.raws_of(&task).len(), usize::from(status == 500));
    }
}

#[test]
fn results_are_saved_once_bytes_is_back() {
    let openkat = openkat();
    openkat.refuse(Asked::Bytes);
    let task = openkat.queue_boefje("trivial");
    let _workers = workers(&openkat);
    openkat.wait_status(&task, "running");
    openkat.accept(Asked::Bytes);
    openkat.wait_history(&task, &DONE);
    assert_eq!(openkat.books().raws.len(), 1);
}

#[test]
fn objects_and_settings_are_fetched_once_they_are_there() {
    let openkat = openkat();
    openkat.put_object(
        "acme",
        &json!({
            "object_type": "Network", "primary_key": "Network|internet", "name": "internet",
        }),
    );
    openkat.put_settings("acme", "faulty", &json!({"HOW": "nap"}));
    openkat.refuse(Asked::Octopoes);
    openkat.refuse(Asked::Katalogus);
    let task = openkat.queue(&boefje_job("acme", "faulty", "Network|internet"));
    let _workers = workers(&openkat);
    openkat.wait_status(&task, "running");
    openkat.accept(Asked::Octopoes);
    openkat.accept(Asked::Katalogus);
    openkat.wait_history(&task, &DONE);
}

#[test]
fn services_that_are_wrong_fail_the_task_and_nothing_more() {
    let openkat = openkat();
    let _workers = workers(&openkat);
    for (asked, on) in [
        (Asked::Octopoes, "GET /acme/object"),
        (Asked::Katalogus, "/settings"),
        (Asked::Bytes, "POST /bytes/boefje_meta"),
        (Asked::Bytes, "POST /bytes/raw"),
    ] {
        openkat.put_settings("acme", "faulty", &json!({"HOW": "nap"}));
        openkat.put_object(
            "acme",
            &json!({
                "object_type": "Network", "primary_key": "Network|internet", "name": "internet",
            }),
        );
        openkat.inject(asked, on, 1, Trouble::Status(500));
        let task = openkat.queue(&boefje_job("acme", "faulty", "Network|internet"));
        openkat.wait_history(&task, &FAILED);
    }
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
}

#[test]
fn services_that_are_asked_in_clear_are_asked_without_a_proxy() {
    let openkat = openkat();
    let task = openkat.queue_boefje("trivial");
    let mut settings = WorkersSettings::new(&openkat, "boefje");
    for name in ["ALL_PROXY", "HTTPS_PROXY", "http_proxy"] {
        // Nobody listens there.
        settings = settings.environment(name, "http://127.0.0.1:1");
    }
    let _workers = settings.start();
    openkat.wait_status(&task, "completed");
}
