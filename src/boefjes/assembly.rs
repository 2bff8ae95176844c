//! What a configuration becomes: the parts that the workers and the tools are made of.

use std::path::Path;
use std::sync::Arc;

use katalogus::{DiscoverySettings, Plugins, Python};

use crate::config::Configuration;
use crate::config_services::{RemoteServices, ServiceSettings};
use crate::host_options::HostOptions;
use crate::requirements::Requirements;
use crate::rules::Version;
use crate::runner::RunnerOptions;
use crate::service_error::ServiceError;
use crate::services::Services;
use crate::stopping::Stopping;

/// Jobs that may wait for a plugin host beside those of the workers: of containers and tools none.
const WAITING: usize = 64;

/// How plugins are found: as they lie there, since whoever cannot be imported says so when he is run.
pub(crate) fn discovery(config: &Configuration) -> DiscoverySettings {
    DiscoverySettings {
        python: Python::None,
        check_every: config.plugins.check_every,
        ..DiscoverySettings::new(&config.plugins.folder, version(config).manifests())
    }
}

/// Whose rules hold until the scheduler tells.
fn version(config: &Configuration) -> Version {
    config.generation.unwrap_or_default()
}

/// The services, or the folder that stands for them.
pub(crate) fn services(
    config: &Configuration,
    plugins: &Arc<Plugins>,
    stopping: &Arc<Stopping>,
) -> Result<Services, ServiceError> {
    match &config.services {
        ServiceSettings::Local(folder) => Services::local(folder, Arc::clone(plugins)),
        ServiceSettings::Remote(remote) => Ok(Services::remote(&remote.client(), stopping)),
    }
}

/// How jobs are run.
pub(crate) fn runner_options(config: &Configuration) -> RunnerOptions {
    let jobs = &config.jobs;
    let requirements = requirements(config);
    RunnerOptions {
        whitelist: jobs.whitelist.clone(),
        job_deadline: jobs.deadline,
        raw_size: config.plugins.hosts.limits.raw_size,
        version: version(config),
        environment: jobs.environment.clone(),
        nameable: jobs.nameable.clone(),
        redact_environment: jobs.redacts_environment,
        python_of: Some(Arc::new(move |plugin: &Path| requirements.python_of(plugin))),
        ..RunnerOptions::default()
    }
}

/// So many hosts.
pub(crate) fn host_options(config: &Configuration, hosts: usize) -> HostOptions {
    let queue = hosts.saturating_add(WAITING);
    let mut options = HostOptions { hosts, queue, ..config.plugins.hosts.clone() };
    let addresses = config.services.remote().map(RemoteServices::shown).unwrap_or_default();
    options.settings.extend(addresses);
    options
}

/// The environments of plugins that ask for packages.
pub(crate) fn requirements(config: &Configuration) -> Requirements {
    let folder = match (&config.services, &config.state) {
        (ServiceSettings::Local(folder), _) | (_, Some(folder)) => folder,
        (ServiceSettings::Remote(_), None) => Path::new(Requirements::STATE_DIRECTORY),
    };
    Requirements::new(folder, &config.plugins.hosts.python)
}
