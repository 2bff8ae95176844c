//! A boefje's job as a container: it fetches its job and brings its results by itself; here it is
//! seen to that it did.

use katalogus::BoefjePart;
use ostler_runtime::{Deadline, Moment};
use uuid::Uuid;

use crate::boefje_run::ERROR;
use crate::container::name;
use crate::job::Output;
use crate::models::BoefjeMeta;
use crate::rules::Rule;
use crate::runner::{Done, JobError, Runner};
use crate::task::{TaskData, TaskStatus};

impl Runner {
    /// Runs the container of a task, which runs already for the scheduler: otherwise its container
    /// would get no job.
    pub(crate) fn run_container(
        &self,
        asked: &BoefjeMeta,
        image: &str,
        boefje: &BoefjePart,
    ) -> Result<Done, JobError> {
        let Some(containers) = &self.containers else {
            let words =
                format!("the boefje {} is an image: nothing runs one here", asked.boefje.id);
            return Err(JobError::Failed(words));
        };
        let started_at = Some(Moment::now());
        let deadline = Deadline::after(self.options.job_deadline);
        let end = containers.run(asked.id, image, &boefje.oci_arguments, deadline);
        let meta = BoefjeMeta { started_at, ended_at: Some(Moment::now()), ..asked.clone() };
        if let Some(last) = String::from_utf8_lossy(&end.complaints).lines().last() {
            log::info!("the container of {} says at last: {last:.200}", asked.id);
        }
        let has_reported = end.brought.is_some() || self.was_ended(asked.id);
        let failure = match end.failure {
            None if has_reported => None,
            None => Some("the container did not bring its results".to_owned()),
            failure => failure,
        };
        let saved = match (&failure, has_reported) {
            (None, _) | (Some(_), true) => self.save_complaints(&meta, end.complaints),
            (Some(why), false) => self.save_failure(&meta, why, &end.complaints),
        };
        match failure {
            None => {
                Ok(Done { saved: [end.brought.unwrap_or_default(), saved].concat(), usage: None })
            }
            Some(why) => Err(JobError::Failed(why)),
        }
    }

    /// Ends the container of a task that another process has run, if it is there.
    pub(crate) fn remove_container(&self, task: &TaskData) {
        if let (Some(containers), TaskData::Boefje(meta)) = (&self.containers, task) {
            if self.is_container(task) {
                containers.remove(&name(meta.id));
            }
        }
    }

    /// Whether somebody has ended a task that this program runs. If nobody can be asked, nobody has.
    fn was_ended(&self, id: Uuid) -> bool {
        match self.services.scheduler.status(id) {
            Ok(known) => known.is_some_and(|status| !IN_ITS_HANDS.contains(&status)),
            Err(error) => {
                log::warn!("task {id}: {error}");
                false
            }
        }
    }

    /// What the container wrote to its standard error, beside its own results, which
    /// versions before 1.20 keep.
    fn save_complaints(&self, meta: &BoefjeMeta, content: Vec<u8>) -> Vec<Uuid> {
        if self.options.version.has(Rule::SilentContainers) || content.is_empty() {
            return Vec::new();
        }
        let output = Output { content, ..Output::default() };
        let saved = self.save_raws(meta, vec![output]).unwrap_or_else(|error| {
            log::error!("what the container of {} wrote cannot be saved: {error}", meta.id);
            Vec::new()
        });
        saved.into_iter().flatten().collect()
    }

    /// Why there are no results, and what the container wrote.
    fn save_failure(&self, meta: &BoefjeMeta, why: &str, complaints: &[u8]) -> Vec<Uuid> {
        let content = [format!("{why}\n").as_bytes(), complaints].concat();
        self.save_error(meta, Output { mime_types: vec![ERROR.to_owned()], content, name: None })
    }

    /// Saves a raw file that says why there are no others of this run.
    pub(crate) fn save_error(&self, meta: &BoefjeMeta, output: Output) -> Vec<Uuid> {
        // It may be there already, and if it cannot be saved, the rest perhaps can.
        if let Err(error) = self.services.bytes.save_boefje_meta(&self.shown(meta)) {
            log::warn!("{}: {error}", meta.id);
        }
        let saved = self.save_raws(meta, vec![output]).unwrap_or_else(|error| {
            log::error!("why {} failed cannot be saved: {error}", meta.id);
            Vec::new()
        });
        saved.into_iter().flatten().collect()
    }
}

/// The statuses of a task whose container has not brought its results.
const IN_ITS_HANDS: [TaskStatus; 2] = [TaskStatus::Dispatched, TaskStatus::Running];
