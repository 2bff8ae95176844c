//! Jobs and hosts that are killed, hang, or cannot be had.

use std::os::unix::fs::symlink;
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::{Identity, children, kill, wait_gone};
use ostler_tests::{Fault, PATIENCE, WorkersSettings, wait_for, wait_until};
use rustix::process::Signal;

use super::{healed, openkat, whole, workers};

#[test]
fn wrk_c01_an_idle_host_is_killed() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let mut fault = Fault::begin("WRK-C01");
    let host = workers.hosts()[0];
    kill(host.pid, Signal::KILL);
    // It is idle until it is dead.
    wait_gone(&[host]);
    let tasks: Vec<String> = (0..4).map(|_| openkat.queue_boefje("trivial")).collect();
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
    healed(&workers, 1);
    fault.within("the pool is whole", fault.elapsed(), 1.5);
    fault.saw("no task saw it");
}

#[test]
fn wrk_c02_a_running_job_is_killed() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let task = openkat.queue_boefje("slow");
    workers.wait_running(&task);
    let hosts = workers.hosts();
    let mut fault = Fault::begin("WRK-C02");
    kill(workers.jobs()[0].pid, Signal::KILL);
    openkat.wait_history(&task, &FAILED);
    fault.within("failed", fault.elapsed(), 0.1);
    assert!(openkat.error_of(&task).contains("killed by signal 9 (SIGKILL)"));
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    assert_eq!(workers.hosts(), hosts);
}

#[test]
fn wrk_c03_a_host_with_a_running_job_is_killed() {
    let openkat = openkat();
    let workers = workers(&openkat);
    let tasks = [openkat.queue_boefje("slow"), openkat.queue_boefje("slow")];
    for task in &tasks {
        workers.wait_running(task);
    }
    let (hosts, jobs) = (workers.hosts(), workers.jobs());
    let mut fault = Fault::begin("WRK-C03");
    for host in &hosts {
        kill(host.pid, Signal::KILL);
    }
    for task in &tasks {
        openkat.wait_history(task, &FAILED);
    }
    fault.within("both failed", fault.elapsed(), 0.1);
    wait_gone(&jobs);
    for task in &tasks {
        let error = openkat.error_of(task);
        assert!(error.contains("host was lost: killed by signal 9 (SIGKILL)"), "{error}");
    }
    healed(&workers, 2);
    fault.within("the pool is whole", fault.elapsed(), 1.5);
}

#[test]
fn wrk_c04_all_hosts_are_killed_under_load() {
    let openkat = openkat();
    let tasks: Vec<String> = (0..100).map(|_| openkat.queue_boefje("trivial")).collect();
    let workers = workers(&openkat);
    openkat.wait("some are done", |books| books.raws.len() > 10);
    let mut fault = Fault::begin("WRK-C04");
    for host in workers.hosts() {
        kill(host.pid, Signal::KILL);
    }
    healed(&workers, 2);
    fault.within("the pool is whole", fault.elapsed(), 3.0);
    wait_for("all have ended", || openkat.count("completed") + openkat.count("failed") == 100);
    for task in &tasks {
        let history = openkat.history(task);
        assert!(history == DONE || history == FAILED, "{history:?}");
    }
    let failed = openkat.count("failed");
    assert!(failed <= 2, "{failed}");
    fault.saw(format_args!("100 tasks ended once, {failed} of them failed"));
}

#[test]
fn wrk_c05_a_job_hangs_past_its_deadline() {
    let openkat = openkat();
    let workers =
        whole(WorkersSettings::new(&openkat, "boefje").set("Global", "job_deadline", "0.5"));
    let mut fault = Fault::begin("WRK-C05");
    for how in ["ignore-term", "wait-with-daemon-outside", "processes-and-wait"] {
        fault.injected();
        let task = openkat.queue_faulty(how);
        openkat.wait_history(&task, &FAILED);
        fault.within(how, fault.elapsed().saturating_sub(Duration::from_millis(500)), 0.3);
        assert!(openkat.error_of(&task).contains("the job did not end in time"));
        wait_for("nothing is left", || workers.processes().len() == 2);
    }
    fault.saw("nothing left");
}

#[test]
fn wrk_c07_a_host_is_stopped() {
    let openkat = openkat();
    let workers =
        whole(WorkersSettings::new(&openkat, "boefje").set("Global", "job_deadline", "1"));
    let mut fault = Fault::begin("WRK-C07");
    let has_job = |host: &Identity| !children(host.pid).is_empty();
    let (task, host) = wait_until(Deadline::after(PATIENCE), "a host stands still", || {
        let task = openkat.queue_boefje("slow");
        fault.injected();
        workers.wait_running(&task);
        let host = workers.hosts().into_iter().find(has_job)?;
        kill(host.pid, Signal::STOP);
        if has_job(&host) {
            return Some((task, host));
        }
        // On a busy machine the job may have ended just before: this host goes on.
        kill(host.pid, Signal::CONT);
        None
    });
    openkat.wait_history(&task, &FAILED);
    fault.within("failed", fault.elapsed().saturating_sub(Duration::from_secs(1)), 1.5);
    assert!(openkat.error_of(&task).contains("the job did not end in time"));
    wait_gone(&[host]);
    healed(&workers, 1);
}

#[test]
fn wrk_c08_no_host_can_be_started() {
    let openkat = openkat();
    let directory = tempfile::tempdir().unwrap();
    let python = directory.path().join("python");
    let settings = WorkersSettings::new(&openkat, "boefje").set(
        "Plugins",
        "python",
        &python.display().to_string(),
    );
    let mut fault = Fault::begin("WRK-C08");
    let tasks: Vec<String> = (0..6).map(|_| openkat.queue_boefje("trivial")).collect();
    let workers = settings.start();
    workers.log().wait("given back");
    // The two workers may have had one task each.
    wait_for("all are back in the queue", || openkat.count("queued") == 6);
    let given: usize = tasks.iter().map(|task| openkat.history(task).len() / 3).sum();
    assert!(given <= 2, "{given}");
    symlink("/usr/bin/python3", python).unwrap();
    fault.injected();
    for task in &tasks {
        openkat.wait_status(task, "completed");
    }
    fault.within("all are done", fault.elapsed(), 30.0);
    assert_eq!(openkat.books().raws.len(), 6);
}

#[test]
fn wrk_c23_the_program_is_killed() {
    let openkat = openkat();
    let mut workers = workers(&openkat);
    let tasks = [openkat.queue_boefje("slow"), openkat.queue_boefje("slow")];
    for task in &tasks {
        workers.wait_running(task);
    }
    let processes = workers.processes();
    assert_eq!(processes.len(), 4, "{processes:?}");
    let mut fault = Fault::begin("WRK-C23");
    workers.signal(Signal::KILL);
    workers.ended();
    wait_gone(&processes);
    fault.within("all are gone", fault.elapsed(), 1.0);
}
