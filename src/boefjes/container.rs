//! Boefjes that are images of containers: each job is a container of its own, which the engine's
//! command line runs. It fetches its job from the [API](crate::boefje_api), and brings its results
//! there.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_pool::{Errand, ErrandEnd, Launch, Terms, launch};
use ostler_runtime::{Deadline, Wake};
use uuid::Uuid;

use crate::job_loss::SignalNumber;

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
    /// The tasks whose containers run, with the raw files of those that have brought results.
    running: Mutex<Running>,
}

/// The containers that there are.
#[derive(Debug, Default)]
struct Running {
    tasks: HashMap<Uuid, Option<Vec<Uuid>>>,
    /// No more are started.
    is_over: bool,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerEnd {
    /// Why it did not end well, if it did not.
    pub(crate) failure: Option<String>,
    /// The end of what it wrote to its standard error, or of the engine's own words.
    pub(crate) complaints: Vec<u8>,
    /// The raw files that it brought, if it brought its results.
    pub(crate) brought: Option<Vec<Uuid>>,
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
        Ok(Self { options, stop: Wake::new()?, running: Mutex::default() })
    }

    /// Starts no more containers, and leaves it to the engine to end those that run: it may take
    /// longer than this program has.
    pub fn stop(&self) {
        let mut running = self.lock();
        running.is_over = true;
        let names: Vec<String> = running.tasks.keys().map(|task| name(*task)).collect();
        drop(running);
        if !names.is_empty() {
            self.leave_removal(&names);
        }
        self.stop.wake();
    }

    /// The container of a task has brought its results, these raw files. Others' are of no interest.
    pub(crate) fn brought(&self, task: Uuid, raws: impl Iterator<Item = Uuid>) {
        if let Some(known) = self.lock().tasks.get_mut(&task) {
            *known = Some(raws.collect());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
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
        let Some(at_work) = AtWork::new(self, task) else {
            let failure = Some("the container was not run: the program stops".to_owned());
            return ContainerEnd { failure, ..ContainerEnd::default() };
        };
        let name = name(task);
        let launch = self.launch(self.run_arguments(&name, task, image, arguments));
        let mut errand = self.attend(&launch, &name, deadline);
        if errand.as_ref().is_ok_and(is_name_taken) {
            // Of a run that nobody waits for any more: the id is the task's alone.
            log::warn!("a container {name} was left by another run; it is removed");
            self.remove(&name);
            errand = self.attend(&launch, &name, deadline);
        }
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
            ErrandEnd::Stopped => {
                // It may have been made since the others were ended.
                self.leave_removal(&[name]);
                Some("the container was ended: the program stops".to_owned())
            }
        };
        let brought = at_work.end();
        ContainerEnd { failure, complaints: errand.complaints, brought }
    }

    /// Runs the engine's command and waits for its end, and sees to the container's if need be.
    fn attend(&self, launch: &Launch, name: &str, deadline: Deadline) -> io::Result<Errand> {
        let stop = Some(self.stop.as_fd());
        let terms = Terms { deadline, complaints: MAX_COMPLAINTS, stop };
        Errand::run(launch, terms, || {
            if !self.lock().is_over {
                self.remove(name);
            }
        })
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
    pub(crate) fn remove(&self, name: &str) {
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

    /// Has containers ended by a process that outlives this one.
    fn leave_removal(&self, names: &[String]) {
        let arguments = ["rm", "--force"].into_iter().chain(names.iter().map(String::as_str));
        let launch = self.launch(arguments.map(OsString::from).collect());
        if let Err(error) = launch::detached(&launch) {
            log::warn!("containers may be left: {error}");
        }
    }

    fn launch(&self, arguments: Vec<OsString>) -> Launch {
        Launch { program: self.options.engine.clone(), arguments, variables: VARIABLES }
    }
}

/// What a task's container is called.
pub(crate) fn name(task: Uuid) -> String {
    format!("kat_boefje_{task}")
}

/// Whether the engine says that there is a container of this name.
fn is_name_taken(errand: &Errand) -> bool {
    let words = b"already in use";
    errand.end == ErrandEnd::Exited(ENGINE_FAILED)
        && errand.complaints.windows(words.len()).any(|part| part == words)
}

/// A container that runs.
struct AtWork<'a> {
    containers: &'a Containers,
    task: Uuid,
}

impl<'a> AtWork<'a> {
    /// `None` if no more are to be started.
    fn new(containers: &'a Containers, task: Uuid) -> Option<Self> {
        let mut running = containers.lock();
        (!running.is_over).then(|| {
            running.tasks.insert(task, None);
            Self { containers, task }
        })
    }

    /// The raw files that it has brought, if it has brought its results.
    fn end(self) -> Option<Vec<Uuid>> {
        self.containers.lock().tasks.remove(&self.task).flatten()
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.containers.lock().tasks.remove(&self.task);
    }
}
