//! Equal tasks, of which one was run: the others get what it has found.

use ostler_runtime::Moment;

use crate::job::Output;
use crate::models::BoefjeMeta;
use crate::runner::Done;
use crate::service_error::ServiceError;
use crate::services::Bytes;
use crate::task::{Task, TaskData};

/// Saves what `task` has found as if `twin` had been run. Only boefjes leave something to be copied.
pub(crate) fn copy(
    bytes: &dyn Bytes,
    task: &Task,
    twin: &Task,
    done: &Done,
    began: Moment,
) -> Result<(), ServiceError> {
    let (TaskData::Boefje(_), TaskData::Boefje(asked)) = (&task.data, &twin.data) else {
        return Ok(());
    };
    let mut ran = None;
    let mut raws = Vec::new();
    for id in &done.saved {
        let (Some(meta), Some(content)) = (bytes.raw_meta(*id)?, bytes.raw(*id, u64::MAX)?) else {
            continue;
        };
        raws.push(Output { name: None, mime_types: meta.mime_types, content });
        ran.get_or_insert(meta.boefje_meta);
    }
    let meta = match ran {
        Some(ran) => BoefjeMeta {
            id: twin.id,
            organization: asked.organization.clone(),
            input_ooi: asked.input_ooi.clone(),
            ..ran
        },
        // It has found nothing, so that nobody has kept more of it than this.
        None => BoefjeMeta {
            started_at: Some(began),
            ended_at: Some(Moment::now()),
            environment: asked.environment.clone().or_else(|| Some(Vec::new())),
            ..asked.clone()
        },
    };
    bytes.save_boefje_meta(&meta)?;
    if !raws.is_empty() {
        bytes.save_raws(twin.id, &raws)?;
    }
    Ok(())
}
