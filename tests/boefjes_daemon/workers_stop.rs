//! A stop while services are away: it ends what waits for them.

use std::time::Duration;

use ostler_tests::WorkersSettings;
use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::openkat_tasks::FAILED;
use rustix::process::Signal;

use super::{openkat, workers};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_stop_while_results_cannot_be_saved_fails_the_task() {
    let openkat = openkat();
    openkat.refuse(Asked::Bytes);
    let task = openkat.queue_boefje("trivial");
    let mut workers = workers(&openkat);
    openkat.wait_status(&task, "running");
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    let history = openkat.books().tasks[&task].history.clone();
    assert!(history == FAILED || history == ["queued", "dispatched", "running", "queued"]);
}

#[test]
fn a_scheduler_that_does_not_hear_of_the_end_holds_nobody_up() {
    let openkat = openkat();
    let task = openkat.queue_boefje("slow");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "0.2").start();
    workers.wait_running(&task);
    openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Delay(LONG));
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    workers.log().wait(&format!("task {task}: the scheduler does not know"));
    openkat.heal(Asked::Scheduler);
}
