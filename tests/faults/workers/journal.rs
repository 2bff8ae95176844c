//! A program that is killed leaves its tasks to the next one.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::symlink;

use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::wait_gone;
use ostler_tests::{Fault, wait_for};
use rustix::process::Signal;
use tempfile::TempDir;

use super::openkat;
use super::steps::{lasting, start_again, wait_blank};

#[test]
fn wrk_j01_the_program_is_killed_under_load() {
    const JOBS: usize = 200;
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state).set("Global", "pool_size", "4");
    let tasks: Vec<String> = (0..JOBS).map(|_| openkat.queue_boefje("trivial")).collect();
    let ended = || openkat.count("completed") + openkat.count("failed");
    let mut fault = Fault::begin("WRK-J01");
    let mut workers = settings.clone().start();
    for round in 1..=5 {
        wait_for("some are done", || ended() > round * JOBS / 8);
        workers = start_again(workers, &settings);
    }
    // One that was being handed out when the program was killed nobody had heard of.
    let unheard = |task: &String| openkat.history(task) == ["queued", "dispatched"];
    wait_for("all are taken", || openkat.books().queues.values().all(VecDeque::is_empty));
    wait_blank(&state);
    for task in &tasks {
        let history = openkat.history(task);
        let ends = history.iter().filter(|it| ["completed", "failed"].contains(&it.as_str()));
        assert_eq!(ends.count(), usize::from(!unheard(task)), "{history:?}");
    }
    let unheard = tasks.iter().filter(|task| unheard(task)).count();
    assert!(unheard <= 5, "{unheard}");
    drop(workers);
    let failed = openkat.count("failed");
    fault.saw(format_args!("{JOBS} tasks, {failed} failed, each once; {unheard} not heard of"));
}

#[test]
fn wrk_j02_a_journal_is_damaged() {
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state);
    let mut fault = Fault::begin("WRK-J02");
    let file = state.path().join("boefje.1.tasks");
    for damage in ["0a1f", "\0\0\0\0\n", "no id at all\n"] {
        let mut workers = settings.clone().start();
        let task = openkat.queue_boefje("slow");
        workers.wait_running(&task);
        workers.signal(Signal::KILL);
        workers.ended();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&task), "{text}");
        fs::write(&file, format!("{text}{damage}")).unwrap();
        let workers = start_again(workers, &settings);
        workers.log().wait("boefje.1.tasks: ");
        openkat.wait_history(&task, &FAILED);
        let aside = fs::read(state.path().join("boefje.1.tasks.damaged")).unwrap();
        assert_eq!(aside, format!("{text}{damage}").into_bytes());
        let next = openkat.queue_boefje("trivial");
        openkat.wait_history(&next, &DONE);
    }
    fault.saw("3 damages, each told and set aside; what could be read was settled");
}

#[test]
fn wrk_j03_two_programs_share_a_folder() {
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state).set("Global", "pool_size", "1");
    let mut fault = Fault::begin("WRK-J03");
    let mut both = [settings.clone().start(), settings.clone().start()];
    let tasks = [openkat.queue_boefje("slow"), openkat.queue_boefje("slow")];
    for task in &tasks {
        openkat.wait_status(task, "running");
    }
    for workers in &mut both {
        let left = workers.processes();
        workers.signal(Signal::KILL);
        workers.ended();
        wait_gone(&left);
    }
    let _workers = settings.clone().start();
    for task in &tasks {
        openkat.wait_history(task, &FAILED);
        assert!(openkat.error_of(task).contains("has died"));
    }
    wait_blank(&state);
    fault.saw("both tasks were settled by one");
}

#[test]
fn wrk_j04_the_scheduler_is_away_when_it_is_told() {
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state).set("Global", "drain", "0.2");
    let mut fault = Fault::begin("WRK-J04");
    let mut workers = settings.clone().start();
    let task = openkat.queue_boefje("slow");
    workers.wait_running(&task);
    openkat.refuse(Asked::Scheduler);
    workers.signal(Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    workers.log().wait(&format!("task {task}: the scheduler does not know"));
    drop(workers);
    let workers = settings.clone().start();
    workers.log().wait("no tasks can be taken");
    openkat.accept(Asked::Scheduler);
    openkat.wait_history(&task, &FAILED);
    wait_blank(&state);
    fault.saw("a stop that nobody heard of and a start without a scheduler: failed once");
}

#[test]
fn wrk_j06_the_scheduler_refuses_all_during_a_stop() {
    let mut fault = Fault::begin("WRK-J06");
    for status in [401, 429, 503] {
        let (openkat, state) = (openkat(), TempDir::new().unwrap());
        let settings = lasting(&openkat, &state).set("Global", "drain", "1.5");
        let mut workers = settings.clone().start();
        let task = openkat.queue_boefje("slow");
        workers.wait_running(&task);
        openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Status(status));
        workers.signal(Signal::TERM);
        assert_eq!(workers.ended().code(), Some(0));
        workers.log().wait(&format!("task {task}: the scheduler does not know"));
        let text = fs::read_to_string(state.path().join("boefje.1.tasks")).unwrap();
        assert!(text.contains(&task), "{status}: {text}");
        openkat.heal(Asked::Scheduler);
        let _workers = start_again(workers, &settings);
        openkat.wait_history(&task, &FAILED);
        wait_blank(&state);
    }
    fault.saw("3 statuses: what was not heard stays written down, and is told by the next");
}

#[test]
fn wrk_j07_a_task_in_the_journal_is_somebody_elses_by_now() {
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state);
    let mut fault = Fault::begin("WRK-J07");
    let mut workers = settings.clone().start();
    let tasks = [openkat.queue_boefje("slow"), openkat.queue_boefje("slow")];
    for task in &tasks {
        workers.wait_running(task);
    }
    workers.signal(Signal::KILL);
    workers.ended();
    let [own, other] = &tasks;
    let later = "2999-01-01T00:00:00Z";
    openkat.books().tasks.get_mut(other).unwrap().item["modified_at"] = later.into();
    let workers = start_again(workers, &settings);
    workers.log().wait(&format!("task {other}: it is left alone"));
    openkat.wait_history(own, &FAILED);
    wait_blank(&state);
    assert_eq!(openkat.history(other), ["queued", "dispatched", "running"]);
    assert!(openkat.raws_of(other).is_empty());
    fault.saw("left alone and told; the other one failed");
}

#[test]
fn wrk_j08_the_folder_has_a_link_and_a_file_that_is_far_too_long() {
    const LENGTH: u64 = 64 << 20;
    let (openkat, state) = (openkat(), TempDir::new().unwrap());
    let settings = lasting(&openkat, &state);
    let mut fault = Fault::begin("WRK-J08");
    let [link, own, target, aside] =
        ["boefje.1.tasks", "boefje.2.tasks", "precious", "boefje.2.tasks.damaged"]
            .map(|name| state.path().join(name));
    fs::write(&target, "precious").unwrap();
    symlink(&target, &link).unwrap();
    symlink(&target, &aside).unwrap();
    let mut workers = settings.clone().start();
    workers.log().wait("boefje.1.tasks: it is a symbolic link; it is left alone");
    let task = openkat.queue_boefje("slow");
    workers.wait_running(&task);
    workers.signal(Signal::KILL);
    workers.ended();
    assert!(fs::read_to_string(&own).unwrap().contains(&task));
    fs::OpenOptions::new().write(true).open(&own).unwrap().set_len(LENGTH).unwrap();
    let workers = start_again(workers, &settings);
    workers.log().wait("boefje.2.tasks: it is longer than");
    openkat.wait_history(&task, &FAILED);
    let copied = fs::symlink_metadata(&aside).unwrap();
    assert!(copied.is_file() && copied.len() < 1 << 20, "{copied:?}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    fault.saw(format_args!("no link followed; of {LENGTH} bytes {} copied", copied.len()));
}
