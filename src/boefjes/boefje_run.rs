//! A boefje's job: its object and its settings are fetched, it is run, and what it leaves is saved.

use std::borrow::Cow;

use katalogus::{Catalogue, Kind, Listed};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::boefje_environment::{Allowed, named_by};
use crate::boefje_input::expand;
use crate::job::{Job, JobOutcome, JobReport, Output, Work};
use crate::job_log::REDACTED;
use crate::models::BoefjeMeta;
use crate::rules::Rule;
use crate::runner::{Done, JobError, Place, Runner, before_run};
use crate::service_error::ServiceError;

/// What a raw file is that says why there is no other.
pub(crate) const ERROR: &str = "error/boefje";
/// The least characters of a media type.
const MIN_MIME_TYPE: usize = 5;
/// The last line of every raw file that says why a boefje failed, by which others know it.
pub(crate) const FAILED: &str = "boefjes.runtime_interfaces.JobRuntimeError: Boefje failed";

/// What a boefje left.
struct Left {
    outputs: Vec<Output>,
    /// Why it failed, if it did: without anything that it said itself.
    failure: Option<String>,
}

impl Runner {
    pub(crate) fn run_boefje(&self, asked: &BoefjeMeta) -> Result<Done, JobError> {
        let catalogue = self.catalogue()?;
        let listed = boefje(&catalogue, &asked.boefje.id)?;
        if let Kind::Boefje(part) = &listed.plugin().kind {
            if let Some(image) = &part.oci_image {
                return self.run_container(asked, image, part);
            }
        }
        let place = self.place(&catalogue, listed.plugin())?;
        let mut meta = self.prepare(asked, listed)?;
        meta.started_at = Some(Moment::now());
        let work = work(&place);
        let is_python = matches!(work, Work::Boefje { .. });
        let imports = named_by(listed.plugin(), &self.options.nameable);
        let seen = imports.iter().map(|(_, value)| value.clone());
        let report = self.perform(Job {
            id: meta.id.to_string(),
            work,
            meta: meta.to_json().compact(),
            environment: meta.environment.clone().unwrap_or_default(),
            secrets: meta.setting_values().into_iter().chain(seen).collect(),
            imports,
            style: self.style(Rule::PlainJob),
            python: place.python,
        })?;
        meta.ended_at = Some(Moment::now());
        let usage = report.usage;
        let Left { mut outputs, failure } = left(report);
        if is_python {
            for output in &mut outputs {
                keep_media_types(&meta, output);
            }
        }
        let saved = self.save(&meta, outputs);
        match (saved, failure) {
            (Ok(saved), None) => Ok(Done { saved: saved.into_iter().flatten().collect(), usage }),
            (Ok(_), Some(failure)) => Err(JobError::Failed(failure)),
            (Err(error), None) => Err(JobError::Failed(error.to_string())),
            (Err(error), Some(failure)) => Err(JobError::Failed(format!("{failure}; {error}"))),
        }
    }

    /// The meta with what the boefje is given: the expanded object, its settings, and which code it is.
    pub(crate) fn prepare(
        &self,
        asked: &BoefjeMeta,
        listed: &Listed,
    ) -> Result<BoefjeMeta, JobError> {
        let mut meta = asked.clone();
        if let Some(reference) = asked.input_ooi.as_deref().filter(|input| !input.is_empty()) {
            let octopoes = &self.services.octopoes;
            let object = octopoes.object(&asked.organization, reference, Moment::now());
            let object = object.map_err(|error| before_run(&error))?.ok_or_else(|| {
                JobError::Failed(format!(
                    "there is no object {reference} in {}",
                    asked.organization
                ))
            })?;
            meta.arguments.insert("input", expand(&object).map_err(JobError::Failed)?);
        }
        let allowed = Allowed::by(listed, self.options.version);
        let mut variables = Vec::new();
        if !allowed.are_none() {
            let settings = self.services.settings.settings(&asked.organization, &asked.boefje.id);
            let settings = settings.map_err(|error| before_run(&error))?;
            let found = allowed.variables(&settings, &self.options.environment);
            variables = found
                .map_err(|flaw| JobError::Failed(format!("boefje {}: {flaw}", asked.boefje.id)))?;
        }
        meta.environment = Some(variables);
        if let Kind::Boefje(boefje) = &listed.plugin().kind {
            meta.runnable_hash.clone_from(&boefje.runnable_hash);
        }
        Ok(meta)
    }

    /// Saves a run that has ended and its raw files; their ids, `None` where the same was there
    /// already.
    pub(crate) fn save(
        &self,
        meta: &BoefjeMeta,
        outputs: Vec<Output>,
    ) -> Result<Vec<Option<Uuid>>, ServiceError> {
        self.services.bytes.save_boefje_meta(&self.shown(meta))?;
        self.save_raws(meta, outputs)
    }

    /// The meta as it is saved: if so wished, without the values of the settings.
    pub(crate) fn shown<'a>(&self, meta: &'a BoefjeMeta) -> Cow<'a, BoefjeMeta> {
        if !self.options.redact_environment {
            return Cow::Borrowed(meta);
        }
        let mut meta = meta.clone();
        for (_, value) in meta.environment.iter_mut().flatten() {
            REDACTED.clone_into(value);
        }
        Cow::Owned(meta)
    }

    /// Saves raw files of a run that was saved.
    pub(crate) fn save_raws(
        &self,
        meta: &BoefjeMeta,
        outputs: Vec<Output>,
    ) -> Result<Vec<Option<Uuid>>, ServiceError> {
        let raws: Vec<Output> = outputs.into_iter().map(|output| tagged(meta, output)).collect();
        if raws.is_empty() {
            return Ok(Vec::new());
        }
        let ids = self.services.bytes.save_raws(meta.id, &raws)?;
        for id in ids.iter().flatten() {
            log::info!("Saved raw file {id} for boefje {}[{}]", meta.boefje.id, meta.id);
        }
        Ok(ids)
    }
}

/// A boefje of this machine.
pub(crate) fn boefje<'a>(catalogue: &'a Catalogue, id: &str) -> Result<&'a Listed, JobError> {
    let listed = catalogue.boefje(id);
    let listed = listed.ok_or_else(|| JobError::Failed(format!("there is no boefje {id:.100}")))?;
    Ok(listed)
}

/// A module of Python's, or an executable file where there is none.
fn work(place: &Place) -> Work {
    match place.program("main") {
        Some(path) => Work::Program { path },
        None => Work::Boefje { package: place.package.clone() },
    }
}

fn left(report: JobReport) -> Left {
    let error = |text: String, failure: String| {
        let ending =
            if text.trim_end().ends_with(FAILED) { String::new() } else { format!("\n{FAILED}\n") };
        let content = format!("{text}{ending}").into_bytes();
        let output = Output { name: None, mime_types: vec![ERROR.to_owned()], content };
        Left { outputs: vec![output], failure: Some(failure) }
    };
    match report.outcome {
        JobOutcome::Outputs { outputs, failed: false } => Left { outputs, failure: None },
        JobOutcome::Outputs { outputs, failed: true } => {
            let words = "the boefje says that it failed";
            if outputs.is_empty() {
                return error(format!("{words}\n{}", report.last_words), words.to_owned());
            }
            Left { outputs, failure: Some(words.to_owned()) }
        }
        JobOutcome::Failed(text) => error(text, "the boefje failed".to_owned()),
        JobOutcome::Lost(loss) => {
            let printed = match report.last_words.as_str() {
                "" => String::new(),
                words => format!("\nThe end of what it printed:\n{words}"),
            };
            error(format!("{loss}\n{printed}"), loss.to_string())
        }
        JobOutcome::Items { .. } | JobOutcome::Looked(_) => {
            let words = "the host has done something else";
            error(format!("{words}\n"), words.to_owned())
        }
    }
}

/// Takes away what is no media type. Whoever writes the container API's JSON may tag files as he likes.
fn keep_media_types(meta: &BoefjeMeta, output: &mut Output) {
    output.mime_types.retain(|mime_type| {
        let is_one = mime_type.chars().count() >= MIN_MIME_TYPE && mime_type.contains('/');
        if !is_one {
            let (id, run) = (&meta.boefje.id, meta.id);
            let shown: String = mime_type.chars().take(100).collect();
            log::warn!("boefje {id}[{run}]: {shown:?} is no media type; it is dropped");
        }
        is_one
    });
}

/// An output with the media types that every raw file of a run has.
pub(crate) fn tagged(meta: &BoefjeMeta, mut output: Output) -> Output {
    let own = format!("boefje/{}", meta.boefje.id);
    let versioned = meta.boefje.version.as_ref().map(|version| format!("{own}-{version}"));
    for mime_type in std::iter::once(own).chain(versioned) {
        if !output.mime_types.contains(&mime_type) {
            output.mime_types.push(mime_type);
        }
    }
    output
}
