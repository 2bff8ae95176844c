//! A stop in every state: what was not begun goes back, what runs ends or is failed, and the end comes.

use std::time::Duration;

use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::process::wait_gone;
use ostler_tests::{WorkersSettings, wait_for};
use rustix::process::Signal;

use super::{DONE, FAILED, openkat, queue, wait_history, wait_running, wait_status, workers};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);
/// What becomes of a task that is handed out to whoever does not want it any more.
const RETURNED: [&str; 3] = ["queued", "dispatched", "queued"];

#[test]
fn idle_workers_end_at_once_and_their_hosts_with_them() {
    for signal in [Signal::TERM, Signal::INT] {
        let openkat = openkat();
        let mut workers =
            WorkersSettings::new(&openkat, "boefje").set("Global", "poll_interval", "3600").start();
        openkat.wait("the queue is looked at", |books| !books.calls.is_empty());
        let processes = workers.processes();
        workers.signal(signal);
        assert_eq!(workers.ended().code(), Some(0));
        wait_gone(&processes);
    }
}

#[test]
fn a_task_that_was_just_handed_out_goes_back() {
    let openkat = openkat();
    openkat.inject(Asked::Scheduler, "POST /queues/boefje-acme/pop", 1, Trouble::Delay(LONG));
    let task = queue(&openkat, "trivial");
    let mut workers = workers(&openkat);
    openkat.wait("a task is asked for", |books| {
        books.calls.iter().any(|call| call.target.ends_with("/pop"))
    });
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    openkat.heal(Asked::Scheduler);
    assert_eq!(workers.ended().code(), Some(0));
    assert_eq!(openkat.books().tasks[&task].history, RETURNED);
}

#[test]
fn a_job_that_runs_may_finish() {
    let openkat = openkat();
    openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, Trouble::Delay(LONG));
    let task = queue(&openkat, "trivial");
    let mut workers = workers(&openkat);
    openkat.wait("its result is being saved", |books| {
        books.calls.iter().any(|call| call.target.starts_with("/bytes/raw"))
    });
    let next = queue(&openkat, "trivial");
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    openkat.heal(Asked::Bytes);
    assert_eq!(workers.ended().code(), Some(0));
    assert_eq!(openkat.books().tasks[&task].history, DONE);
    // The other worker may have been quick.
    wait_for("the other is whole", || {
        let books = openkat.books();
        ["queued", "completed"].contains(&books.tasks[&next].status())
    });
}

#[test]
fn jobs_that_do_not_finish_are_killed_and_failed() {
    let openkat = openkat();
    let tasks = [queue(&openkat, "slow"), queue(&openkat, "slow")];
    let waiting = queue(&openkat, "slow");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "0.2").start();
    tasks.iter().for_each(|task| wait_running(&workers, task));
    let processes = workers.processes();
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    wait_gone(&processes);
    for task in tasks {
        assert_eq!(openkat.books().tasks[&task].history, FAILED);
    }
    assert_eq!(openkat.books().tasks[&waiting].history, ["queued"]);
}

#[test]
fn a_second_stop_does_not_wait_for_jobs() {
    let openkat = openkat();
    let task = queue(&openkat, "slow");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "3600").start();
    wait_running(&workers, &task);
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    assert!(workers.runs());
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    assert_eq!(openkat.books().tasks[&task].history, FAILED);
}

#[test]
fn a_stop_ends_every_wait_for_services() {
    // Nobody is there, so that it is tried again and again.
    let openkat = openkat();
    for asked in [Asked::Scheduler, Asked::Bytes, Asked::Octopoes, Asked::Katalogus] {
        openkat.refuse(asked);
    }
    let mut workers = workers(&openkat);
    workers.log().wait("take tasks");
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
}

#[test]
fn a_stop_while_results_cannot_be_saved_fails_the_task() {
    let openkat = openkat();
    openkat.refuse(Asked::Bytes);
    let task = queue(&openkat, "trivial");
    let mut workers = workers(&openkat);
    wait_status(&openkat, &task, "running");
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    let history = openkat.books().tasks[&task].history.clone();
    assert!(history == FAILED || history == ["queued", "dispatched", "running", "queued"]);
}

#[test]
fn a_scheduler_that_does_not_hear_of_the_end_holds_nobody_up() {
    let openkat = openkat();
    let task = queue(&openkat, "slow");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "drain", "0.2").start();
    wait_running(&workers, &task);
    openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Delay(LONG));
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    workers.log().wait(&format!("task {task}: the scheduler does not know"));
    openkat.heal(Asked::Scheduler);
}

#[test]
fn a_stop_is_heard_while_there_is_no_plugin_host() {
    let openkat = openkat();
    let task = queue(&openkat, "trivial");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").set("Plugins", "python", "no-such-python").start();
    wait_history(&openkat, &task, &["queued", "dispatched", "running", "queued"]);
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    assert_eq!(openkat.books().tasks[&task].status(), "queued");
}
