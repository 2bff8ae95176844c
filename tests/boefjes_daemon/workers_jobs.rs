//! Tasks are taken, run, and told of, with both kinds and all generations of the scheduler.

use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble, boefje_job, normalizer_job};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::kill;
use ostler_tests::{OpenKat, WorkersSettings, wait_for};
use rustix::process::Signal;
use serde_json::json;

use super::{openkat, workers};

/// Longer than any test waits.
const LONG: std::time::Duration = std::time::Duration::from_secs(3600);
const VERSIONS: [OpenKatVersion; 3] =
    [OpenKatVersion::V1_15, OpenKatVersion::V1_18, OpenKatVersion::V1_19];

#[test]
fn boefjes_are_run_for_all_generations() {
    for version in VERSIONS {
        let openkat = OpenKat::new(version);
        let tasks: Vec<String> = (0..20).map(|_| openkat.queue_boefje("trivial")).collect();
        let _workers = workers(&openkat);
        for task in &tasks {
            openkat.wait_history(task, &DONE);
            let raws = openkat.raws_of(task);
            assert_eq!(raws.len(), 1);
            assert_eq!(raws[0].1, "1");
        }
        assert_eq!(openkat.books().boefje_metas.len(), 20);
    }
}

#[test]
fn normalizers_are_run_for_all_generations() {
    for version in VERSIONS {
        let openkat = OpenKat::new(version);
        let mut meta = boefje_job("acme", "trivial", "Network|internet");
        for time in ["started_at", "ended_at"] {
            meta[time] = "2026-11-25T10:00:00Z".into();
        }
        let raw = json!([{"object_type": "Network", "name": "found"}]).to_string();
        let raw = openkat.put_raw(&meta, &["boefje/trivial"], raw.as_bytes());
        let task = openkat.queue(&normalizer_job("items", &raw, &meta));
        let _workers = WorkersSettings::new(&openkat, "normalizer").start();
        openkat.wait_history(&task, &DONE);
        let books = openkat.books();
        // The rules of newer generations hold where the scheduler is a newer one.
        let is_new = version >= OpenKatVersion::V1_19;
        assert_eq!(books.said[0].json["source_method"] == "trivial", is_new);
        assert_eq!(books.normalizer_metas.len(), 1);
        assert_eq!(books.said.len(), 1);
        assert_eq!(books.said[0].json["result"][0]["name"], "found");
    }
}

#[test]
fn raw_files_are_saved_before_a_task_is_completed() {
    let openkat = openkat();
    let task = openkat.queue_boefje("trivial");
    let _workers = workers(&openkat);
    openkat.wait_history(&task, &DONE);
    let lines = openkat.lines();
    let place = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    let patches: Vec<usize> =
        (0..lines.len()).filter(|place| lines[*place].contains("PATCH /tasks")).collect();
    assert_eq!(patches.len(), 2, "{lines:#?}");
    let look = place("GET /tasks");
    let raw = lines.iter().rposition(|line| line.contains("POST /bytes/raw")).unwrap();
    assert!(patches[0] < raw && raw < look && look < patches[1], "{lines:#?}");
}

#[test]
fn no_more_tasks_are_taken_than_can_be_run() {
    let openkat = openkat();
    for _ in 0..20 {
        openkat.queue_boefje("slow");
    }
    let _workers = workers(&openkat);
    let count = |status: &str| {
        let books = openkat.books();
        books.tasks.values().filter(|task| task.status() == status).count()
    };
    wait_for("two tasks run", || count("running") == 2);
    assert_eq!((count("queued"), count("dispatched")), (18, 0));
}

#[test]
fn only_tasks_of_named_plugins_are_taken() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let other = openkat.queue_boefje("slow");
    let task = openkat.queue_boefje("trivial");
    let mut workers =
        WorkersSettings::new(&openkat, "boefje").arguments(["boefje", "-p", "trivial"]).start();
    openkat.wait_history(&task, &DONE);
    assert_eq!(openkat.books().tasks[&other].history, ["queued"]);
    // Without an option the configuration tells, and a reload has it read again.
    drop(workers);
    let third = openkat.queue_boefje("trivial");
    workers = WorkersSettings::new(&openkat, "boefje").set("Global", "plugins", "nobody").start();
    let calls = openkat.books().calls.len();
    openkat.wait("the queue is looked at", |books| books.calls.len() > calls + 1);
    assert_eq!(openkat.books().tasks[&third].history, ["queued"]);
    workers.configure(|settings| settings.set("Global", "plugins", "nobody, trivial"));
    assert!(workers.reload());
    openkat.wait_history(&third, &DONE);
}

#[test]
fn what_is_no_task_is_failed_at_once() {
    let openkat = openkat();
    let wrong = openkat.queue_boefje("trivial");
    let right = openkat.queue_boefje("trivial");
    // The same id, and no organisation.
    let mut item = openkat.books().tasks[&wrong].item.clone();
    item["data"]["organization"] = serde_json::Value::Null;
    openkat.inject(
        Asked::Scheduler,
        "POST /queues/boefje-acme/pop",
        1,
        Trouble::Body(item.to_string().into_bytes()),
    );
    let _workers = workers(&openkat);
    openkat.wait_history(&right, &DONE);
    openkat
        .wait("it is failed", |books| books.tasks[&wrong].history.contains(&"failed".to_owned()));
}

#[test]
fn plugins_that_are_not_there_fail_their_tasks() {
    let openkat = openkat();
    let task = openkat.queue_boefje("nowhere");
    let workers = workers(&openkat);
    openkat.wait_history(&task, &FAILED);
    workers.log().wait("there is no boefje nowhere");
    assert_eq!(openkat.books().boefje_metas.len(), 0);
}

#[test]
fn what_others_have_made_of_a_task_stands() {
    let openkat = openkat();
    let task = openkat.queue_boefje("slow");
    let workers = workers(&openkat);
    workers.wait_running(&task);
    openkat.set_status(&task, "cancelled");
    let job = workers.processes().into_iter().find(|process| {
        // The job is the child of a host.
        ostler_tests::process::children(workers.pid()).iter().all(|host| host != process)
    });
    kill(job.unwrap().pid, Signal::KILL);
    workers.log().wait("is cancelled already");
    assert_eq!(openkat.books().tasks[&task].status(), "cancelled");
    let next = openkat.queue_boefje("trivial");
    openkat.wait_status(&next, "completed");
}

#[test]
fn tasks_are_taken_before_there_is_a_plugin_host() {
    let openkat = openkat();
    let task = openkat.queue_boefje("trivial");
    let workers = WorkersSettings::new(&openkat, "boefje")
        .set("Plugins", "python", "no-such-python")
        .set("Global", "pool_size", "1")
        .start();
    openkat.wait_history(&task, &["queued", "dispatched", "running", "queued"]);
    workers.log().wait("given back");
    // Nobody takes it until there is one.
    let started = workers.log().lines().len();
    wait_for("a host is tried again", || workers.log().lines().len() > started);
    assert_eq!(openkat.books().tasks[&task].history.len(), 4);
}

#[test]
fn what_is_no_task_holds_nobody_up_and_is_failed_in_the_end() {
    let openkat = openkat();
    let wrong = openkat.queue_boefje("trivial");
    let mut item = openkat.books().tasks[&wrong].item.clone();
    item["data"]["organization"] = serde_json::Value::Null;
    openkat.books().queues.get_mut("boefje-acme").unwrap().clear();
    openkat.queue_item("boefje-acme", item);
    let patch = format!("PATCH /tasks/{wrong}");
    openkat.inject(Asked::Scheduler, &patch, 1, Trouble::Delay(LONG));
    let _workers = workers(&openkat);
    openkat.wait_status(&wrong, "dispatched");
    let right = openkat.queue_boefje("trivial");
    openkat.wait_history(&right, &DONE);
    openkat.heal(Asked::Scheduler);
    openkat.wait_status(&wrong, "failed");
}

#[test]
fn without_a_plugin_folder_tasks_stay_where_they_are() {
    let openkat = openkat();
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("plugins");
    let settings = WorkersSettings::new(&openkat, "boefje")
        .set("Plugins", "directory", &folder.display().to_string())
        .set("Plugins", "check_every", "1")
        .set("Status", "port", "0");
    let workers = settings.start();
    workers.log().wait("no tasks are taken until the plugin folder can be read");
    let line = workers.log().wait("status on ");
    let (_, address) = line.split_once("status on ").unwrap();
    let unready = crate::api::ask(address.parse().unwrap(), "GET", "/readyz", None);
    assert_eq!((unready.status, unready.text()), (503, "the plugin folder cannot be read\n"));
    let task = openkat.queue_boefje("trivial");
    std::os::unix::fs::symlink(ostler_tests::plugin_hosts::plugins(), &folder).unwrap();
    openkat.wait_history(&task, &DONE);
}
