//! Many jobs, of which some are killed: each ends exactly once, and nothing is left over.

use std::collections::HashMap;

use ostler_runtime::environment::variable;
use ostler_tests::openkat::Asked;
use ostler_tests::process::{children, kill};
use ostler_tests::{OpenKat, Workers, wait_for};
use rustix::process::Signal;

use super::{openkat, queue, queue_faulty, workers};

/// How many jobs, if this variable does not say it.
const JOBS: usize = 1000;
const VARIABLE: &str = "OSTLER_WORKERS_JOBS";
/// One of so many jobs kills itself, and one of so many is killed with its host.
const ONE_KILLED_IN: usize = 25;
const ONE_HOST_KILLED_IN: usize = 100;
/// Who calls services: two workers and the dispatcher.
const THREADS: usize = 3;

/// How many tasks have each status.
fn statuses(openkat: &OpenKat) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for task in openkat.books().tasks.values() {
        *counts.entry(task.status().to_owned()).or_default() += 1;
    }
    counts
}

fn ended(openkat: &OpenKat) -> usize {
    let counts = statuses(openkat);
    ["completed", "failed"].iter().filter_map(|status| counts.get(*status)).sum()
}

/// Kills a host each time that so many tasks more have ended.
fn kill_hosts(openkat: &OpenKat, workers: &Workers, jobs: usize) {
    for killed in 1..jobs / ONE_HOST_KILLED_IN {
        wait_for("more tasks end", || ended(openkat) >= killed * ONE_HOST_KILLED_IN);
        if let Some(host) = children(workers.pid()).get(killed % 2) {
            kill(host.pid, Signal::KILL);
        }
    }
}

#[test]
fn no_task_is_lost_and_none_is_ended_twice() {
    let jobs = variable(VARIABLE).and_then(|text| text.parse().ok()).unwrap_or(JOBS);
    let openkat = openkat();
    for number in 0..jobs {
        if number % ONE_KILLED_IN == 0 {
            queue_faulty(&openkat, "kill-self");
        } else {
            queue(&openkat, "trivial");
        }
    }
    let workers = workers(&openkat);
    workers.log().wait_count("is ready", 2);
    wait_for("it goes on", || ended(&openkat) > 10);
    let before = pipes(workers.pid());
    kill_hosts(&openkat, &workers, jobs);
    wait_for("all tasks have ended", || ended(&openkat) == jobs);
    let books = openkat.books();
    for (id, task) in &books.tasks {
        let begun = ["queued", "dispatched", "running"];
        let (end, begin) = task.history.split_last().unwrap();
        assert_eq!(begin, begun, "{id} is begun once: {:?}", task.history);
        assert!(["completed", "failed"].contains(&end.as_str()), "{id} ends once: {end}");
        let raws = books.raws.iter().filter(|raw| raw.run == *id).count();
        assert_eq!(raws, 1, "{id}: {end}");
    }
    let failed = books.tasks.values().filter(|task| task.status() == "failed").count();
    drop(books);
    assert!(failed >= jobs / ONE_KILLED_IN, "{failed}");
    wait_for("the pool is whole and nothing more is left", || {
        let hosts = children(workers.pid());
        hosts.len() == 2 && hosts.iter().all(|host| children(host.pid).is_empty())
    });
    wait_for("descriptors are those of before", || pipes(workers.pid()) == before);
    for asked in [Asked::Scheduler, Asked::Bytes, Asked::Octopoes, Asked::Katalogus] {
        assert!(openkat.connections(asked) <= THREADS, "{asked:?}");
    }
    assert_eq!(zombies(workers.pid()), 0);
}

/// The descriptors of a process that are no sockets: those come and go with connections.
fn pipes(pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.filter(|target| !target.to_string_lossy().starts_with("socket:")).count()
}

/// The dead among the children of a process that nobody has reaped.
fn zombies(pid: u32) -> usize {
    let stats = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let is_one = |stat: String| {
        let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
        let mut fields = fields.split(' ');
        fields.next() == Some("Z") && fields.next() == Some(pid.to_string().as_str())
    };
    stats.filter(|stat| is_one(stat.clone())).count()
}
