//! Workers on a machine of its own, beside each other and after a death.

use boefjes::{BoefjeMeta, Filters, PluginName, Task, TaskData, TaskKind, TaskStatus};
use katalogus::{Json, Object};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::wait_gone;
use ostler_tests::wait_for;
use rustix::process::Signal;
use uuid::Uuid;

use crate::tools::{Machine, history};

/// A task of a boefje that is in no queue yet.
fn task(boefje: &str) -> Task {
    let meta = BoefjeMeta {
        id: Uuid::new_v4(),
        started_at: None,
        ended_at: None,
        boefje: PluginName { id: boefje.to_owned(), version: None },
        input_ooi: None,
        arguments: Object::new(),
        organization: "acme".to_owned(),
        runnable_hash: None,
        environment: None,
    };
    let (id, data) = (meta.id, TaskData::Boefje(meta));
    Task { id, queue: String::new(), hash: None, modified_at: None, data, item: Json::Null }
}

#[test]
fn several_daemons_of_both_kinds_share_one_folder() {
    const TASKS: usize = 20;
    let machine = Machine::new();
    let services = machine.services();
    let tasks: Vec<Task> = (0..TASKS).map(|_| task("trivial")).collect();
    for task in &tasks {
        services.scheduler.push(task).unwrap();
    }
    let _boefjes = [machine.workers("boefje").start(), machine.workers("boefje").start()];
    let _normalizers = machine.workers("normalizer").start();
    for task in &tasks {
        wait_for("every boefje is done", || history(&services, task) == DONE);
    }
    // Each of them has left a raw file that the normalizer fails at: it is no list.
    let of_normalizers = || {
        let file = machine.folder().join("boefjes.db");
        let sql = "SELECT status FROM task WHERE queue = 'normalizer-acme'";
        let mut statuses = crate::tools::texts(&file, sql);
        statuses.dedup();
        statuses
    };
    wait_for("every normalizer has ended", || of_normalizers() == ["failed"]);
}

#[test]
fn a_killed_daemon_leaves_nothing_dispatched() {
    let machine = Machine::new();
    let services = machine.services();
    let running = [task("slow"), task("slow")];
    for task in &running {
        services.scheduler.push(task).unwrap();
    }
    let mut killed = machine.workers("boefje").start();
    for task in &running {
        wait_for("it runs", || history(&services, task) == ["queued", "dispatched", "running"]);
    }
    // One more is taken while nobody is free for it.
    let left = killed.processes();
    killed.signal(Signal::KILL);
    killed.ended();
    wait_gone(&left);
    let held = task("trivial");
    services.scheduler.push(&held).unwrap();
    let next = machine.workers("boefje").start();
    wait_for("the next one is done", || history(&services, &held) == DONE);
    for task in &running {
        assert_eq!(history(&services, task), FAILED);
    }
    next.log().wait("the process that had taken it is gone; it was running and has failed");
    assert!(
        services.scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap().tasks.is_empty()
    );
}

#[test]
fn a_task_that_was_taken_and_not_begun_is_queued_again_after_a_death() {
    let machine = Machine::new();
    let services = machine.services();
    let held = task("trivial");
    services.scheduler.push(&held).unwrap();
    // A process with no work of its own: it takes a task, and is gone.
    let gone = machine.services();
    let taken = gone.scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap();
    assert_eq!(taken.tasks[0].id, held.id);
    drop(gone);
    let _workers = machine.workers("boefje").start();
    let whole = ["queued", "dispatched", "queued", "dispatched", "running", "completed"];
    wait_for("it is done in the end", || history(&services, &held) == whole);
    let (_, status) = services.scheduler.task(held.id).unwrap().unwrap();
    assert_eq!(status, TaskStatus::Completed);
}

#[test]
fn a_stopped_daemon_gives_back_what_it_has_not_begun() {
    let machine = Machine::new();
    let services = machine.services();
    let tasks: Vec<Task> = (0..3).map(|_| task("slow")).collect();
    for task in &tasks {
        services.scheduler.push(task).unwrap();
    }
    let mut workers = machine.workers("boefje").set("Global", "drain", "0").start();
    for task in &tasks[..2] {
        wait_for("it runs", || history(&services, task).len() >= 3);
    }
    workers.signal(Signal::TERM);
    assert!(workers.ended().success());
    for task in &tasks[..2] {
        assert_eq!(history(&services, task), FAILED);
    }
    assert_eq!(history(&services, &tasks[2]).last().unwrap(), "queued");
}
