//! Whole jobs: fetched from the services that the options name, run here, and saved there.

use std::sync::Arc;
use std::time::Duration;

use boefjes::{
    BaseUrl, ClientSettings, Hosts, JobError, Runner, RunnerOptions, Services, Stopping, TaskData,
    Version,
};
use katalogus::{DiscoverySettings, Json, Plugins, Python};
use serde_json::{Value, json};

use crate::orders::pairs;

/// Who runs them; `None` if the options name no services.
pub(crate) fn runner(options: &Value, hosts: &Arc<Hosts>) -> Option<Runner> {
    let services = options.get("services")?;
    let url = |name: &str| BaseUrl::parse(services[name].as_str()?).ok();
    let text = |name: &str| services[name].as_str().unwrap_or_default().to_owned();
    let settings = ClientSettings {
        scheduler: url("SCHEDULER_API")?,
        bytes: url("BYTES_API")?,
        octopoes: url("OCTOPOES_API")?,
        katalogus: url("KATALOGUS_API")?,
        bytes_username: text("BYTES_USERNAME"),
        bytes_password: text("BYTES_PASSWORD").into(),
        timeout: ClientSettings::TIMEOUT,
        back_off: Vec::new(),
        authorities: None,
    };
    let given = &options["runner"];
    let version = Version::NAMES.iter().find(|(name, _)| given["version"] == *name);
    let version = version.map_or_else(Version::default, |(_, version)| *version);
    let usual = RunnerOptions::default();
    let whitelist = given["whitelist"].as_object().into_iter().flatten();
    let whitelist = whitelist.filter_map(|(id, level)| {
        Some((id.clone(), level.as_u64().and_then(|level| u8::try_from(level).ok())?))
    });
    let runner = RunnerOptions {
        whitelist: whitelist.collect(),
        job_deadline: given["deadline"].as_u64().map_or(usual.job_deadline, Duration::from_millis),
        version,
        environment: pairs(&given["environment"]).into_iter().collect(),
        redact_environment: given["redact_environment"] == true,
        ..usual
    };
    let mut discovery = DiscoverySettings::new(options["root"].as_str()?, version.manifests());
    discovery.python = Python::None;
    Some(Runner {
        services: Services::remote(&settings, &Arc::new(Stopping::new())),
        hosts: Arc::clone(hosts),
        containers: None,
        plugins: Arc::new(Plugins::begin(discovery).ok()?),
        options: runner,
    })
}

/// Runs a job from the data of its task, and reports how it ended.
pub(crate) fn run(runner: &Runner, data: &Value) -> Value {
    let task = Json::parse(&data.to_string()).map_err(|fault| fault.to_string());
    let task = task.and_then(|json| TaskData::from_json(&json).map_err(|fault| fault.to_string()));
    let (outcome, text, saved) = match task.map(|task| runner.run(&task)) {
        Ok(Ok(done)) => ("done", String::new(), done.saved),
        Ok(Err(JobError::Failed(why))) => ("failed", why, Vec::new()),
        Ok(Err(JobError::NotRun(why))) => ("not_run", why, Vec::new()),
        Err(fault) => ("unreadable", fault, Vec::new()),
    };
    let saved: Vec<String> = saved.iter().map(ToString::to_string).collect();
    json!({"id": data["id"], "outcome": outcome, "text": text, "saved": saved})
}
