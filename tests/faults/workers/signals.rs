//! Stops in every state, and reloads that are none.

use std::fs;
use std::time::Duration;

use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::openkat_tasks::{DONE, FAILED, until_told};
use ostler_tests::process::wait_gone;
use ostler_tests::program::RELOADED;
use ostler_tests::{Fault, OpenKat, Workers, WorkersSettings};
use rustix::process::Signal;

use super::{openkat, whole, workers};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);

fn boefjes(openkat: &OpenKat) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje")
}

/// Stops them, and enters after how long they have ended.
fn stop(fault: &mut Fault, workers: &mut Workers, what: &str, seconds: f64) {
    let processes = workers.processes();
    fault.injected();
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0), "{what}");
    fault.within(what, fault.elapsed(), seconds);
    wait_gone(&processes);
}

#[test]
fn wrk_s01_a_stop_while_idle() {
    let openkat = openkat();
    let mut workers = whole(boefjes(&openkat).set("Global", "poll_interval", "3600"));
    let mut fault = Fault::begin("WRK-S01");
    stop(&mut fault, &mut workers, "ended", 0.5);
}

#[test]
fn wrk_s02_a_stop_with_jobs_in_flight() {
    let openkat = openkat();
    let mut workers = workers(&openkat);
    openkat.inject(Asked::Bytes, "POST /bytes/raw", 2, Trouble::Delay(LONG));
    let tasks = [openkat.queue_boefje("trivial"), openkat.queue_boefje("trivial")];
    openkat.wait("both results are being saved", |books| {
        books.calls.iter().filter(|call| call.target.starts_with("/bytes/raw")).count() == 2
    });
    let next = openkat.queue_boefje("trivial");
    let mut fault = Fault::begin("WRK-S02");
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    openkat.heal(Asked::Bytes);
    fault.injected();
    assert_eq!(workers.ended().code(), Some(0));
    fault.within("both completed, then the end", fault.elapsed(), 0.5);
    for task in &tasks {
        assert_eq!(openkat.history(task), DONE);
    }
    assert_eq!(openkat.history(&next), ["queued"]);
}

#[test]
fn wrk_s03_a_stop_with_hung_jobs() {
    until_told(|| {
        let openkat = openkat();
        let mut workers = whole(boefjes(&openkat).set("Global", "drain", "0.5"));
        let tasks = [openkat.queue_boefje("slow"), openkat.queue_boefje("slow")];
        for task in &tasks {
            workers.wait_running(task);
        }
        let waiting = openkat.queue_boefje("slow");
        let mut fault = Fault::begin("WRK-S03");
        stop(&mut fault, &mut workers, "ended, with a drain of 0.5 s,", 1.5);
        assert_eq!(openkat.history(&waiting), ["queued"]);
        tasks.iter().all(|task| openkat.was_told(&workers, task, &FAILED))
    });
}

#[test]
fn wrk_s04_a_second_stop() {
    until_told(|| {
        let openkat = openkat();
        let mut workers = whole(boefjes(&openkat).set("Global", "drain", "3600"));
        let task = openkat.queue_boefje("slow");
        workers.wait_running(&task);
        workers.signal(Signal::TERM);
        workers.log().wait("stopping");
        assert!(workers.runs());
        let mut fault = Fault::begin("WRK-S04");
        stop(&mut fault, &mut workers, "ended", 0.5);
        openkat.was_told(&workers, &task, &FAILED)
    });
}

#[test]
fn wrk_s06_a_reload_of_a_wrong_configuration_changes_nothing() {
    let openkat = openkat();
    let mut workers = workers(&openkat);
    let good = fs::read_to_string(workers.file()).unwrap();
    let mut fault = Fault::begin("WRK-S06");
    for (text, place) in [
        ("[Global]\npool_size\n", "boefjes.cfg:2:"),
        ("[Global]\n\npool_size = many\n", "boefjes.cfg:3: [Global] pool_size:"),
    ] {
        workers.write(text);
        assert!(!workers.reload());
        workers.log().wait(place);
    }
    fs::remove_file(workers.file()).unwrap();
    assert!(!workers.reload());
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
    workers.write(&good);
    assert!(workers.reload());
    fault.saw("each is told with its file and line; tasks are done meanwhile");
}

#[test]
fn wrk_s07_a_storm_of_reloads_costs_no_task() {
    const STORM: usize = 100;
    let openkat = openkat();
    let mut workers = workers(&openkat);
    let tasks: Vec<String> = (0..300).map(|_| openkat.queue_boefje("trivial")).collect();
    openkat.wait("some are done", |books| books.raws.len() > 10);
    let mut fault = Fault::begin("WRK-S07");
    for _ in 0..STORM {
        workers.signal(Signal::HUP);
    }
    fault.within("100 signals sent", fault.elapsed(), 1.0);
    // One more, so that the last of the storm is over when this one is.
    assert!(workers.reload());
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
    let reloads = workers.log().count(RELOADED);
    assert!((1..=STORM + 1).contains(&reloads), "{reloads} reloads");
    fault.saw(format_args!("{reloads} reloads; 300 tasks completed"));
}

/// A stop while a task is on its way, which goes back to its queue; `None` if it has come too late for
/// that, as it may on a busy machine.
fn stopped_with_a_task_on_its_way(fault: &mut Fault) -> Option<(OpenKat, String)> {
    let openkat = openkat();
    openkat.inject(Asked::Scheduler, "POST /queues/boefje-acme/pop", 1, Trouble::Delay(LONG));
    let task = openkat.queue_boefje("trivial");
    let mut workers = boefjes(&openkat).start();
    openkat.wait("a task is asked for", |books| {
        books.calls.iter().any(|call| call.target.ends_with("/pop"))
    });
    workers.signal(Signal::TERM);
    workers.log().wait("stopping");
    openkat.heal(Asked::Scheduler);
    fault.injected();
    assert_eq!(workers.ended().code(), Some(0));
    fault.within("with a task on its way", fault.elapsed(), 1.0);
    let history = openkat.history(&task);
    let given_back = ["queued", "dispatched", "queued"];
    assert!(given_back[..].starts_with(&history.iter().map(String::as_str).collect::<Vec<_>>()));
    (history == given_back).then_some((openkat, task))
}

#[test]
fn wrk_s08_a_stop_in_every_wait() {
    let mut fault = Fault::begin("WRK-S08");
    let given_back = (0..3).find_map(|_| stopped_with_a_task_on_its_way(&mut fault));
    let (openkat, task) = given_back.expect("a task that is given back");

    let mut workers = boefjes(&openkat).set("Plugins", "python", "no-such-python").start();
    workers.log().wait("given back");
    stop(&mut fault, &mut workers, "without a host", 1.0);
    assert_eq!(openkat.books().tasks[&task].status(), "queued");

    for asked in [Asked::Scheduler, Asked::Bytes, Asked::Octopoes, Asked::Katalogus] {
        openkat.refuse(asked);
    }
    let mut workers = whole(boefjes(&openkat));
    stop(&mut fault, &mut workers, "without services", 1.0);
}
