//! A job or its host is killed, ends, or hangs: its task is failed, with a raw file that says why.

use ostler_tests::openkat_tasks::{DONE, FAILED};

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
fn what_a_plugin_says_is_no_part_of_the_log_line_of_its_task() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let task = openkat.queue_faulty("chain");
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).contains("nothing there"));
    workers.log().wait("the boefje failed");
    assert_eq!(workers.log().count("nothing there"), 0);
    let task = openkat.queue_faulty("fill-output");
    openkat.wait_history(&task, &DONE);
    assert_eq!(workers.log().count("xxxxxxxx"), 0, "what plugins print is for those who debug");
}
