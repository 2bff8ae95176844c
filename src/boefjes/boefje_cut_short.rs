//! What is saved of a job that the end of a program has cut short.

use ostler_runtime::Moment;

use crate::boefje_run::{ERROR, FAILED};
use crate::job::Output;
use crate::models::BoefjeMeta;
use crate::runner::Runner;
use crate::task::TaskData;

/// Why a job has no results whose program was killed meanwhile.
pub(crate) const DIED: &str = "the worker that ran it has died";

impl Runner {
    /// Saves a raw file that says why there is no other, as far as there is time. Normalizers have none.
    pub(crate) fn save_cut_short(&self, task: &TaskData, began: Moment, why: &str) {
        if let TaskData::Boefje(asked) = task {
            let (meta, output) = cut_short(asked, began, why);
            self.save_error(&meta, output);
        }
    }
}

/// The run of a boefje that has ended just now, and why.
pub(crate) fn cut_short(asked: &BoefjeMeta, began: Moment, why: &str) -> (BoefjeMeta, Output) {
    let meta = BoefjeMeta {
        started_at: Some(began),
        ended_at: Some(Moment::now()),
        environment: asked.environment.clone().or_else(|| Some(Vec::new())),
        ..asked.clone()
    };
    let content = format!("{why}\n\n{FAILED}\n").into_bytes();
    (meta, Output { name: None, mime_types: vec![ERROR.to_owned()], content })
}
