//! Processes and descriptors that are not granted.

use std::collections::BTreeSet;

use ostler_tests::openkat::Books;
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::process::{Process, kill, unprivileged};
use ostler_tests::{Fault, OpenKat, Workers, WorkersSettings, wait_for};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use super::{healed, openkat, pipes, whole};

/// Grants the user of a process that runs as nobody so many processes, or what this test is granted.
fn grant_processes(pid: u32, processes: Option<u64>) {
    let granted = processes.or(getrlimit(Resource::Nproc).current);
    let granted = granted.map_or("unlimited".to_owned(), |number| number.to_string());
    // Nobody may say so for nobody's processes, and root perhaps not.
    let mut command = unprivileged("prlimit");
    command.arg(format!("--nproc={granted}:")).arg(format!("--pid={pid}"));
    assert!(Process::start(&mut command).ended().success());
}

/// Grants a program descriptors below this one, or again what this test is granted.
fn grant_descriptors(workers: &Workers, end: Option<u64>) {
    let own = getrlimit(Resource::Nofile);
    let limit = Rlimit { current: end.or(own.current), maximum: own.maximum };
    let pid = Pid::from_raw(i32::try_from(workers.pid()).unwrap());
    prlimit(pid, Resource::Nofile, limit).unwrap();
}

fn never_failed(openkat: &OpenKat, tasks: &[String]) {
    for task in tasks {
        let history = openkat.history(task);
        assert!(!history.iter().any(|status| status == "failed"), "{history:?}");
        assert_eq!(history.iter().filter(|status| *status == "completed").count(), 1);
    }
}

#[test]
fn wrk_r01_no_further_process_is_granted() {
    let openkat = openkat();
    let mut settings =
        WorkersSettings::new(&openkat, "boefje").set("Global", "poll_interval", "0.5");
    if rustix::process::getuid().is_root() {
        // The kernel grants root every process, so the program is somebody else's.
        settings = settings.set("Global", "user", "nobody");
    }
    let workers = whole(settings);
    let mut fault = Fault::begin("WRK-R01");
    // A host that is lost is not replaced. It is idle: a job that it had would be lost with it.
    grant_processes(workers.pid(), Some(1));
    kill(workers.hosts()[0].pid, Signal::KILL);
    workers.log().wait("a process cannot be started");
    // Nor does the other one start a job.
    for host in workers.hosts() {
        grant_processes(host.pid, Some(1));
    }
    let tasks: Vec<String> = (0..6).map(|_| openkat.queue_boefje("trivial")).collect();
    workers.log().wait("no process can be started");
    fault.saw("tasks are given back, and a start that fails is tried again");
    grant_processes(workers.pid(), None);
    for host in workers.hosts() {
        grant_processes(host.pid, None);
    }
    fault.injected();
    for task in &tasks {
        openkat.wait_status(task, "completed");
    }
    fault.within("all are done when processes are granted again", fault.elapsed(), 30.0);
    never_failed(&openkat, &tasks);
    healed(&workers, 1);
}

/// The open descriptors of the program.
fn descriptors(workers: &Workers) -> Option<BTreeSet<u64>> {
    let open = std::fs::read_dir(format!("/proc/{}/fd", workers.pid())).ok()?;
    open.map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

#[test]
fn wrk_r02_no_further_descriptors_are_granted() {
    let openkat = openkat();
    let workers = whole(WorkersSettings::new(&openkat, "boefje"));
    let first = openkat.queue_boefje("trivial");
    openkat.wait_history(&first, &DONE);
    let before = pipes(workers.pid());
    let mut fault = Fault::begin("WRK-R02");
    let Some(open) = descriptors(&workers) else {
        return fault.explain("this user is not shown the program's descriptors");
    };
    // As many as standard streams: whatever else is closed cannot be had again.
    grant_descriptors(&workers, open.iter().nth(2).map(|last| last + 1));
    for host in workers.hosts() {
        kill(host.pid, Signal::KILL);
    }
    let tasks: Vec<String> = (0..6).map(|_| openkat.queue_boefje("trivial")).collect();
    workers.log().wait("a process cannot be started");
    grant_descriptors(&workers, None);
    fault.injected();
    let all_done = |books: &Books| {
        tasks.iter().all(|task| ["completed", "failed"].contains(&books.tasks[task].status()))
    };
    openkat.wait("all have ended", all_done);
    fault.within("all have ended when descriptors are granted again", fault.elapsed(), 30.0);
    for task in &tasks {
        let history = openkat.history(task);
        let ends = history.iter().filter(|it| ["completed", "failed"].contains(&it.as_str()));
        assert_eq!(ends.count(), 1, "{history:?}");
    }
    healed(&workers, 2);
    wait_for("descriptors are those of before", || pipes(workers.pid()) == before);
    fault.saw("no half-made host, descriptors as before");
}
