//! `--queue`: a job is left to the workers.

use crate::services::Services;
use crate::task::{Task, TaskData};

/// Queues a job, and prints the id of its task.
pub(crate) fn queue(data: TaskData, services: &Services) -> Result<(), String> {
    let version = services.scheduler.find_version().map_err(|error| error.to_string())?;
    let queue = version.unwrap_or_default().queue(&data);
    let task = Task::new(data, queue);
    services.scheduler.push(&task).map_err(|error| error.to_string())?;
    println!("{}", task.id);
    Ok(())
}
