//! `run-boefje` and `run-normalizer`: one job, now and in view of whoever asked for it.

use std::path::Path;
use std::time::Duration;

use katalogus::{Json, Object, Plugins};
use ostler_runtime::Deadline;
use ostler_runtime::files::read_regular;
use uuid::Uuid;

use crate::config::Configuration;
use crate::model_fields::Fields;
use crate::models::{BoefjeMeta, NormalizerMeta, PluginName, object};
use crate::progress::Progress;
use crate::runner::{Done, JobError, Runner};
use crate::services::Services;
use crate::task::{Task, TaskData, TaskKind};
use crate::tool_container::run_image;
use crate::tool_options::BoefjeJob;

/// Bytes of a job's file, at most.
const MAX_JOB_BYTES: u64 = 1 << 20;
/// How long plugins may be looked at before a task is queued.
const MAX_LOOK: Duration = Duration::from_secs(60);

/// Runs a boefje. An error says why it did not end well.
pub(crate) fn run_boefje(
    job: &BoefjeJob,
    config: &Configuration,
    runner: &Runner,
) -> Result<(), String> {
    let meta = meta(job, &runner.services)?;
    let data = TaskData::Boefje(meta.clone());
    run(&data, || {
        if runner.is_container(&data) { run_image(config, runner, meta) } else { runner.run(&data) }
    })
}

/// Queues a boefje for the workers, and prints the id of its task.
pub(crate) fn queue_boefje(
    job: &BoefjeJob,
    plugins: &Plugins,
    services: &Services,
) -> Result<(), String> {
    let meta = meta(job, services)?;
    if !plugins.wait_begun(Deadline::after(MAX_LOOK)) {
        return Err("the plugins are still being looked at".to_owned());
    }
    if plugins.current().boefje(&meta.boefje.id).is_none() {
        return Err(format!("there is no boefje {:.100}", meta.boefje.id));
    }
    let id = meta.id;
    let queue = format!("{}-{}", TaskKind::Boefje, meta.organization);
    let data = TaskData::Boefje(meta);
    let item = object([("id", id.to_string().into()), ("data", data.to_json())]);
    let task = Task { id, queue, hash: None, data, modified_at: None, item };
    services.scheduler.push(&task).map_err(|error| error.to_string())?;
    println!("{id}");
    Ok(())
}

/// What is to be run. A job of a file that has been run already is another run.
fn meta(job: &BoefjeJob, services: &Services) -> Result<BoefjeMeta, String> {
    Ok(match job {
        BoefjeJob::File(path) => {
            let mut meta = read(path)?;
            if services.bytes.has_run(meta.id).map_err(|error| error.to_string())? {
                let id = Uuid::new_v4();
                log::info!("there is a run {} already; this one is {id}", meta.id);
                meta.id = id;
            }
            meta
        }
        BoefjeJob::Said { organization, boefje, input_ooi } => BoefjeMeta {
            id: Uuid::new_v4(),
            started_at: None,
            ended_at: None,
            boefje: PluginName { id: boefje.clone(), version: None },
            input_ooi: Some(input_ooi.clone()),
            arguments: Object::new(),
            organization: organization.clone(),
            runnable_hash: None,
            environment: None,
        },
    })
}

/// Runs a normalizer on a raw file. An error says why it did not end well.
pub(crate) fn run_normalizer(normalizer: &str, raw: Uuid, runner: &Runner) -> Result<(), String> {
    let raw_data = runner.services.bytes.raw_meta(raw).map_err(|error| error.to_string())?;
    let meta = NormalizerMeta {
        id: Uuid::new_v4(),
        started_at: None,
        ended_at: None,
        raw_data: raw_data.ok_or_else(|| format!("there is no raw file {raw}"))?,
        normalizer: PluginName { id: normalizer.to_owned(), version: None },
    };
    let data = TaskData::Normalizer(meta);
    run(&data, || runner.run(&data))
}

/// Has a job run, and tells how it goes.
fn run(job: &TaskData, perform: impl FnOnce() -> Result<Done, JobError>) -> Result<(), String> {
    let name = job.plugin();
    log::info!("Handling {} {name}", job.kind());
    let progress = Progress::begin(name);
    let done = perform();
    drop(progress);
    match done {
        Ok(done) => {
            if let Some(usage) = done.usage {
                let (seconds, mib) = (usage.cpu.as_secs_f64(), usage.memory >> 20);
                log::debug!("it took {seconds:.2} s of processor time and {mib} MiB of memory");
            }
            log::info!("Done with {} {name}", job.kind());
            Ok(())
        }
        Err(JobError::NotRun(why)) => Err(format!("{name} was not run: {why}")),
        Err(JobError::Failed(why)) => Err(format!("{name}: {why}")),
    }
}

/// The job that stands in a file: on its own, or as the data of a task as a queue holds it.
fn read(path: &Path) -> Result<BoefjeMeta, String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let bytes =
        read_regular(path, MAX_JOB_BYTES.saturating_add(1)).map_err(|error| told(&error))?;
    if bytes.len() as u64 > MAX_JOB_BYTES {
        return Err(told(&format!("it is longer than {MAX_JOB_BYTES} bytes")));
    }
    let json = Json::parse_bytes(&bytes).map_err(|fault| told(&fault))?;
    let data = match &json {
        Json::Object(task) => task.get("data").filter(|_| task.get("boefje").is_none()),
        _ => None,
    };
    let meta = match data {
        None => BoefjeMeta::from_json(&json),
        Some(data) => Fields::of(data, "data.".to_owned()).and_then(|data| BoefjeMeta::read(&data)),
    };
    meta.map_err(|fault| told(&fault))
}
