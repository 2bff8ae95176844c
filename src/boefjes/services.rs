//! What workers need of others: the queues, the raw files, the objects, the settings. Behind each is
//! another service, or this machine.
//!
//! Calls block; each has a deadline of its own, and none of them prints a secret.

use std::sync::Arc;

use katalogus::{Json, Object};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::job::Output;
use crate::models::{BoefjeMeta, NormalizerMeta, RawDataMeta};
use crate::rules::Version;
use crate::service_error::ServiceError;
use crate::task::{Task, TaskKind, TaskStatus};

/// All of them.
#[derive(Clone)]
pub struct Services {
    /// Who has the tasks.
    pub scheduler: Arc<dyn Scheduler>,
    /// Who has the raw files.
    pub bytes: Arc<dyn Bytes>,
    /// Who has the objects.
    pub octopoes: Arc<dyn Octopoes>,
    /// Who has the settings.
    pub settings: Arc<dyn Settings>,
}

/// What came of asking for tasks.
#[derive(Debug, Default)]
pub struct Popped {
    /// Those that were handed out.
    pub tasks: Vec<Task>,
    /// Items that are no tasks: their ids, where they have one, and what is wrong.
    pub unreadable: Vec<(Option<Uuid>, String)>,
}

/// Which tasks are wanted. Empty lists are no filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Ids of plugins.
    pub plugins: Vec<String>,
    /// Container images.
    pub images: Vec<String>,
}

/// OpenKAT's scheduler.
pub trait Scheduler: Send + Sync {
    /// Takes up to `limit` tasks of a kind, from its queues in turn.
    fn pop(&self, kind: TaskKind, limit: usize, filters: &Filters) -> Result<Popped, ServiceError>;

    /// Takes one task of a kind, and those that are equal to it where the scheduler hands these out
    /// together: it does so only if it is not told how many are wanted.
    fn pop_equal(&self, kind: TaskKind, filters: &Filters) -> Result<Popped, ServiceError> {
        self.pop(kind, 1, filters)
    }

    /// Gives a task back to the queue that it came from.
    fn push(&self, task: &Task) -> Result<(), ServiceError>;

    /// A task, and what the scheduler thinks of it; `None` if it knows none of this id.
    fn task(&self, id: Uuid) -> Result<Option<(Task, TaskStatus)>, ServiceError>;

    /// The same without the task, which need not be one that can be read.
    fn status(&self, id: Uuid) -> Result<Option<TaskStatus>, ServiceError> {
        Ok(self.task(id)?.map(|(_, status)| status))
    }

    /// Of which version it seems to be, as far as its answers have told.
    fn tells_version(&self) -> Option<Version> {
        None
    }

    /// The same, and it is asked if it has told nothing yet.
    fn find_version(&self) -> Result<Option<Version>, ServiceError> {
        Ok(self.tells_version())
    }

    /// Says what has become of a task.
    fn set_status(&self, id: Uuid, status: TaskStatus) -> Result<(), ServiceError>;
}

/// Bytes, which keeps raw files and who made them.
pub trait Bytes: Send + Sync {
    /// Keeps a run of a boefje.
    fn save_boefje_meta(&self, meta: &BoefjeMeta) -> Result<(), ServiceError>;

    /// Whether a run of a boefje of this id is known to be kept. Who cannot tell says no.
    fn has_run(&self, _id: Uuid) -> Result<bool, ServiceError> {
        Ok(false)
    }

    /// Keeps raw files of a run that was saved, in their order; their ids, `None` where the same
    /// was there already.
    fn save_raws(&self, run: Uuid, raws: &[Output]) -> Result<Vec<Option<Uuid>>, ServiceError>;

    /// The content of a raw file; `None` if there is none of this id. One of more than `limit` bytes
    /// is an error.
    fn raw(&self, id: Uuid, limit: u64) -> Result<Option<Vec<u8>>, ServiceError>;

    /// What is known of a raw file; `None` if there is none of this id.
    fn raw_meta(&self, id: Uuid) -> Result<Option<RawDataMeta>, ServiceError>;

    /// Keeps a run of a normalizer.
    fn save_normalizer_meta(&self, meta: &NormalizerMeta) -> Result<(), ServiceError>;
}

/// Octopoes, which keeps objects.
pub trait Octopoes: Send + Sync {
    /// An object by its reference, as it was at a moment; `None` if there was none.
    fn object(
        &self,
        organization: &str,
        reference: &str,
        valid_time: Moment,
    ) -> Result<Option<Json>, ServiceError>;

    /// Saves what is said of objects: the JSON of an observation, a declaration or an affirmation.
    fn save(&self, organization: &str, origin: Origin, said: &Json) -> Result<(), ServiceError>;

    /// Saves declared scan profiles, which are a list.
    fn save_scan_profiles(
        &self,
        organization: &str,
        valid_time: Moment,
        profiles: &Json,
    ) -> Result<(), ServiceError>;
}

/// On what grounds an object is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was seen.
    Observation,
    /// It is there, whatever is seen.
    Declaration,
    /// It says more of an object that is there.
    Affirmation,
}

impl Origin {
    /// As Octopoes has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Declaration => "declaration",
            Self::Affirmation => "affirmation",
        }
    }
}

/// KATalogus, as far as it keeps settings.
pub trait Settings: Send + Sync {
    /// An organisation's settings of a boefje.
    fn settings(&self, organization: &str, boefje: &str) -> Result<Object, ServiceError>;
}
