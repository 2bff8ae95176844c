//! A normalizer's job: its raw file is fetched, it is run, and what it says is told to Octopoes.

use katalogus::Json;
use ostler_runtime::Moment;

use crate::job::{Job, JobOutcome, JobReport, Work};
use crate::job_log::JobLog;
use crate::models::NormalizerMeta;
use crate::normalizer_observations::{Manner, Told, told, valid_time};
use crate::rules::Rule;
use crate::runner::{Done, JobError, Runner, before_run};
use crate::service_error::ServiceError;

impl Runner {
    pub(crate) fn run_normalizer(&self, asked: &NormalizerMeta) -> Result<Done, JobError> {
        let raw = self.services.bytes.raw(asked.raw_data.id, self.options.raw_size);
        let raw = raw.map_err(|error| too_long(&error).unwrap_or_else(|| before_run(&error)))?;
        let raw = raw.ok_or_else(|| {
            JobError::Failed(format!("there is no raw file {}", asked.raw_data.id))
        })?;
        let mut meta = asked.clone();
        meta.started_at = Some(Moment::now());
        let normalized = self.normalize(&meta, raw);
        if let Err(JobError::NotRun(_)) = normalized {
            return normalized;
        }
        meta.ended_at = Some(Moment::now());
        meta.raw_data.boefje_meta = self.shown(&asked.raw_data.boefje_meta).into_owned();
        let saved = self.services.bytes.save_normalizer_meta(&meta);
        match (normalized, saved) {
            (done, Ok(())) => done,
            (Ok(_), Err(error)) => Err(JobError::Failed(error.to_string())),
            (Err(failure), Err(error)) => Err(JobError::Failed(format!("{failure}; {error}"))),
        }
    }

    /// Runs it on the raw file and tells what it said.
    fn normalize(&self, meta: &NormalizerMeta, raw: Vec<u8>) -> Result<Done, JobError> {
        let id = &meta.normalizer.id;
        let catalogue = self.catalogue()?;
        let listed = catalogue.normalizer(id);
        let listed =
            listed.ok_or_else(|| JobError::Failed(format!("there is no normalizer {id:.100}")))?;
        let place = self.place(&catalogue, listed.plugin())?;
        let work = match place.program("normalize") {
            Some(path) => Work::NormalizerProgram { path, raw },
            None => Work::Normalizer { package: place.package, raw },
        };
        let report = self.perform(Job {
            id: meta.id.to_string(),
            work,
            meta: meta.to_json().compact(),
            environment: Vec::new(),
            imports: Vec::new(),
            secrets: meta.raw_data.boefje_meta.setting_values(),
            style: self.style(Rule::NormalizerInput),
            python: place.python,
        })?;
        let usage = report.usage;
        let told = self.understood(meta, report).map_err(JobError::Failed)?;
        self.tell(meta, told).map_err(JobError::Failed)?;
        Ok(Done { saved: Vec::new(), usage })
    }

    fn understood(&self, meta: &NormalizerMeta, report: JobReport) -> Result<Told, String> {
        let (items, checked) = match report.outcome {
            JobOutcome::Items { items, checked } => (items, checked),
            JobOutcome::Failed(text) => {
                if self.options.traceback.is_none() {
                    // It is saved nowhere, so that it goes where what the job prints goes.
                    let secrets = meta.raw_data.boefje_meta.setting_values();
                    let mut log = JobLog::new(&meta.id.to_string(), &secrets);
                    log.feed(text.as_bytes());
                    log.finish(0);
                }
                return Err("the normalizer failed".to_owned());
            }
            JobOutcome::Lost(loss) => return Err(loss.to_string()),
            JobOutcome::Outputs { .. } | JobOutcome::Looked(_) => {
                return Err("the host has done something else".to_owned());
            }
        };
        let manner = Manner {
            whitelisted: self.options.whitelist.get(&meta.normalizer.id).copied(),
            version: self.options.version,
        };
        told(meta, &items, checked, manner)
    }

    fn tell(&self, meta: &NormalizerMeta, told: Told) -> Result<(), String> {
        let octopoes = &self.services.octopoes;
        let organization = &meta.raw_data.boefje_meta.organization;
        if told.inputs > 0 {
            let (id, task) = (&meta.normalizer.id, meta.id);
            log::warn!(
                "normalizer {id}[{task}]: it yields its own input object, which is left out"
            );
        }
        for (origin, said) in &told.said {
            octopoes.save(organization, *origin, said).map_err(|error| error.to_string())?;
        }
        if told.profiles.is_empty() {
            return Ok(());
        }
        let profiles = Json::List(told.profiles);
        let saved = octopoes.save_scan_profiles(organization, valid_time(meta)?, &profiles);
        saved.map_err(|error| error.to_string())
    }
}

/// Why a raw file is given to nobody, if it is too long.
fn too_long(error: &ServiceError) -> Option<JobError> {
    let ServiceError::TooLong { limit, .. } = error else { return None };
    let words = format!("the raw file has more than {limit} bytes, which `raw_size` allows");
    Some(JobError::Failed(words))
}
