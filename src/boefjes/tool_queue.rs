//! `--queue`: a job is left to the workers.

use std::time::Duration;

use katalogus::Plugins;
use ostler_runtime::Deadline;

use crate::services::Services;
use crate::task::{Task, TaskData};

/// How long plugins may be looked at before a task is queued.
const MAX_LOOK: Duration = Duration::from_secs(60);

/// Queues a job, and prints the id of its task.
pub(crate) fn queue(data: TaskData, services: &Services) -> Result<(), String> {
    let version = services.scheduler.find_version().map_err(|error| error.to_string())?;
    let queue = version.unwrap_or_default().queue(&data);
    let task = Task::new(data, queue);
    services.scheduler.push(&task).map_err(|error| error.to_string())?;
    println!("{}", task.id);
    Ok(())
}

/// Whether a job's plugin is on this machine, which is asked where its workers are, too.
pub(crate) fn is_here(data: &TaskData, plugins: &Plugins) -> Result<(), String> {
    if !plugins.wait_begun(Deadline::after(MAX_LOOK)) {
        return Err("the plugins are still being looked at".to_owned());
    }
    let (catalogue, id) = (plugins.current(), data.plugin());
    let found = match data {
        TaskData::Boefje(_) => catalogue.boefje(id),
        TaskData::Normalizer(_) => catalogue.normalizer(id),
    };
    found.map(|_| ()).ok_or_else(|| format!("there is no {} {id:.100}", data.kind()))
}
