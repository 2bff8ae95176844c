//! Tasks: jobs as the scheduler hands them out and keeps account of them.

use std::fmt;

use katalogus::{Json, Object};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::model_fields::Fields;
use crate::models::{BoefjeMeta, ModelFault, NormalizerMeta, object};

/// Which kind of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Boefjes look at objects.
    Boefje,
    /// Normalizers read what boefjes found.
    Normalizer,
}

/// What the scheduler thinks of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// It is not in a queue yet.
    Pending,
    /// It waits in a queue.
    Queued,
    /// Somebody has taken it.
    Dispatched,
    /// It is being done.
    Running,
    /// It was done.
    Completed,
    /// It came to nothing.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

/// What a task is about.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskData {
    /// A run of a boefje.
    Boefje(BoefjeMeta),
    /// A run of a normalizer.
    Normalizer(NormalizerMeta),
}

/// A task that was taken from a queue, or that is asked about.
#[derive(Clone, PartialEq)]
pub struct Task {
    /// Its id, which is its data's too.
    pub id: Uuid,
    /// The queue that it was taken from, to which it is given back: `scheduler_id`.
    pub queue: String,
    /// As the scheduler has it: what, for whom and with what.
    pub hash: Option<String>,
    /// What is to be done.
    pub data: TaskData,
    /// When the scheduler changed it last, where it says so.
    pub modified_at: Option<Moment>,
    /// As the scheduler wrote it, so that it is given back with all that it came with.
    pub item: Json,
}

impl TaskKind {
    /// Whether it is that of normalizers.
    pub(crate) fn is_normalizer(self) -> bool {
        self == Self::Normalizer
    }

    /// As paths and queues have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boefje => "boefje",
            Self::Normalizer => "normalizer",
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TaskStatus {
    const NAMES: [(Self, &'static str); 7] = [
        (Self::Pending, "pending"),
        (Self::Queued, "queued"),
        (Self::Dispatched, "dispatched"),
        (Self::Running, "running"),
        (Self::Completed, "completed"),
        (Self::Failed, "failed"),
        (Self::Cancelled, "cancelled"),
    ];

    /// All of them, as complaints have them.
    pub(crate) const EXPECTED: &str = "'pending', 'queued', 'dispatched', 'running', 'completed', \
        'failed' or 'cancelled'";

    /// As the scheduler has it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }
}

impl TaskData {
    /// Reads it; its shape tells its kind.
    pub fn from_json(json: &Json) -> Result<Self, ModelFault> {
        let is_normalizer =
            matches!(json, Json::Object(members) if members.get("raw_data").is_some());
        if is_normalizer {
            NormalizerMeta::from_json(json).map(Self::Normalizer)
        } else {
            BoefjeMeta::from_json(json).map(Self::Boefje)
        }
    }

    /// Writes it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Boefje(meta) => meta.to_json(),
            Self::Normalizer(meta) => meta.to_json(),
        }
    }

    /// The kind of the task.
    pub fn kind(&self) -> TaskKind {
        match self {
            Self::Boefje(_) => TaskKind::Boefje,
            Self::Normalizer(_) => TaskKind::Normalizer,
        }
    }

    /// Its id, which is its task's.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Boefje(meta) => meta.id,
            Self::Normalizer(meta) => meta.id,
        }
    }

    /// The id of the plugin that does it.
    pub fn plugin(&self) -> &str {
        match self {
            Self::Boefje(meta) => &meta.boefje.id,
            Self::Normalizer(meta) => &meta.normalizer.id,
        }
    }

    /// The organisation for which it is done.
    pub fn organization(&self) -> &str {
        match self {
            Self::Boefje(meta) => &meta.organization,
            Self::Normalizer(meta) => &meta.raw_data.boefje_meta.organization,
        }
    }
}

/// Without the item, which may hold settings.
impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
            .field("queue", &self.queue)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

impl Task {
    /// A task that nobody has queued yet, as the scheduler of either generation is told of it: before
    /// all that it has thought of itself.
    pub(crate) fn new(data: TaskData, queue: String) -> Self {
        let told = match data.to_json() {
            Json::Object(members) => {
                let known = members.iter().filter(|(_, value)| **value != Json::Null);
                known.map(|(key, value)| (key.to_owned(), value.clone())).collect::<Object>().into()
            }
            other => other,
        };
        let item = object([
            ("id", data.id().to_string().into()),
            ("scheduler_id", queue.as_str().into()),
            ("organisation", data.organization().into()),
            ("priority", Self::FIRST.into()),
            ("type", data.kind().name().into()),
            ("data", told),
        ]);
        Self { id: data.id(), queue, hash: None, data, modified_at: None, item }
    }

    /// The priority of what somebody waits for.
    const FIRST: i64 = 1;

    /// Reads an item of a queue, of either generation. What has no `scheduler_id` came from `queue`.
    pub fn from_json(item: Json, queue: &str) -> Result<Self, ModelFault> {
        let fields = Fields::of(&item, String::new())?;
        let data = fields.value("data").ok_or_else(|| fields.wrong("data", "it is missing"))?;
        let data = TaskData::from_json(data);
        let data =
            data.map_err(|fault| ModelFault { key: format!("data.{}", fault.key), ..fault })?;
        Ok(Self {
            id: fields.required("id", Fields::uuid)?,
            queue: fields.text("scheduler_id")?.unwrap_or_else(|| queue.to_owned()),
            hash: fields.text("hash")?,
            data,
            // Nothing stands or falls with it.
            modified_at: fields.moment("modified_at").ok().flatten(),
            item,
        })
    }

    /// The same for tasks that would find the same, also for other organisations: the key by which the
    /// scheduler hands them out together, or else the hash.
    pub(crate) fn equal(&self) -> Option<&str> {
        let Json::Object(item) = &self.item else { return self.hash.as_deref() };
        match item.get("data") {
            Some(Json::Object(data)) => match data.get("deduplication_key") {
                Some(Json::Text(key)) => Some(key),
                _ => self.hash.as_deref(),
            },
            _ => self.hash.as_deref(),
        }
    }

    /// As schedulers since 1.19 have it, with this status and data.
    pub(crate) fn to_json(&self, status: TaskStatus, data: &TaskData) -> Json {
        let given = |key| match &self.item {
            Json::Object(members) => members.get(key).cloned().unwrap_or_default(),
            _ => Json::Null,
        };
        object([
            ("id", self.id.to_string().into()),
            ("scheduler_id", self.queue.as_str().into()),
            ("schedule_id", given("schedule_id")),
            ("organisation", data.organization().into()),
            ("priority", given("priority")),
            ("status", status.name().into()),
            ("type", data.kind().name().into()),
            ("hash", self.hash.clone().into()),
            ("data", data.to_json()),
            ("created_at", given("created_at")),
            ("modified_at", self.modified_at.map(|moment| moment.to_string()).into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_both_kinds_are_read() {
        let boefje = r#"{"id":"0a1f2650-7832-5b9e-976d-bbcb957a9003","organization":"acme","boefje":{"id":"b"}}"#;
        let item = format!(
            r#"{{"id":"0a1f2650-7832-5b9e-976d-bbcb957a9003","scheduler_id":"boefje-acme","hash":null,"data":{boefje}}}"#
        );
        let task = Task::from_json(Json::parse(&item).unwrap(), "boefje-other").unwrap();
        assert_eq!((task.queue.as_str(), task.data.kind()), ("boefje-acme", TaskKind::Boefje));
        assert_eq!((task.data.plugin(), task.data.organization()), ("b", "acme"));
        let fault = Task::from_json(Json::parse(&item.replace(r#""b""#, "3")).unwrap(), "q");
        assert_eq!(fault.unwrap_err().to_string(), "data.boefje.id: it is no text");
    }

    #[test]
    fn statuses_have_names() {
        for (status, name) in TaskStatus::NAMES {
            assert_eq!((status.name(), TaskStatus::named(name)), (name, Some(status)));
        }
        assert_eq!(TaskStatus::named("done"), None);
    }
}
