//! A job or its host is killed, ends, or hangs: its task is failed, with a raw file that says why.

use ostler_tests::process::{children, kill};
use ostler_tests::{Workers, WorkersSettings, wait_for};
use rustix::process::Signal;

use super::{
    DONE, FAILED, error, openkat, queue, queue_faulty, wait_history, wait_running, wait_status,
    workers,
};

/// The hosts, and the jobs that they run.
fn hosts_and_jobs(workers: &Workers) -> (Vec<u32>, Vec<u32>) {
    let hosts: Vec<u32> = children(workers.pid()).iter().map(|host| host.pid).collect();
    let jobs = hosts.iter().flat_map(|host| children(*host)).map(|job| job.pid).collect();
    (hosts, jobs)
}

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
        let task = queue_faulty(&openkat, how);
        wait_history(&openkat, &task, &FAILED);
        let error = error(&openkat, &task);
        assert!(error.contains(words), "{how}: {error}");
        assert!(error.ends_with("JobRuntimeError: Boefje failed\n"), "{error}");
    }
    let task = queue(&openkat, "trivial");
    wait_history(&openkat, &task, &DONE);
}

#[test]
fn a_killed_job_is_failed_and_its_host_goes_on() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let task = queue(&openkat, "slow");
    wait_running(&workers, &task);
    let (hosts, jobs) = hosts_and_jobs(&workers);
    kill(jobs[0], Signal::KILL);
    wait_history(&openkat, &task, &FAILED);
    assert!(error(&openkat, &task).contains("killed by signal 9 (SIGKILL)"));
    let next = queue(&openkat, "trivial");
    wait_history(&openkat, &next, &DONE);
    assert_eq!(hosts_and_jobs(&workers).0, hosts);
}

#[test]
fn a_killed_host_fails_its_job_and_is_replaced() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let tasks = [queue(&openkat, "slow"), queue(&openkat, "slow")];
    tasks.iter().for_each(|task| wait_running(&workers, task));
    let (hosts, _) = hosts_and_jobs(&workers);
    for host in &hosts {
        kill(*host, Signal::KILL);
    }
    for task in &tasks {
        wait_history(&openkat, task, &FAILED);
        assert!(error(&openkat, task).contains("host was lost: killed by signal 9 (SIGKILL)"));
    }
    let next: Vec<String> = (0..4).map(|_| queue(&openkat, "trivial")).collect();
    next.iter().for_each(|task| wait_history(&openkat, task, &DONE));
    wait_for("the pool is whole", || hosts_and_jobs(&workers).0.len() == 2);
    assert!(hosts_and_jobs(&workers).0.iter().all(|host| !hosts.contains(host)));
}

#[test]
fn a_job_that_hangs_is_failed_at_its_deadline() {
    let openkat = openkat();
    let workers =
        WorkersSettings::new(&openkat, "boefje").set("Global", "job_deadline", "1").start();
    // Waiting for a host counts, and gives a task back.
    let first = queue(&openkat, "trivial");
    wait_status(&openkat, &first, "completed");
    wait_for("the pool is whole", || hosts_and_jobs(&workers).0.len() == 2);
    let tasks = [queue(&openkat, "slow"), queue_faulty(&openkat, "ignore-term")];
    for task in &tasks {
        wait_status(&openkat, task, "failed");
        assert!(error(&openkat, task).contains("the job did not end in time"));
    }
    wait_for("the jobs are gone", || hosts_and_jobs(&workers).1.is_empty());
}

#[test]
fn what_a_plugin_says_is_no_part_of_the_log_line_of_its_task() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let task = queue_faulty(&openkat, "chain");
    wait_history(&openkat, &task, &FAILED);
    assert!(error(&openkat, &task).contains("nothing there"));
    workers.log().wait("the boefje failed");
    assert_eq!(workers.log().count("nothing there"), 0);
}
