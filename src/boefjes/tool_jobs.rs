//! `run-boefje` and `run-normalizer`: one job, now and in view of whoever asked for it.

use std::path::Path;
use std::time::Duration;

use katalogus::{Json, Kind, Object, Plugins};
use ostler_runtime::Deadline;
use ostler_runtime::files::read_regular;
use uuid::Uuid;

use crate::config::Configuration;
use crate::hosts::Hosts;
use crate::model_fields::Fields;
use crate::models::{BoefjeMeta, NormalizerMeta, PluginName};
use crate::progress::Progress;
use crate::runner::{Done, JobError, Runner};
use crate::services::Services;
use crate::task::TaskData;
use crate::tool_container::run_image;
use crate::tool_options::BoefjeJob;

/// Bytes of a job's file, at most.
const MAX_JOB_BYTES: u64 = 1 << 20;
/// How long plugins may be looked at.
const MAX_LOOK: Duration = Duration::from_secs(60);
/// Plugins that are named, at most, to whoever asks for another one.
const MAX_NAMED: usize = 20;

/// Whether a job's plugin is on this machine. An error says where it was looked for, and what else is
/// there.
pub(crate) fn is_here(data: &TaskData, plugins: &Plugins, folder: &Path) -> Result<(), String> {
    let folder = folder.display();
    if !plugins.wait_begun(Deadline::after(MAX_LOOK)) {
        return Err(format!("{folder}: the plugins are still being looked at"));
    }
    if plugins.statistics().scans == 0 {
        return Err(format!("{folder}: the folder with the plugins cannot be read"));
    }
    let (catalogue, id) = (plugins.current(), data.plugin());
    let found = match data {
        TaskData::Boefje(_) => catalogue.boefje(id),
        TaskData::Normalizer(_) => catalogue.normalizer(id),
    };
    if found.is_some() {
        return Ok(());
    }
    let kind = data.kind();
    let others = catalogue.local().iter().map(|listed| listed.plugin());
    let others = others.filter(|plugin| (plugin.kind == Kind::Normalizer) == kind.is_normalizer());
    let others: Vec<&str> = others.map(|plugin| plugin.id.as_str()).take(MAX_NAMED).collect();
    let others = match others.as_slice() {
        [] => format!("there is no {kind}"),
        others if others.len() < MAX_NAMED => format!("there are {}", others.join(", ")),
        others => format!("there are {} and others", others.join(", ")),
    };
    Err(format!("there is no {kind} {id:.100} in {folder}: {others}"))
}

/// Runs a boefje. An error says why it did not end well.
pub(crate) fn run_boefje(
    job: &BoefjeJob,
    config: &Configuration,
    runner: &Runner,
) -> Result<(), String> {
    let meta = boefje_meta(job, &runner.services)?;
    let data = TaskData::Boefje(meta.clone());
    is_here(&data, &runner.plugins, &config.plugins.folder)?;
    run(&data, &runner.hosts, || {
        if runner.is_container(&data) { run_image(config, runner, meta) } else { runner.run(&data) }
    })
}

/// What is to be run. A job of a file that has been run already is another run.
pub(crate) fn boefje_meta(job: &BoefjeJob, services: &Services) -> Result<BoefjeMeta, String> {
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
pub(crate) fn run_normalizer(
    normalizer: &str,
    raw: Uuid,
    config: &Configuration,
    runner: &Runner,
) -> Result<(), String> {
    let data = TaskData::Normalizer(normalizer_meta(normalizer, raw, &runner.services)?);
    is_here(&data, &runner.plugins, &config.plugins.folder)?;
    run(&data, &runner.hosts, || runner.run(&data))
}

/// What is to be run.
pub(crate) fn normalizer_meta(
    normalizer: &str,
    raw: Uuid,
    services: &Services,
) -> Result<NormalizerMeta, String> {
    let raw_data = services.bytes.raw_meta(raw).map_err(|error| error.to_string())?;
    Ok(NormalizerMeta {
        id: Uuid::new_v4(),
        started_at: None,
        ended_at: None,
        raw_data: raw_data.ok_or_else(|| format!("there is no raw file {raw}"))?,
        normalizer: PluginName { id: normalizer.to_owned(), version: None },
    })
}

/// Has a job run, and tells how it goes.
fn run(
    job: &TaskData,
    hosts: &Hosts,
    perform: impl FnOnce() -> Result<Done, JobError>,
) -> Result<(), String> {
    let name = job.plugin();
    log::info!("Handling {} {name}", job.kind());
    let progress = (!hosts.have_terminal()).then(|| Progress::begin(name));
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
    let json =
        Json::parse_bytes(&bytes).map_err(|fault| told(&format!("it is no JSON: {fault}")))?;
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
