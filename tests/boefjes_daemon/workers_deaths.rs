//! A job or its host is killed, ends, or hangs: its task is failed, with a raw file that says why.

use std::time::Duration;

use ostler_tests::WorkersSettings;
use ostler_tests::openkat::Books;
use ostler_tests::openkat_tasks::{DONE, FAILED};
use rustix::process::Signal;

use super::{openkat, workers};

#[test]
fn jobs_that_end_by_themselves_are_failed() {
    let openkat = openkat();
    let _workers = workers(&openkat);
    for (how, words) in [
        ("exit-3", "the job's process ended with status 3"),
        ("exit-0", "the job's process ended with status 0"),
        ("kill-self", "killed by signal 9 (SIGKILL)"),
        ("segfault", "killed by signal 11 (SIGSEGV)"),
        ("abort", "killed by signal 6 (SIGABRT)"),
        ("sys-exit", "SystemExit: 4"),
        ("close-all", "closed the pipe"),
    ] {
        let task = openkat.queue_faulty(how);
        openkat.wait_history(&task, &FAILED);
        let error = openkat.error_of(&task);
        assert!(error.contains(words), "{how}: {error}");
        assert!(error.ends_with("JobRuntimeError: Boefje failed\n"), "{error}");
    }
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
}

#[test]
fn tasks_that_cannot_be_run_wait_for_a_while() {
    let openkat = openkat();
    let folder = tempfile::tempdir().unwrap();
    let module =
        "import os\ndef fork():\n    raise BlockingIOError(11, 'none left')\nos.fork = fork\n";
    std::fs::write(folder.path().join("forkless.py"), module).unwrap();
    let task = openkat.queue_boefje("trivial");
    let mut workers = WorkersSettings::new(&openkat, "boefje")
        .set("Global", "poll_interval", "3600")
        .set("Plugins", "python_path", &folder.path().display().to_string())
        .set("Plugins", "preload", "forkless")
        .start();
    let given_back = ["queued", "dispatched", "running", "queued"];
    openkat.wait_history(&task, &given_back);
    let goes_on = |books: &Books| books.tasks[&task].history.len() > given_back.len();
    assert!(!openkat.wait_within(Duration::from_millis(500), goes_on), "it is not taken again");
    workers.log().wait("no process can be started");
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
}

#[test]
fn what_a_plugin_says_is_no_part_of_the_log_line_of_its_task() {
    let openkat = openkat();
    let settings = WorkersSettings::new(&openkat, "boefje");
    let workers = settings.arguments(["--log-level", "INFO", "boefje"]).start();
    let task = openkat.queue_faulty("chain");
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).contains("nothing there"));
    workers.log().wait("the boefje failed");
    assert_eq!(workers.log().count("nothing there"), 0);
    let task = openkat.queue_faulty("fill-output");
    openkat.wait_history(&task, &DONE);
    assert_eq!(workers.log().count("xxxxxxxx"), 0, "what plugins print is for those who debug");
}
