//! The scheduler over HTTP, in either of its generations.
//!
//! Up to 1.18 there is a queue for each organisation and kind, under `/queues`; later there is one
//! for each kind, under `/schedulers`. Which it is, is found out by asking for the queues, and again
//! when the scheduler was away, since who comes back may be another.

use std::sync::{Mutex, PoisonError};

use katalogus::{Json, Object};
use ostler_runtime::Moment;
use ureq::http::Method;
use uuid::Uuid;

use crate::http_client::{Answer, Call, HttpClient};
use crate::http_failure::{Failure, Reached};
use crate::models::object;
use crate::rules::Version;
use crate::scheduler_old::Turn;
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped, Scheduler};
use crate::task::{Task, TaskKind, TaskStatus};

/// See the module.
pub(crate) struct SchedulerClient {
    pub(crate) http: HttpClient,
    generation: Mutex<Known>,
    pub(crate) turn: Turn,
}

/// What is known of the generation.
#[derive(Debug, Default)]
struct Known {
    now: Option<SchedulerGeneration>,
    /// The last one that the log was told.
    told: Option<SchedulerGeneration>,
}

/// Where tasks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchedulerGeneration {
    /// In queues.
    Queues,
    /// In schedulers.
    Schedulers,
}

impl SchedulerClient {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http, generation: Mutex::default(), turn: Turn::default() }
    }

    /// What is known of its generation.
    fn known(&self) -> Option<SchedulerGeneration> {
        self.generation.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn learn(&self, generation: Option<SchedulerGeneration>) {
        let mut known = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        known.now = generation;
        if let Some(generation) = generation.filter(|_| known.told != generation) {
            log::info!("the scheduler keeps tasks in {}", generation.path());
            known.told = Some(generation);
        }
    }

    /// Calls; whoever cannot be reached is no longer known.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let answer = self.http.send(call);
        if answer.as_ref().is_err_and(|failure| failure.reached.is_away()) {
            self.learn(None);
        }
        answer
    }

    /// The answer to a question for the queues, which tells the generation; `None` if there are no
    /// queues, which is so with the newer generation, but also where no scheduler is.
    pub(crate) fn queues(&self, call: &Call<'_>) -> Result<Option<Answer>, ServiceError> {
        let answer = self.send(call)?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.http.refused(call, &answer).into());
        }
        self.learn(Some(SchedulerGeneration::Queues));
        Ok(Some(answer))
    }

    fn generation(&self) -> Result<SchedulerGeneration, ServiceError> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let queues = self.queues(&Call { settles: true, ..Call::get("/queues") })?;
        Ok(queues.map_or(SchedulerGeneration::Schedulers, |_| SchedulerGeneration::Queues))
    }

    /// What is `read` of a task, if there is one of this id.
    fn look<T>(
        &self,
        id: Uuid,
        read: impl FnOnce(Json) -> Result<T, String>,
    ) -> Result<Option<T>, ServiceError> {
        let call = Call { settles: true, ..Call::get(format!("/tasks/{id}")) };
        let answer = self.send(&call)?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.http.refused(&call, &answer).into());
        }
        let read = read(self.http.json(&call, &answer)?);
        read.map(Some).map_err(|problem| self.http.strange(&call, problem))
    }

    /// Takes up to `limit` tasks; without one, a task and those that are equal to it.
    fn pop_some(
        &self,
        kind: TaskKind,
        limit: Option<usize>,
        filters: &Filters,
    ) -> Result<Popped, ServiceError> {
        if self.known() == Some(SchedulerGeneration::Schedulers) {
            match self.pop_new(kind, limit, filters) {
                // It is another one now.
                Err(ServiceError::Refused { status: 404, .. }) => self.learn(None),
                popped => return popped,
            }
        }
        if let Some(popped) = self.pop_old(kind, limit.unwrap_or(1), filters)? {
            return Ok(popped);
        }
        let popped = self.pop_new(kind, limit, filters)?;
        self.learn(Some(SchedulerGeneration::Schedulers));
        Ok(popped)
    }

    /// Does what settles a task. If nobody knows whether it was done, the task itself tells.
    fn settle(&self, id: Uuid, status: TaskStatus, call: &Call<'_>) -> Result<(), ServiceError> {
        let answer = match self.send(call) {
            Ok(answer) => answer,
            Err(failure) if failure.reached == Reached::Broken => match self.status(id) {
                Ok(Some(now)) if now == status => return Ok(()),
                Ok(_) => self.send(call)?,
                Err(_) => return Err(failure.into()),
            },
            Err(failure) => return Err(failure.into()),
        };
        if answer.is_success() { Ok(()) } else { Err(self.http.refused(call, &answer).into()) }
    }
}

impl Scheduler for SchedulerClient {
    fn pop(&self, kind: TaskKind, limit: usize, filters: &Filters) -> Result<Popped, ServiceError> {
        self.pop_some(kind, Some(limit), filters)
    }

    fn pop_equal(&self, kind: TaskKind, filters: &Filters) -> Result<Popped, ServiceError> {
        self.pop_some(kind, None, filters)
    }

    fn tells_version(&self) -> Option<Version> {
        self.known().map(SchedulerGeneration::version)
    }

    fn find_version(&self) -> Result<Option<Version>, ServiceError> {
        Ok(Some(self.generation()?.version()))
    }

    fn push(&self, task: &Task) -> Result<(), ServiceError> {
        let (path, queue) = (self.generation()?.path(), crate::http_form::part(&task.queue));
        let body = task.item.compact().into_bytes();
        let call = Call::post(format!("{path}/{queue}/push"), body);
        self.settle(task.id, TaskStatus::Queued, &Call { settles: true, ..call })
    }

    fn task(&self, id: Uuid) -> Result<Option<(Task, TaskStatus)>, ServiceError> {
        self.look(id, task)
    }

    fn status(&self, id: Uuid) -> Result<Option<TaskStatus>, ServiceError> {
        self.look(id, |json| match json {
            Json::Object(members) => status(&members),
            _ => Err("it is no object".to_owned()),
        })
    }

    fn set_status(&self, id: Uuid, status: TaskStatus) -> Result<(), ServiceError> {
        let body = object([("status", status.name().into())]).dumps();
        let call = Call::post(format!("/tasks/{id}"), body.into_bytes()).json();
        self.settle(id, status, &Call { method: Method::PATCH, settles: true, ..call })
    }
}

impl SchedulerGeneration {
    fn version(self) -> Version {
        match self {
            Self::Queues => Version::V1_15,
            Self::Schedulers => Version::V1_20,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Queues => "/queues",
            Self::Schedulers => "/schedulers",
        }
    }
}

/// A task that was asked for: the older generation has its item in a member of its own.
fn task(json: Json) -> Result<(Task, TaskStatus), String> {
    let Json::Object(mut members) = json else { return Err("it is no object".to_owned()) };
    let status = status(&members)?;
    let text = |key: &str| match members.get(key) {
        Some(Json::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let queue = text("scheduler_id").unwrap_or_default();
    let modified_at = text("modified_at").and_then(|text| Moment::parse(&text));
    let item = members.remove("p_item").unwrap_or(Json::Object(members));
    let mut task = Task::from_json(item, &queue).map_err(|fault| fault.to_string())?;
    task.modified_at = modified_at;
    Ok((task, status))
}

fn status(members: &Object) -> Result<TaskStatus, String> {
    let Some(Json::Text(name)) = members.get("status") else {
        return Err("it has no status".to_owned());
    };
    TaskStatus::named(name).ok_or_else(|| format!("{name:?} is no status"))
}

/// The body that asks for tasks: none where everything is wanted.
pub(crate) fn filters_body(kind: TaskKind, filters: &Filters) -> Vec<u8> {
    let one = |field: String, values: &[String]| {
        let list: Vec<Json> = values.iter().map(|value| value.as_str().into()).collect();
        (!list.is_empty()).then(|| {
            object([
                ("column", "data".into()),
                ("field", field.into()),
                ("operator", "in".into()),
                ("value", list.into()),
            ])
        })
    };
    let images = one("boefje__oci_image".to_owned(), &filters.images);
    let plugins = one(format!("{kind}__id"), &filters.plugins);
    let all: Vec<_> = images.into_iter().chain(plugins).collect();
    if all.is_empty() {
        return Vec::new();
    }
    object([("filters", Json::List(all))]).compact().into_bytes()
}

/// A call that takes tasks from a queue.
pub(crate) fn pop_call(target: String, kind: TaskKind, filters: &Filters) -> Call<'static> {
    let body = filters_body(kind, filters);
    let is_empty = body.is_empty();
    let call = Call { polls: true, ..Call::post(target, body) };
    if is_empty { call } else { call.json() }
}

/// Whether this is how a pop with filters is answered when nothing fits them: not found, but not for
/// want of the path or of the queue.
pub(crate) fn is_nothing(filters: &Filters, answer: &Answer) -> bool {
    if answer.status != 404 || *filters == Filters::default() {
        return false;
    }
    let Ok(Json::Object(members)) = Json::parse_bytes(&answer.body) else { return false };
    match members.get("detail") {
        Some(Json::Text(words)) => !words.to_ascii_lowercase().ends_with("not found"),
        _ => false,
    }
}

/// Reads an item that was taken from a queue into what was popped.
pub(crate) fn read(item: Json, queue: &str, popped: &mut Popped) {
    let id = match &item {
        Json::Object(members) => match members.get("id") {
            Some(Json::Text(id)) => Uuid::parse_str(id).ok(),
            _ => None,
        },
        _ => None,
    };
    match Task::from_json(item, queue) {
        Ok(task) => popped.tasks.push(task),
        Err(fault) => popped.unreadable.push((id, format!("queue {queue}: {fault}"))),
    }
}
