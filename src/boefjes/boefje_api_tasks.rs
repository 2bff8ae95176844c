//! The job of a container, and what it brings.

use std::sync::PoisonError;

use katalogus::body::Malformed;
use katalogus::validation::{Complaint, Problem};
use katalogus::{Generation, Json, Kind, Object, body};
use ostler_http::{Request, Response, Status};
use ostler_runtime::{Deadline, Moment};
use uuid::Uuid;

use crate::boefje_api::{Core, Next, both, task_id};
use crate::boefje_api_answer::{Answer, Refusal, json};
use crate::boefje_api_reports::{Report, Saved};
use crate::boefje_output::BoefjeOutput;
use crate::boefje_run;
use crate::models::{BoefjeMeta, object};
use crate::task::{Task, TaskData, TaskStatus};
use crate::task_state::{Action, Event};

/// `GET /api/v0/tasks/{task_id}`
pub(crate) fn input(_: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let id = task_id(parameters)?;
    Ok(Next::waits(move |core, deadline| {
        let generation = core.generation()?;
        let (task, asked) = running(core, id, deadline)?;
        let meta = core.whole(&asked, generation, deadline)?;
        let output_url = format!("{}/api/v0/tasks/{id}", core.base);
        let input = match generation {
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

/// Bytes of a body that is read at once. A longer one is read when its task is known to run.
const SHORT: usize = 64 << 10;

/// `POST /api/v0/tasks/{task_id}`
pub(crate) fn output(request: &Request<'_>, parameters: &[&str]) -> Result<Next, Refusal> {
    let is_json = body::is_json(request.header("Content-Type").unwrap_or_default());
    let id = task_id(parameters);
    if request.body().len() <= SHORT {
        let (id, output) = both(id, read(request.body(), is_json))?;
        return Ok(Next::waits(move |core, deadline| {
            let mut report = core.reports.begin(id).ok_or(Refusal::NotRunning)?;
            let running = still_running(core, &mut report, deadline)?;
            take(core, report, running, output, deadline)
        }));
    }
    let (id, bytes) = (id?, request.body().to_vec());
    Ok(Next::waits(move |core, deadline| {
        let mut report = core.reports.begin(id).ok_or(Refusal::NotRunning)?;
        let running = still_running(core, &mut report, deadline)?;
        let output = {
            let _alone = core.reading.lock().unwrap_or_else(PoisonError::into_inner);
            read(&bytes, is_json)?
        };
        drop(bytes);
        take(core, report, running, output, deadline)
    }))
}

fn read(bytes: &[u8], is_json: bool) -> Result<BoefjeOutput, Malformed> {
    let body = body::read_bytes(bytes, is_json)?.ok_or_else(|| {
        let place = vec!["body".into()];
        Problem { complaint: Complaint::Missing, place, input: Json::Null }
    })?;
    Ok(BoefjeOutput::read(&body)?)
}

/// The task of a report, if it runs. Of one that does not, nobody needs to know what was saved.
fn still_running(
    core: &Core,
    report: &mut Report<'_>,
    deadline: Deadline,
) -> Result<(Task, BoefjeMeta), Refusal> {
    let running = running(core, report.id, deadline);
    if matches!(running, Err(Refusal::NotRunning | Refusal::NoTask)) {
        report.saved = None;
    }
    running
}

/// Saves what a container has brought, unless that is done, and ends its task.
fn take(
    core: &Core,
    mut report: Report<'_>,
    (task, asked): (Task, BoefjeMeta),
    output: BoefjeOutput,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    let generation = core.generation()?;
    if report.saved.is_none() {
        let mut meta = core.whole(&asked, generation, deadline)?;
        let now = Moment::now();
        meta.started_at = task.modified_at.or(Some(now));
        meta.ended_at = Some(now);
        let names = output.files.iter().map(|file| file.name.clone()).collect();
        let runner = core.runner();
        let ids = runner.save(&meta, output.files)?;
        if let Some(containers) = &runner.containers {
            containers.brought(task.id, ids.iter().flatten().copied());
        }
        report.saved = Some(Saved { failed: output.failed, names, ids });
    }
    let has_failed = report.saved.as_ref().is_some_and(|saved| saved.failed);
    // If that goes wrong what was saved is known when the container comes again.
    end(core, task.id, has_failed, deadline)?;
    Ok(answer(generation, report.saved.take().unwrap_or_default()))
}

/// Ends a task. One that this program has is ended as its worker would; if the worker was faster,
/// it has ended.
fn end(core: &Core, id: Uuid, has_failed: bool, deadline: Deadline) -> Result<(), Refusal> {
    let settler = &core.crew.settler;
    if let Some(task) = settler.ledger.task(id) {
        let event = if has_failed { Event::Fail } else { Event::Complete };
        return match settler.on(&task, event) {
            Action::Nothing => Err(Refusal::NotRunning),
            _ => Ok(()),
        };
    }
    // Saving has taken its time.
    running(core, id, deadline)?;
    let status = if has_failed { TaskStatus::Failed } else { TaskStatus::Completed };
    core.crew.services.scheduler.set_status(id, status)?;
    Ok(())
}

/// A task that runs elsewhere, and what is asked of its boefje.
fn running(core: &Core, id: Uuid, deadline: Deadline) -> Result<(Task, BoefjeMeta), Refusal> {
    let (task, status) = core.runner().services.scheduler.task(id)?.ok_or(Refusal::NoTask)?;
    if status != TaskStatus::Running {
        return Err(Refusal::NotRunning);
    }
    match &task.data {
        TaskData::Boefje(_) if !core.is_done_elsewhere(&task, deadline)? => {
            Err(Refusal::NotRunning)
        }
        TaskData::Boefje(meta) => {
            let meta = meta.clone();
            Ok((task, meta))
        }
        TaskData::Normalizer(_) => Err(Refusal::Failed(format!("{id} is no task of a boefje"))),
    }
}

impl Core {
    /// The meta with all that the container is given.
    pub(crate) fn whole(
        &self,
        asked: &BoefjeMeta,
        generation: Generation,
        deadline: Deadline,
    ) -> Result<BoefjeMeta, Refusal> {
        let runner = self.runner();
        if !runner.plugins.wait_begun(deadline) {
            return Err(Refusal::Busy);
        }
        let catalogue = runner.plugins.current();
        let listed = boefje_run::boefje(&catalogue, &asked.boefje.id)?;
        let mut meta = runner.prepare(asked, listed)?;
        if generation < Generation::V1_20 {
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
fn answer(generation: Generation, saved: Saved) -> Answer {
    if generation < Generation::V1_20 {
        return Response::new(Status::Ok);
    }
    let files = saved.names.into_iter().zip(saved.ids).enumerate();
    let ids = files.map(|(place, (name, id))| {
        (name.unwrap_or_else(|| place.to_string()), Json::from(id.map(|id| id.to_string())))
    });
    json(Status::Ok, &ids.collect::<Object>().into())
}
