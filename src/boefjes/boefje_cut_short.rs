//! What is saved of a job that the end of the program has cut short.

use ostler_runtime::Moment;

use crate::boefje_run::{ERROR, FAILED};
use crate::job::Output;
use crate::models::BoefjeMeta;
use crate::runner::Runner;
use crate::task::TaskData;

impl Runner {
    /// Saves a raw file that says why there is no other, as far as there is time. Normalizers have none.
    pub(crate) fn save_cut_short(&self, task: &TaskData, began: Moment, why: &str) {
        let TaskData::Boefje(asked) = task else { return };
        let meta = BoefjeMeta {
            started_at: Some(began),
            ended_at: Some(Moment::now()),
            environment: asked.environment.clone().or_else(|| Some(Vec::new())),
            ..asked.clone()
        };
        let content = format!("{why}\n\n{FAILED}\n").into_bytes();
        let output = Output { name: None, mime_types: vec![ERROR.to_owned()], content };
        if let Err(error) = self.save(&meta, vec![output]) {
            log::warn!("what has become of job {} is not saved: {error}", meta.id);
        }
    }
}
