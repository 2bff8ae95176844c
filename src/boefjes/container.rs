//! Boefjes that are images of containers: each job is a container of its own, which the engine's
//! command line runs. It fetches its job from the [API](crate::BoefjeApi), and brings its results
//! there.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_pool::{Errand, ErrandEnd, Launch, Terms};
use ostler_runtime::{Deadline, Wake};
use uuid::Uuid;

use crate::loss::SignalNumber;

/// How containers are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerOptions {
    /// The engine's command: `docker`, `podman`, or whatever takes the same arguments.
    pub engine: PathBuf,
    /// The network that containers are in.
    pub network: String,
    /// The address of the API as containers see it: `BOEFJES_API`.
    pub api: String,
    /// What containers find of this machine, as `--volume` takes it: `name:/folder`.
    pub volumes: Vec<String>,
    /// Names that containers know more, as `--add-host` takes them: `name:address`.
    pub hosts: Vec<String>,
}

impl ContainerOptions {
    /// The engine, if nothing else is said.
    pub const ENGINE: &str = "docker";
    /// The network, if nothing else is said.
    pub const NETWORK: &str = "bridge";

    /// As most need it, for containers that see the API at `api`.
    pub fn new(api: impl Into<String>) -> Self {
        Self {
            engine: Self::ENGINE.into(),
            network: Self::NETWORK.to_owned(),
            api: api.into(),
            volumes: Vec::new(),
            hosts: Vec::new(),
        }
    }
}

/// Runs containers. Any number of threads may do so at once.
#[derive(Debug)]
pub struct Containers {
    options: ContainerOptions,
    stop: Wake,
    /// The tasks whose containers run, with the raw files that they have brought.
    running: Mutex<HashMap<Uuid, Vec<Uuid>>>,
    ended: Condvar,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerEnd {
    /// Why it did not end well, if it did not.
    pub(crate) failure: Option<String>,
    /// The end of what it wrote to its standard error, or of the engine's own words.
    pub(crate) complaints: Vec<u8>,
    /// The raw files that it brought.
    pub(crate) brought: Vec<Uuid>,
}

/// Bytes of a container's standard error that are kept: the last ones.
const MAX_COMPLAINTS: usize = 1 << 20;
/// How long the engine may take to remove a container.
const REMOVAL: Duration = Duration::from_secs(10);
/// The status by which engines say that they themselves failed.
const ENGINE_FAILED: i32 = 125;
/// What engines are told by the environment: where they are, and how they keep their things.
const VARIABLES: &[&str] = &[
    "CONTAINERS_CONF",
    "CONTAINER_CONNECTION",
    "CONTAINER_HOST",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

impl Containers {
    /// Containers that are run so.
    pub fn new(options: ContainerOptions) -> io::Result<Self> {
        let (running, ended) = (Mutex::default(), Condvar::new());
        Ok(Self { options, stop: Wake::new()?, running, ended })
    }

    /// Ends all containers, now and in future.
    pub fn stop(&self) {
        self.stop.wake();
    }

    /// Waits until `deadline` for the end of all containers: whether it came.
    pub fn wait_ended(&self, deadline: Deadline) -> bool {
        let mut running = self.lock();
        while !running.is_empty() {
            if deadline.passed() {
                return false;
            }
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            let waited = self.ended.wait_timeout(running, left);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The container of a task has brought these raw files. Others' are of no interest.
    pub(crate) fn brought(&self, task: Uuid, raws: impl Iterator<Item = Uuid>) {
        if let Some(known) = self.lock().get_mut(&task) {
            known.extend(raws);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<Uuid>>> {
        // The map is whole between any two lines that can panic.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a task's container and waits for its end. It is gone then.
    pub(crate) fn run(
        &self,
        task: Uuid,
        image: &str,
        arguments: &[String],
        deadline: Deadline,
    ) -> ContainerEnd {
        let at_work = AtWork::new(self, task);
        let name = format!("kat_boefje_{task}");
        let launch = self.launch(self.run_arguments(&name, task, image, arguments));
        let terms = Terms { deadline, complaints: MAX_COMPLAINTS, stop: Some(self.stop.as_fd()) };
        let errand = Errand::run(&launch, terms, || self.remove(&name));
        let engine = self.options.engine.display();
        let errand = match errand {
            Ok(errand) => errand,
            Err(error) => {
                let words = format!("the container engine {engine} cannot be started: {error}");
                return ContainerEnd { failure: Some(words), ..ContainerEnd::default() };
            }
        };
        let failure = match errand.end {
            ErrandEnd::Exited(0) => None,
            ErrandEnd::Exited(ENGINE_FAILED) => {
                Some(format!("the container engine {engine} could not run the image {image}"))
            }
            ErrandEnd::Exited(code) => Some(format!("the container ended with status {code}")),
            ErrandEnd::Killed(signal) => {
                // The container may have outlived the command.
                self.remove(&name);
                Some(format!(
                    "the container engine's command was killed by {}",
                    SignalNumber(signal)
                ))
            }
            ErrandEnd::Over => Some("the container did not end in time".to_owned()),
            ErrandEnd::Stopped => Some("the container was ended: the program stops".to_owned()),
        };
        let brought = at_work.end();
        ContainerEnd { failure, complaints: errand.complaints, brought }
    }

    fn run_arguments(
        &self,
        name: &str,
        task: Uuid,
        image: &str,
        arguments: &[String],
    ) -> Vec<OsString> {
        let ContainerOptions { network, api, volumes, hosts, .. } = &self.options;
        let input = format!("{}/api/v0/tasks/{task}", api.trim_end_matches('/'));
        let mut all = vec!["run", "--rm", "--name", name, "--network", network];
        all.extend(volumes.iter().flat_map(|volume| ["--volume", volume]));
        all.extend(hosts.iter().flat_map(|host| ["--add-host", host]));
        // Nothing that a manifest says is an option of the engine's.
        all.extend(["--", image, &input]);
        all.extend(arguments.iter().map(String::as_str));
        all.into_iter().map(OsString::from).collect()
    }

    /// Ends a container, if it is there.
    fn remove(&self, name: &str) {
        let launch = self.launch(["rm", "--force", name].map(OsString::from).to_vec());
        let terms =
            Terms { deadline: Deadline::after(REMOVAL), complaints: MAX_COMPLAINTS, stop: None };
        let words = match Errand::run(&launch, terms, || {}) {
            Ok(Errand { end: ErrandEnd::Exited(0), .. }) => return,
            Ok(errand) => String::from_utf8_lossy(&errand.complaints).into_owned(),
            Err(error) => error.to_string(),
        };
        log::warn!("the container {name} may be left: {:.200}", words.trim_end());
    }

    fn launch(&self, arguments: Vec<OsString>) -> Launch {
        Launch { program: self.options.engine.clone(), arguments, variables: VARIABLES }
    }
}

/// A container that runs.
struct AtWork<'a> {
    containers: &'a Containers,
    task: Uuid,
}

impl<'a> AtWork<'a> {
    fn new(containers: &'a Containers, task: Uuid) -> Self {
        containers.lock().insert(task, Vec::new());
        Self { containers, task }
    }

    /// The raw files that it has brought.
    fn end(self) -> Vec<Uuid> {
        self.containers.lock().remove(&self.task).unwrap_or_default()
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.containers.lock().remove(&self.task);
        self.containers.ended.notify_all();
    }
}
