//! Somebody who runs jobs in this process: on real hosts, with services over HTTP.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use boefjes::{
    ClientSettings, Done, HostOptions, Hosts, JobError, Runner, RunnerOptions, Services, Stopping,
    TaskData,
};
use katalogus::{DiscoverySettings, Json, Plugins, Python};
use ostler_runtime::Deadline;
use ostler_tests::openkat::{Asked, PASSWORD, USERNAME};
use ostler_tests::{OpenKat, PATIENCE};
use serde_json::Value;

/// See the module. Its hosts end with it.
pub(crate) struct Workshop {
    pub(crate) runner: Runner,
}

impl Workshop {
    /// For the plugins in `root`.
    pub(crate) fn new(openkat: &OpenKat, root: &Path, options: RunnerOptions) -> Self {
        Self::with_hosts(
            openkat,
            options,
            HostOptions { root: root.to_owned(), hosts: 1, ..HostOptions::default() },
        )
    }

    pub(crate) fn with_hosts(
        openkat: &OpenKat,
        options: RunnerOptions,
        hosts: HostOptions,
    ) -> Self {
        let mut discovery = DiscoverySettings::new(&hosts.root, options.generation);
        discovery.python = Python::None;
        let plugins = Plugins::begin(discovery).expect("a thread");
        let runner = Runner {
            services: services(openkat),
            hosts: Arc::new(Hosts::start(hosts).expect("hosts")),
            plugins: Arc::new(plugins),
            options,
        };
        Self { runner }
    }

    /// Runs a job from the data of its task.
    pub(crate) fn run(&self, data: &Value) -> Result<Done, JobError> {
        let json = Json::parse(&data.to_string()).expect("JSON");
        self.runner.run(&TaskData::from_json(&json).expect("a task"))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        self.runner.hosts.stop(Deadline::after(PATIENCE));
    }
}

/// The services of `openkat`, as they are asked over HTTP.
fn services(openkat: &OpenKat) -> Services {
    let url = |asked| openkat.url(asked).parse().expect("a URL");
    let settings = ClientSettings {
        scheduler: url(Asked::Scheduler),
        bytes: url(Asked::Bytes),
        octopoes: url(Asked::Octopoes),
        katalogus: url(Asked::Katalogus),
        bytes_username: USERNAME.to_owned(),
        bytes_password: PASSWORD.to_owned().into(),
        timeout: PATIENCE,
        back_off: Vec::new(),
        authorities: None,
    };
    Services::remote(&settings, &Arc::new(Stopping::new()))
}

/// The plugins beside this file.
pub(crate) fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workers/plugins")
}
