//! A stop while services are away: it ends what waits for them.

use std::time::Duration;

use ostler_tests::openkat::{Asked, Trouble, boefje_job};
use ostler_tests::openkat_tasks::{FAILED, until_told};
use ostler_tests::{OpenKat, Workers, WorkersSettings};
use rustix::process::Signal;

use super::{openkat, workers};

/// What becomes of a task that its queue takes back.
const GIVEN_BACK: [&str; 4] = ["queued", "dispatched", "running", "queued"];

/// A task whose worker waits for its settings, and the end of the program meanwhile; whether this
/// becomes of it, which must be so unless nobody could be told.
fn stopped_before_it_is_run(push: u16, patch: Option<u16>, history: &[&str]) -> bool {
    let openkat = openkat();
    openkat.put_settings("acme", "faulty", &serde_json::json!({"HOW": "nap"}));
    openkat.refuse(Asked::Katalogus);
    openkat.inject(Asked::Scheduler, "/push", usize::MAX, Trouble::Status(push));
    let task = openkat.queue(&boefje_job("acme", "faulty", ""));
    let mut workers = WorkersSettings::new(&openkat, "boefje").start();
    // Nobody is there, so that the second try has waits before it.
    workers.log().wait("is tried again in 2 s");
    if let Some(status) = patch {
        openkat.inject(Asked::Scheduler, "PATCH /tasks", 1, Trouble::Status(status));
    }
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    openkat.was_told(&workers, &task, history)
}

/// Workers that have just begun with a slow task, and give it little time once they are to stop.
fn at_work_slowly() -> (OpenKat, String, Workers) {
    let openkat = openkat();
    let task = openkat.queue_boefje("slow");
    let workers = WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "0.2").start();
    workers.wait_running(&task);
    (openkat, task, workers)
}

#[test]
fn a_task_that_its_queue_does_not_take_back_waits_again_all_the_same() {
    for push in [404, 409, 429] {
        until_told(|| stopped_before_it_is_run(push, None, &GIVEN_BACK));
    }
}

#[test]
fn a_task_that_may_not_wait_again_is_failed() {
    until_told(|| stopped_before_it_is_run(404, Some(400), &FAILED));
}

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_stop_while_results_cannot_be_saved_leaves_no_task_running() {
    until_told(|| {
        let openkat = openkat();
        openkat.refuse(Asked::Bytes);
        let task = openkat.queue_boefje("trivial");
        let mut workers = workers(&openkat);
        openkat.wait_status(&task, "running");
        workers.signal(Signal::TERM);
        assert_eq!(workers.ended().code(), Some(0));
        openkat.was_told_one_of(&workers, &task, &[&FAILED, &GIVEN_BACK])
    });
}

#[test]
fn a_scheduler_that_does_not_hear_of_the_end_holds_nobody_up() {
    let (openkat, task, mut workers) = at_work_slowly();
    openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Delay(LONG));
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    workers.log().wait(&format!("task {task}: the scheduler does not know"));
    openkat.heal(Asked::Scheduler);
}

#[test]
fn a_slow_scheduler_hears_of_the_end_of_running_tasks() {
    until_told(|| {
        let (openkat, task, mut workers) = at_work_slowly();
        let slow = Trouble::Delay(Duration::from_millis(300));
        openkat.inject(Asked::Scheduler, "/tasks/", usize::MAX, slow);
        workers.signal(Signal::TERM);
        assert_eq!(workers.ended().code(), Some(0));
        openkat.was_told(&workers, &task, &FAILED)
    });
}

#[test]
fn what_a_stop_has_cut_short_leaves_a_raw_file_that_says_so() {
    until_told(|| {
        let (openkat, task, mut workers) = at_work_slowly();
        workers.signal(Signal::TERM);
        assert_eq!(workers.ended().code(), Some(0));
        assert_eq!(workers.log().count("given back"), 0);
        let is_saved = !openkat.raws_of(&task).is_empty();
        if is_saved {
            let error = openkat.error_of(&task);
            assert!(error.ends_with("JobRuntimeError: Boefje failed\n"), "{error}");
        }
        openkat.was_told(&workers, &task, &FAILED) && is_saved
    });
}

#[test]
fn a_question_for_tasks_that_is_not_answered_holds_nobody_up() {
    let openkat = openkat();
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "3600").start();
    openkat.inject(Asked::Scheduler, "GET /queues", usize::MAX, Trouble::Delay(LONG));
    let asked = |books: &ostler_tests::openkat::Books| {
        books.calls.last().is_some_and(|call| call.target == "/queues" && call.status.is_none())
    };
    openkat.wait("a question without an answer", asked);
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    openkat.heal(Asked::Scheduler);
}
