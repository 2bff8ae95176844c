//! One job, from its meta to what is saved of it.
//!
//! What becomes of the task at the scheduler is its worker's business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use katalogus::{Catalogue, Kind, Plugin, Plugins};
use ostler_runtime::Deadline;
use uuid::Uuid;

use crate::container::Containers;
use crate::host_options::Limits;
use crate::hosts::Hosts;
use crate::job::{Job, JobOutcome, JobReport, Style, Usage};
use crate::job_loss::Loss;
use crate::rules::{Rule, Version};
use crate::service_error::ServiceError;
use crate::services::Services;
use crate::task::TaskData;

/// Runs jobs. One serves any number of workers at once.
#[derive(Clone)]
pub struct Runner {
    /// Where objects and settings come from, and where results go.
    pub services: Services,
    /// Who runs the plugins.
    pub hosts: Arc<Hosts>,
    /// The plugins of this machine.
    pub plugins: Arc<Plugins>,
    /// Who runs boefjes that are images, if somebody does.
    pub containers: Option<Arc<Containers>>,
    /// How.
    pub options: RunnerOptions,
}

/// How jobs are run.
#[derive(Clone)]
pub struct RunnerOptions {
    /// The normalizers that may declare scan profiles, each with the highest level that it may set.
    pub whitelist: BTreeMap<String, u8>,
    /// How long a job may take, waiting for a host included.
    pub job_deadline: Duration,
    /// Bytes of a raw file that a normalizer is given, at most.
    pub raw_size: u64,
    /// In what form plugins are given their jobs.
    pub style: Style,
    /// Whose rules hold where plugins and services of several versions differ.
    pub version: Version,
    /// Settings that boefjes find where the catalogue has none: the `BOEFJE_` variables, without
    /// that prefix.
    pub environment: BTreeMap<String, String>,
    /// Variables that boefjes find while they are imported, if their manifest or schema names them.
    pub nameable: BTreeMap<String, String>,
    /// Whether the settings that a boefje found are saved without their values.
    pub redact_environment: bool,
    /// The interpreter of a plugin that has one of its own, by the plugin's folder.
    pub python_of: Option<PythonOf>,
    /// Who is told the traceback of a plugin that fails.
    pub traceback: Option<Traceback>,
}

/// Finds a plugin's own interpreter by its folder.
pub type PythonOf = Arc<dyn Fn(&Path) -> Option<PathBuf> + Send + Sync>;

/// Hears the traceback of a plugin that fails.
pub type Traceback = Arc<dyn Fn(&str) + Send + Sync>;

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            whitelist: BTreeMap::new(),
            job_deadline: Self::JOB_DEADLINE,
            raw_size: Limits::default().raw_size,
            style: Style::Auto,
            version: Version::default(),
            environment: BTreeMap::new(),
            nameable: BTreeMap::new(),
            redact_environment: false,
            python_of: None,
            traceback: None,
        }
    }
}

impl RunnerOptions {
    /// How long a job may take, if nothing else is said.
    pub const JOB_DEADLINE: Duration = Duration::from_secs(3600);
}

/// A job that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The raw files that were saved, in their order; those that were there already are not among
    /// them.
    pub saved: Vec<Uuid>,
    /// What its process used; `None` where nobody could tell.
    pub usage: Option<Usage>,
}

/// A job that was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Nothing was run and nothing saved: the task can be given back.
    #[error("it was not run: {0}")]
    NotRun(String),
    /// It has failed, and what there is to save of it is saved.
    #[error("{0}")]
    Failed(String),
}

impl Runner {
    /// Does a job. Blocks until it has ended and its results are saved.
    pub fn run(&self, task: &TaskData) -> Result<Done, JobError> {
        match task {
            TaskData::Boefje(meta) => self.run_boefje(meta),
            TaskData::Normalizer(meta) => self.run_normalizer(meta),
        }
    }

    /// Whether a task is run as a container, which fetches its job by itself.
    pub(crate) fn is_container(&self, task: &TaskData) -> bool {
        let (TaskData::Boefje(meta), Ok(catalogue)) = (task, self.catalogue()) else {
            return false;
        };
        let kind = catalogue.boefje(&meta.boefje.id).map(|listed| &listed.plugin().kind);
        matches!(kind, Some(Kind::Boefje(part)) if part.oci_image.is_some())
    }

    /// The plugins of this machine, once they have been looked at.
    pub(crate) fn catalogue(&self) -> Result<Arc<Catalogue>, JobError> {
        if !self.plugins.wait_begun(Deadline::after(self.options.job_deadline)) {
            return Err(JobError::NotRun("the plugins are still being looked at".to_owned()));
        }
        if self.has_no_folder() {
            return Err(JobError::NotRun("the plugin folder cannot be read".to_owned()));
        }
        Ok(self.plugins.current())
    }

    /// Whether the plugin folder has been looked for, and never could be read.
    pub(crate) fn has_no_folder(&self) -> bool {
        self.plugins.is_begun() && self.plugins.statistics().scans == 0
    }

    /// In what form plugins are given their jobs that do not say so themselves, where a rule says when
    /// it is a plain one.
    pub(crate) fn style(&self, plain: Rule) -> Style {
        match self.options.style {
            Style::Auto if self.options.version.has(plain) => Style::AutoPlain,
            style => style,
        }
    }

    /// Has a host run a plugin, and waits for its end.
    pub(crate) fn perform(&self, job: Job) -> Result<JobReport, JobError> {
        let (sender, report) = bounded(1);
        self.hosts.run(job, Deadline::after(self.options.job_deadline), move |report| {
            // The receiver waits for as long as this lives.
            let _ = sender.send(report);
        });
        // The hosts keep the deadline.
        let report = report.recv().map_err(|_| JobError::NotRun(Loss::Stopping.to_string()))?;
        if let (JobOutcome::Failed(text), Some(traceback)) =
            (&report.outcome, &self.options.traceback)
        {
            traceback(text);
        }
        match report.outcome {
            JobOutcome::Lost(loss) if loss.is_before_run() => {
                Err(JobError::NotRun(loss.to_string()))
            }
            _ => Ok(report),
        }
    }

    /// The folder of a plugin of `catalogue`, the name of its package, and its own interpreter.
    pub(crate) fn place(&self, catalogue: &Catalogue, plugin: &Plugin) -> Result<Place, JobError> {
        let nowhere = || JobError::Failed(format!("{}: it is not on this machine", plugin.id));
        let folder = plugin.directory.clone().ok_or_else(nowhere)?;
        let package = catalogue.package(plugin).ok_or_else(nowhere)?;
        let python = self.options.python_of.as_ref().and_then(|python_of| python_of(&folder));
        Ok(Place { folder, package, python })
    }
}

/// Where a plugin is.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) package: String,
    pub(crate) python: Option<PathBuf>,
}

impl Place {
    /// The program in the place of a module that is not there.
    pub(crate) fn program(&self, module: &str) -> Option<PathBuf> {
        let program = self.folder.join(module);
        let is_one = program.is_file() && !self.folder.join(format!("{module}.py")).exists();
        is_one.then(|| std::path::absolute(&program).unwrap_or(program))
    }
}

/// What it means for a job that a service could not be asked before the plugin was run.
pub(crate) fn before_run(error: &ServiceError) -> JobError {
    match error {
        ServiceError::Stopping { .. } => JobError::NotRun(error.to_string()),
        _ => JobError::Failed(error.to_string()),
    }
}
