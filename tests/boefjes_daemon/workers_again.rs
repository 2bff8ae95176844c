//! Tasks that the scheduler hands out again before it has answered whoever gave them back.

use std::time::Duration;

use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble};
use ostler_tests::{OpenKat, WorkersSettings};
use rustix::process::Signal;
use serde_json::json;

use crate::workers_equal::two_faulty;

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);
const AGAIN: [&str; 6] = ["queued", "dispatched", "queued", "dispatched", "running", "completed"];

/// Workers, and a task that was handed out again to them: they have not yet been told that the
/// scheduler has it back.
fn handed_out_again(openkat: &OpenKat) -> (ostler_tests::Workers, String) {
    let [_, task] = two_faulty(openkat);
    openkat.inject(Asked::Scheduler, &format!("PATCH /tasks/{task}"), 1, Trouble::Late(LONG));
    let settings = WorkersSettings::new(openkat, "boefje").set("Global", "pool_size", "3");
    let workers = settings.environment("BOEFJES_DEDUPLICATE", "true").start();
    openkat.wait_history(&task, &AGAIN[..3]);
    openkat.put_settings("acme", "faulty", &json!({"HOW": "nap"}));
    let item = openkat.books().tasks[&task].item.clone();
    openkat.queue_item("boefje", item);
    openkat.wait_history(&task, &AGAIN[..4]);
    // Another one is taken when account was taken of this one.
    let next = openkat.queue_boefje("trivial");
    openkat.wait_status(&next, "completed");
    (workers, task)
}

#[test]
fn they_are_run_when_the_answer_has_come() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let (_workers, task) = handed_out_again(&openkat);
    openkat.heal(Asked::Scheduler);
    openkat.wait_history(&task, &AGAIN);
}

#[test]
fn they_are_given_back_again_at_a_stop() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let (mut workers, task) = handed_out_again(&openkat);
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    openkat.heal(Asked::Scheduler);
    assert_eq!(workers.ended().code(), Some(0));
    assert_eq!(openkat.history(&task), ["queued", "dispatched", "queued", "dispatched", "queued"]);
}
