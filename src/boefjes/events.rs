//! Publishes what becomes of tasks, as `[Events]` says.

use broker::data::Data;
use broker::events::{EventCounts, Events, EventsError, EventsSettings};
use uuid::Uuid;

use crate::task::Task;

/// See the module. It waits for nobody, so every thread may use it.
#[derive(Default)]
pub(crate) struct TaskEvents(Events);

/// What has become of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// Its plugin is begun with.
    Running,
    /// It was done.
    Completed,
    /// It came to nothing.
    Failed,
    /// It is in its queue again.
    GivenBack,
}

impl Became {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::GivenBack => "given_back",
        }
    }
}

impl TaskEvents {
    /// Publishes as these settings say from now on, or not at all.
    pub(crate) fn set(&self, settings: Option<&EventsSettings>) -> Result<(), EventsError> {
        self.0.set(settings)
    }

    /// What has become of events.
    pub(crate) fn counts(&self) -> EventCounts {
        self.0.counts()
    }

    /// Something has become of a task; `None` is what was handed out as one and is none.
    pub(crate) fn tell(&self, id: Uuid, task: Option<&Task>, became: Became) {
        if !self.0.is_on() {
            return;
        }
        let (kind, organization, plugin) = task.map_or(("", "", ""), |task| {
            (task.data.kind().name(), task.data.organization(), task.data.plugin())
        });
        let topic = match task {
            Some(_) => format!("boefje/task/{organization}/{plugin}"),
            None => "boefje/task".to_owned(),
        };
        let id = id.to_string();
        let arguments = [id.as_str(), kind, organization, plugin, became.name()];
        self.0.publish(&topic, "Boefje::task_state", arguments.map(Data::from));
    }
}
