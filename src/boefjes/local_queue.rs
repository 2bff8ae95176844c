//! The queue of a machine of its own: tasks in the order of their arrival, the organisations in turn.
//!
//! A process that dies leaves the tasks that it has taken. Whoever asks for tasks next finds them: one
//! that was not begun is queued again, as if it had not been taken. One that was running has failed: it
//! may have reached out to somebody else's machine already, and may be what killed the process; a raw
//! file says so.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use katalogus::Json;
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::local::Local;
use crate::local_database::Failure;
use crate::local_raws;
use crate::local_tables::{queue, task, task_status};
use crate::models::object;
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped, Scheduler};
use crate::task::{Task, TaskData, TaskKind, TaskStatus};

/// A row of `task`, as far as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = task)]
struct Row {
    id: String,
    queue: String,
    hash: Option<String>,
    data: String,
    status: String,
    created_at: i64,
    modified_at: i64,
}

impl Scheduler for Local {
    fn pop(&self, kind: TaskKind, limit: usize, filters: &Filters) -> Result<Popped, ServiceError> {
        let plugins = self.wanted(filters)?;
        let holder = self.holder.name()?;
        let (gone, rows) = self.database.write(|connection| {
            let gone = self.take_back(connection, &holder)?;
            let mut rows = Vec::new();
            while rows.len() < limit {
                match next(connection, kind, plugins.as_deref(), &holder)? {
                    Some(row) => rows.push(row),
                    None => break,
                }
            }
            Ok((gone, rows))
        })?;
        for gone in &gone {
            self.holder.forget(gone);
        }
        let mut popped = Popped::default();
        for row in rows {
            let id = Uuid::parse_str(&row.id).ok();
            match row.task(Vec::new()) {
                Ok(task) => popped.tasks.push(task),
                Err(why) => popped.unreadable.push((id, why)),
            }
        }
        Ok(popped)
    }

    fn push(&self, task: &Task) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            let known = set_status(connection, &task.id.to_string(), TaskStatus::Queued)?;
            if known { Ok(()) } else { add(connection, task.id, task.hash.as_deref(), &task.data) }
        })
    }

    fn task(&self, id: Uuid) -> Result<Option<(Task, TaskStatus)>, ServiceError> {
        self.database.read(|connection| {
            let id = id.to_string();
            let row: Option<Row> = task::table
                .filter(task::id.eq(&id))
                .select(Row::as_select())
                .first(connection)
                .optional()?;
            let Some(row) = row else { return Ok(None) };
            let history: Vec<(String, i64)> = task_status::table
                .filter(task_status::task.eq(&id))
                .order(task_status::place)
                .select((task_status::status, task_status::at))
                .load(connection)?;
            let status = TaskStatus::named(&row.status).ok_or_else(|| {
                Failure::Words(format!("the task {id} has the strange status {}", row.status))
            })?;
            let words = |why| Failure::Words(format!("the task {id}: {why}"));
            Ok(Some((row.task(history).map_err(words)?, status)))
        })
    }

    fn set_status(&self, id: Uuid, status: TaskStatus) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            if set_status(connection, &id.to_string(), status)? {
                return Ok(());
            }
            Err(Failure::Words(format!("there is no task {id}")))
        })
    }
}

impl Local {
    /// The ids of the plugins that are wanted; `None` for all.
    fn wanted(&self, filters: &Filters) -> Result<Option<Vec<String>>, ServiceError> {
        let mut plugins = (!filters.plugins.is_empty()).then(|| filters.plugins.clone());
        if !filters.images.is_empty() {
            let catalogue = self.catalogue.plugins()?;
            let is_wanted = |id: &str| {
                let image = catalogue.boefje(id).and_then(|listed| match &listed.plugin().kind {
                    katalogus::Kind::Boefje(boefje) => boefje.oci_image.as_ref(),
                    katalogus::Kind::Normalizer => None,
                });
                image.is_some_and(|image| filters.images.contains(image))
            };
            let all = || catalogue.local().iter().map(|listed| listed.plugin().id.clone());
            let mut wanted = plugins.unwrap_or_else(|| all().collect());
            wanted.retain(|id| is_wanted(id));
            plugins = Some(wanted);
        }
        Ok(plugins)
    }

    /// Takes back what processes hold that are gone, and returns their names.
    fn take_back(
        &self,
        connection: &mut SqliteConnection,
        own: &str,
    ) -> Result<Vec<String>, Failure> {
        let others: Vec<Option<String>> = task::table
            .filter(task::holder.is_not_null().and(task::holder.ne(own)))
            .select(task::holder)
            .distinct()
            .load(connection)?;
        let mut gone: Vec<String> = others.into_iter().flatten().collect();
        gone.retain(|other| self.holder.is_gone(other));
        for other in &gone {
            let held: Vec<(String, String, String, i64)> = task::table
                .filter(task::holder.eq(other))
                .order(task::place)
                .select((task::id, task::status, task::data, task::modified_at))
                .load(connection)?;
            for (id, status, data, began) in held {
                let begun = status == TaskStatus::Running.name();
                if begun {
                    local_raws::save_death(connection, &data, Moment::from_unix_micros(began))?;
                }
                let (now, words) = if begun {
                    (TaskStatus::Failed, "it was running and has failed")
                } else {
                    (TaskStatus::Queued, "it was not begun and is queued again")
                };
                log::warn!("task {id}: the process that had taken it is gone; {words}");
                set_status(connection, &id, now)?;
            }
        }
        Ok(gone)
    }
}

impl Row {
    /// The task, in the form in which the newer generation of the scheduler has it, and with the
    /// statuses that it had.
    fn task(self, history: Vec<(String, i64)>) -> Result<Task, String> {
        let data = Json::parse(&self.data).map_err(|fault| fault.to_string())?;
        let kind = TaskData::from_json(&data).map_err(|fault| format!("data.{fault}"))?.kind();
        let time = |micros| Json::from(Moment::from_unix_micros(micros).to_string());
        let history = history
            .into_iter()
            .map(|(status, at)| object([("status", status.into()), ("at", time(at))]));
        let item = object([
            ("id", self.id.into()),
            ("scheduler_id", self.queue.as_str().into()),
            ("status", self.status.into()),
            ("type", kind.name().into()),
            ("hash", self.hash.into()),
            ("data", data),
            ("created_at", time(self.created_at)),
            ("modified_at", time(self.modified_at)),
            ("history", Json::List(history.collect())),
        ]);
        Task::from_json(item, &self.queue).map_err(|fault| fault.to_string())
    }
}

/// Hands out the next task of the queue that was served longest ago.
fn next(
    connection: &mut SqliteConnection,
    kind: TaskKind,
    plugins: Option<&[String]>,
    holder: &str,
) -> Result<Option<Row>, Failure> {
    let queues: Vec<String> = queue::table
        .filter(queue::kind.eq(kind.name()))
        .order((queue::turn, queue::name))
        .select(queue::name)
        .load(connection)?;
    for name in queues {
        let mut query = task::table
            .filter(task::queue.eq(&name).and(task::status.eq(TaskStatus::Queued.name())))
            .order(task::place)
            .select(Row::as_select())
            .into_boxed();
        if let Some(plugins) = plugins {
            query = query.filter(task::plugin.eq_any(plugins));
        }
        let Some(row) = query.first(connection).optional()? else { continue };
        let last: Option<i64> =
            queue::table.select(diesel::dsl::max(queue::turn)).first(connection)?;
        diesel::update(queue::table.filter(queue::name.eq(&name)))
            .set(queue::turn.eq(last.unwrap_or(0).saturating_add(1)))
            .execute(connection)?;
        set_status(connection, &row.id, TaskStatus::Dispatched)?;
        diesel::update(task::table.filter(task::id.eq(&row.id)))
            .set(task::holder.eq(holder))
            .execute(connection)?;
        return Ok(Some(Row { status: TaskStatus::Dispatched.name().to_owned(), ..row }));
    }
    Ok(None)
}

/// Adds a task to the queue of its kind and organisation.
pub(crate) fn add(
    connection: &mut SqliteConnection,
    id: Uuid,
    hash: Option<&str>,
    data: &TaskData,
) -> Result<(), Failure> {
    let kind = data.kind();
    let name = format!("{kind}-{}", data.organization());
    diesel::insert_or_ignore_into(queue::table)
        .values((queue::name.eq(&name), queue::kind.eq(kind.name()), queue::turn.eq(0)))
        .execute(connection)?;
    let now = Moment::now().unix_micros();
    let id = id.to_string();
    diesel::insert_into(task::table)
        .values((
            task::id.eq(&id),
            task::queue.eq(&name),
            task::plugin.eq(data.plugin()),
            task::hash.eq(hash),
            task::data.eq(data.to_json().compact()),
            task::status.eq(TaskStatus::Queued.name()),
            task::created_at.eq(now),
            task::modified_at.eq(now),
        ))
        .execute(connection)?;
    note(connection, &id, TaskStatus::Queued, now)
}

/// Whether a task with this hash waits or is being done.
pub(crate) fn is_under_way(connection: &mut SqliteConnection, hash: &str) -> Result<bool, Failure> {
    let settled = [TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Cancelled];
    let settled = settled.map(TaskStatus::name);
    let query = task::table.filter(task::hash.eq(hash).and(task::status.ne_all(settled)));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(connection)?)
}

/// Changes a task's status and keeps the time of that; whether there is such a task. Only one that was
/// taken and is not settled has a holder.
fn set_status(
    connection: &mut SqliteConnection,
    id: &str,
    status: TaskStatus,
) -> Result<bool, Failure> {
    let now = Moment::now().unix_micros();
    let of_id = task::table.filter(task::id.eq(id));
    let changed = diesel::update(of_id)
        .set((task::status.eq(status.name()), task::modified_at.eq(now)))
        .execute(connection)?;
    if changed == 0 {
        return Ok(false);
    }
    if !matches!(status, TaskStatus::Dispatched | TaskStatus::Running) {
        diesel::update(of_id).set(task::holder.eq(None::<String>)).execute(connection)?;
    }
    note(connection, id, status, now)?;
    Ok(true)
}

fn note(
    connection: &mut SqliteConnection,
    id: &str,
    status: TaskStatus,
    at: i64,
) -> Result<(), Failure> {
    diesel::insert_into(task_status::table)
        .values((
            task_status::task.eq(id),
            task_status::status.eq(status.name()),
            task_status::at.eq(at),
        ))
        .execute(connection)?;
    Ok(())
}
