//! Many jobs, of which some are killed: each ends exactly once, and nothing is left over.

use std::collections::{HashMap, VecDeque};

use ostler_tests::fault::is_long;
use ostler_tests::openkat::Asked;
use ostler_tests::process::{children, kill, memory};
use ostler_tests::{Fault, OpenKat, Workers, wait_for};
use rustix::process::Signal;

use super::{openkat, pipes, workers, zombies};

/// How many jobs, and how many in the long form.
const JOBS: usize = 1000;
const MANY_JOBS: usize = 10_000;
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

/// How many tasks nobody has taken yet.
fn waiting(openkat: &OpenKat) -> usize {
    openkat.books().queues.values().map(VecDeque::len).sum()
}

/// Kills a host each time that so many tasks more were taken.
fn kill_hosts(openkat: &OpenKat, workers: &Workers, jobs: usize) {
    for killed in 1..jobs / ONE_HOST_KILLED_IN {
        wait_for("more tasks are taken", || waiting(openkat) + killed * ONE_HOST_KILLED_IN <= jobs);
        if let Some(host) = children(workers.pid()).get(killed % 2) {
            kill(host.pid, Signal::KILL);
        }
    }
}

#[test]
fn wrk_c24_no_task_is_lost_and_none_is_ended_twice() {
    let jobs = if is_long() { MANY_JOBS } else { JOBS };
    let openkat = openkat();
    for number in 0..jobs {
        if number % ONE_KILLED_IN == 0 {
            openkat.queue_faulty("kill-self");
        } else {
            openkat.queue_boefje("trivial");
        }
    }
    let workers = workers(&openkat);
    wait_for("it goes on", || waiting(&openkat) + 10 < jobs);
    let (before, used) = (pipes(workers.pid()), memory(workers.pid(), "VmRSS"));
    let mut fault = Fault::begin("WRK-C24");
    kill_hosts(&openkat, &workers, jobs);
    wait_for("all tasks are taken", || waiting(&openkat) == 0);
    wait_for("all tasks have ended", || ended(&openkat) == jobs);
    let books = openkat.books();
    for (id, task) in &books.tasks {
        let begun = ["queued", "dispatched", "running"];
        let (end, steps) = task.history.split_last().unwrap();
        assert_eq!(steps, begun, "{id} is begun once: {:?}", task.history);
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
    let took = fault.elapsed().as_secs_f64();
    fault.saw(format_args!("{jobs} jobs in {took:.1} s, {failed} failed, each ended once"));
    let more = memory(workers.pid(), "VmRSS").saturating_sub(used) >> 10;
    fault.figure(format_args!("{more} KiB more memory"), more <= 1024);
}
