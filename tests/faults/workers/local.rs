//! A folder for everything, in place of services.

use boefjes::{Services, Task, TaskStatus};
use katalogus::{DiscoverySettings, Generation, Json, Plugins, Python};
use ostler_tests::openkat::boefje_job;
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::plugin_hosts::plugins;
use ostler_tests::{Fault, WorkersSettings, wait_for};
use serde_json::json;
use tempfile::TempDir;

use super::steps::start_again;

/// The folder's services, as one more process has them.
fn services(folder: &TempDir) -> Services {
    let discovery = DiscoverySettings {
        python: Python::None,
        ..DiscoverySettings::new(plugins(), Generation::V1_15)
    };
    let plugins = Plugins::start(discovery).unwrap();
    Services::local(folder.path(), plugins.into()).unwrap()
}

fn push(services: &Services, boefje: &str) -> Task {
    let data = boefje_job("acme", boefje, "");
    let item = json!({"id": data["id"], "hash": null, "data": data}).to_string();
    let task = Task::from_json(Json::parse(&item).unwrap(), "boefje-acme").unwrap();
    services.scheduler.push(&task).unwrap();
    task
}

fn history(services: &Services, task: &Task) -> Vec<String> {
    let (task, _) = services.scheduler.task(task.id).unwrap().unwrap();
    let item: serde_json::Value = serde_json::from_str(&task.item.compact()).unwrap();
    let statuses = item["history"].as_array().unwrap().iter();
    statuses.map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn wrk_j05_a_program_with_a_folder_for_everything_is_killed() {
    let folder = TempDir::new().unwrap();
    let settings = WorkersSettings::bare()
        .set("Global", "local", &folder.path().display().to_string())
        .set("Global", "pool_size", "1")
        .arguments(["boefje"]);
    let services = services(&folder);
    let running = push(&services, "slow");
    let waiting = push(&services, "trivial");
    let mut fault = Fault::begin("WRK-J05");
    let workers = settings.clone().start();
    workers.wait_running(&running.id.to_string());
    let _workers = start_again(workers, &settings);
    let is = |task: &Task, wanted: TaskStatus| {
        services.scheduler.status(task.id).unwrap() == Some(wanted)
    };
    wait_for("what ran is failed", || is(&running, TaskStatus::Failed));
    wait_for("what waited is done", || is(&waiting, TaskStatus::Completed));
    assert_eq!(history(&services, &running), FAILED);
    let ended = history(&services, &waiting);
    assert!(ended == DONE || ended[2..] == DONE, "{ended:?}");
    assert!(services.bytes.has_run(running.id).unwrap(), "it is told why");
    fault.saw("what ran failed and says why, what waited was done");
}
