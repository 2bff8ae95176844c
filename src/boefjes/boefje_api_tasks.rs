//! The job of a container, and what it brings.

use katalogus::{Generation, Json, Kind, Object, body};
use ostler_http::{Request, Response, Status};
use ostler_runtime::{Deadline, Moment};
use uuid::Uuid;

use crate::boefje_api::{Core, Next, both, task_id};
use crate::boefje_api_answer::{Answer, Refusal, json};
use crate::boefje_output::BoefjeOutput;
use crate::boefje_run;
use crate::models::{BoefjeMeta, object};
use crate::task::{Task, TaskData, TaskStatus};

/// `GET /api/v0/tasks/{task_id}`
pub(crate) fn input(_: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let id = task_id(parameters)?;
    Ok(Next::waits(move |core, deadline| {
        let (task, asked) = running(core, id)?;
        let meta = core.whole(&asked, deadline)?;
        let output_url = format!("{}/api/v0/tasks/{id}", core.base);
        let input = match core.generation {
            Generation::V1_15 => object([
                ("task_id", id.to_string().into()),
                ("output_url", output_url.into()),
                ("boefje_meta", meta.to_json()),
            ]),
            Generation::V1_20 => object([
                ("output_url", output_url.into()),
                ("task", task.to_json(TaskStatus::Running, &TaskData::Boefje(meta))),
            ]),
        };
        Ok(json(Status::Ok, &input))
    }))
}

/// `POST /api/v0/tasks/{task_id}`
pub(crate) fn output(request: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let output =
        body::required(request).and_then(|body| BoefjeOutput::read(&body).map_err(Into::into));
    let (id, output) = both(task_id(parameters), output)?;
    Ok(Next::waits(move |core, deadline| {
        let _report = core.reports.begin(id).ok_or(Refusal::NotRunning)?;
        let (task, asked) = running(core, id)?;
        let mut meta = core.whole(&asked, deadline)?;
        let now = Moment::now();
        meta.started_at = task.modified_at.or(Some(now));
        meta.ended_at = Some(now);
        let names: Vec<Option<String>> =
            output.files.iter().map(|file| file.name.clone()).collect();
        let runner = core.runner();
        let ids = runner.save(&meta, output.files)?;
        if let Some(containers) = &runner.containers {
            containers.brought(id, ids.iter().flatten().copied());
        }
        let status = if output.failed { TaskStatus::Failed } else { TaskStatus::Completed };
        core.runner().services.scheduler.set_status(id, status)?;
        Ok(saved(core.generation, names, &ids))
    }))
}

/// A task that runs, and what is asked of its boefje.
fn running(core: &Core, id: Uuid) -> Result<(Task, BoefjeMeta), Refusal> {
    let (task, status) = core.runner().services.scheduler.task(id)?.ok_or(Refusal::NoTask)?;
    if status != TaskStatus::Running {
        return Err(Refusal::NotRunning);
    }
    match &task.data {
        TaskData::Boefje(meta) => {
            let meta = meta.clone();
            Ok((task, meta))
        }
        TaskData::Normalizer(_) => Err(Refusal::Failed(format!("{id} is no task of a boefje"))),
    }
}

impl Core {
    /// The meta with all that the container is given.
    fn whole(&self, asked: &BoefjeMeta, deadline: Deadline) -> Result<BoefjeMeta, Refusal> {
        let runner = self.runner();
        if !runner.plugins.wait_begun(deadline) {
            return Err(Refusal::Busy);
        }
        let catalogue = runner.plugins.current();
        let listed = boefje_run::boefje(&catalogue, &asked.boefje.id)?;
        let mut meta = runner.prepare(asked, listed)?;
        if self.generation < Generation::V1_20 {
            // Which code is in the image nobody here can tell.
            meta.runnable_hash = None;
        } else if let Kind::Boefje(boefje) = &listed.plugin().kind {
            if boefje.oci_image.is_some() {
                let arguments = boefje.oci_arguments.iter().map(|one| one.as_str().into());
                meta.arguments.insert("oci_arguments", arguments.collect::<Vec<Json>>());
            }
        }
        Ok(meta)
    }
}

/// The answer to results that were saved: nothing, or since 1.20 the ids of the raw files. Those
/// without a name have their place for one.
fn saved(generation: Generation, names: Vec<Option<String>>, ids: &[Option<Uuid>]) -> Answer {
    if generation < Generation::V1_20 {
        return Response::new(Status::Ok);
    }
    let files = names.into_iter().zip(ids).enumerate();
    let ids = files.map(|(place, (name, id))| {
        (name.unwrap_or_else(|| place.to_string()), Json::from(id.map(|id| id.to_string())))
    });
    json(Status::Ok, &ids.collect::<Object>().into())
}
