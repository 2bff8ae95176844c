//! The scheduler behind the API for containers: workers that reach nothing else take their tasks
//! here, and say what became of them.
//!
//! | path | what |
//! | --- | --- |
//! | `POST …/{queue}/pop?limit=` | takes tasks: `[…]` |
//! | `POST …/{queue}/push` | gives one back |
//! | `GET …/tasks/{id}` | a task |
//! | `PATCH …/tasks/{id}` | `{"status": …}` |

use katalogus::scalars::{Unfit, whole_of};
use katalogus::validation::{Complaint, Problem};
use katalogus::{Generation, Json, body};
use ostler_http::{Request, Status};
use ostler_runtime::Deadline;

use crate::boefje_api::{Core, Next, both, task_id};
use crate::boefje_api_answer::{Answer, Refusal, json};
use crate::boefje_api_filters::filters;
use crate::services::Filters;
use crate::task::{Task, TaskData, TaskKind, TaskStatus};

/// Tasks that are handed out at once, at most.
const MAX_LIMIT: usize = 100;

/// `POST /api/v0/scheduler/{queue}/pop`
pub(crate) fn pop(request: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let kind = kind(parameters)?;
    let filters = match body::read(request)? {
        Some(body) => filters(&body).map_err(Refusal::Invalid)?,
        None => Filters::default(),
    };
    let limit = limit(request)?;
    Ok(Next::waits(move |core, deadline| {
        if core.crew.stopping.is_set() {
            return Err(Refusal::Busy);
        }
        let popped = core.crew.services.scheduler.pop(kind, limit, &filters)?;
        for (id, why) in popped.unreadable {
            log::error!("an item of the scheduler is no task: {why}");
            // Whoever asked cannot be given it, and nobody else will look at it again.
            if let Some(id) = id {
                fail(core, id);
            }
        }
        let mut tasks = Vec::new();
        for task in popped.tasks {
            match handed_out(core, &task, deadline) {
                Ok(data) => tasks.push(task.to_json(TaskStatus::Dispatched, &data)),
                Err(Refusal::Failed(why)) => {
                    log::error!("task {} is failed, and not handed out: {why}", task.id);
                    fail(core, task.id);
                }
                Err(_) => {
                    if let Err(error) = core.crew.services.scheduler.push(&task) {
                        log::error!("task {} cannot be given back: {error}", task.id);
                    }
                }
            }
        }
        Ok(json(Status::Ok, &Json::List(tasks)))
    }))
}

/// `POST /api/v0/scheduler/{queue}/push`
pub(crate) fn push(request: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let kind = kind(parameters)?;
    let item = body::required(request)?;
    let task = Task::from_json(item.clone(), kind.name()).map_err(|fault| Problem {
        complaint: Complaint::Value(fault.to_string().into()),
        place: vec!["body".into()],
        input: item,
    })?;
    Ok(Next::waits(move |core, _| {
        core.runner().services.scheduler.push(&task)?;
        Ok(json(Status::Created, &task.to_json(TaskStatus::Queued, &task.data)))
    }))
}

/// `GET /api/v0/scheduler/tasks/{task_id}`
pub(crate) fn task(_: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let id = task_id(parameters)?;
    Ok(Next::waits(move |core, deadline| {
        let (task, status) = core.crew.services.scheduler.task(id)?.ok_or(Refusal::NoTask)?;
        // Whoever is at it takes its job from here; of another the scheduler has all that there is.
        let data = match status {
            TaskStatus::Dispatched | TaskStatus::Running => handed_out(core, &task, deadline)?,
            _ => task.data.clone(),
        };
        Ok(json(Status::Ok, &task.to_json(status, &data)))
    }))
}

/// `PATCH /api/v0/scheduler/tasks/{task_id}`
pub(crate) fn patch(request: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let wanted = body::model(request, |fields| fields.required("status", status));
    let (id, wanted) = both(task_id(parameters), wanted)?;
    Ok(Next::waits(move |core, _| {
        let scheduler = core.runner().services.scheduler.clone();
        scheduler.task(id)?.ok_or(Refusal::NoTask)?;
        scheduler.set_status(id, wanted)?;
        known(core, id)
    }))
}

/// What a task is about, with all that a boefje is given.
fn handed_out(core: &Core, task: &Task, deadline: Deadline) -> Result<TaskData, Refusal> {
    match &task.data {
        TaskData::Boefje(_) if core.crew.stopping.is_set() => Err(Refusal::Busy),
        TaskData::Boefje(meta) => {
            core.whole(meta, Generation::V1_20, deadline).map(TaskData::Boefje)
        }
        data @ TaskData::Normalizer(_) => Ok(data.clone()),
    }
}

/// Fails a task that nobody can do.
fn fail(core: &Core, id: uuid::Uuid) {
    if let Err(error) = core.crew.services.scheduler.set_status(id, TaskStatus::Failed) {
        log::error!("task {id} cannot be failed: {error}");
    }
}

fn known(core: &Core, id: uuid::Uuid) -> Result<Answer, Refusal> {
    let known = core.runner().services.scheduler.task(id)?;
    let (task, status) = known.ok_or(Refusal::NoTask)?;
    Ok(json(Status::Ok, &task.to_json(status, &task.data)))
}

/// The kind of a queue, which is named after it and perhaps its organisation.
fn kind(parameters: &[&str]) -> Result<TaskKind, Refusal> {
    let name = parameters.first().copied().unwrap_or_default();
    let kinds = [TaskKind::Boefje, TaskKind::Normalizer];
    let kind = kinds.into_iter().find(|kind| name == kind.name());
    kind.ok_or_else(|| {
        let complaint = Complaint::Enumeration("'boefje' or 'normalizer'");
        Problem { complaint, place: vec!["path".into(), "queue".into()], input: name.into() }.into()
    })
}

fn status(value: &Json) -> Result<TaskStatus, Unfit> {
    let named = match value {
        Json::Text(name) => TaskStatus::named(name),
        _ => None,
    };
    named.ok_or(Complaint::Enumeration(TaskStatus::EXPECTED).into())
}

fn limit(request: &Request<'_>) -> Result<usize, Problem> {
    let query = request.query();
    let Some(text) = query.pairs().filter(|(name, _)| name == "limit").last() else { return Ok(1) };
    let complaint = match whole_of(&text.1) {
        None => Complaint::WholeParsing,
        Some(..=0) => Complaint::AtLeast(1),
        Some(limit) => {
            return Ok(usize::try_from(limit).map_or(MAX_LIMIT, |limit| limit.min(MAX_LIMIT)));
        }
    };
    Err(Problem {
        complaint,
        place: vec!["query".into(), "limit".into()],
        input: (&*text.1).into(),
    })
}
