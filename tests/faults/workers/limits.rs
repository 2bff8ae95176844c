//! Processes and descriptors that are not granted.

use std::collections::BTreeSet;

use ostler_tests::openkat::Books;
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::process::{UNPRIVILEGED, kill};
use ostler_tests::{Fault, OpenKat, Workers, WorkersSettings, wait_for};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use super::{healed, openkat, pipes, whole};

/// Grants a process no more than this, or again what this test is granted.
fn grant(pid: u32, resource: Resource, current: Option<u64>) {
    let own = getrlimit(resource);
    let limit = Rlimit { current: current.or(own.current), maximum: own.maximum };
    prlimit(Pid::from_raw(i32::try_from(pid).unwrap()), resource, limit).unwrap();
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
    let owner = std::fs::metadata(format!("/proc/{}/task", workers.hosts()[0].pid)).unwrap();
    if std::os::unix::fs::MetadataExt::uid(&owner) == 0 {
        return Fault::begin("WRK-R01").explain(format_args!("this needs the user {UNPRIVILEGED}"));
    }
    let mut fault = Fault::begin("WRK-R01");
    for host in workers.hosts() {
        grant(host.pid, Resource::Nproc, Some(1));
    }
    let tasks: Vec<String> = (0..6).map(|_| openkat.queue_boefje("trivial")).collect();
    workers.log().wait("no process can be started");
    // A host that is lost is not replaced either.
    grant(workers.pid(), Resource::Nproc, Some(1));
    kill(workers.hosts()[0].pid, Signal::KILL);
    workers.log().wait("a process cannot be started");
    fault.saw("tasks are given back, and a start that fails is tried again");
    grant(workers.pid(), Resource::Nproc, None);
    for host in workers.hosts() {
        grant(host.pid, Resource::Nproc, None);
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
    grant(workers.pid(), Resource::Nofile, open.iter().nth(2).map(|last| last + 1));
    for host in workers.hosts() {
        kill(host.pid, Signal::KILL);
    }
    let tasks: Vec<String> = (0..6).map(|_| openkat.queue_boefje("trivial")).collect();
    workers.log().wait("a process cannot be started");
    grant(workers.pid(), Resource::Nofile, None);
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
