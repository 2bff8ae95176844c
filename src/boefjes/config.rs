//! The configuration: what the command line says goes before the environment, the environment
//! before the file, and the file before the defaults.
//!
//! The environment is the original's, of all its generations; the file is for those who like one,
//! and every key in it is optional. Of the variables that the original demands, those that the
//! workers do not need, as `QUEUE_URI`, are not looked at.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use broker::EventsSettings;
use katalogus::Json;
use ostler_net::{Address, settings};
use ostler_runtime::environment::{raw_variable, variable_of_any_case, variables};
use ostler_runtime::sources::{Lookup, Source, Sources};
use ostler_runtime::{Document, Key, Problem, Reader};

use crate::base_url::BaseUrl;
use crate::boefje_api::BoefjeApiSettings;
use crate::config_plugins::PluginSettings;
use crate::config_services::{ServiceSettings, base_url};
use crate::container::ContainerOptions;
use crate::options::{Action, Options};
use crate::plugin_variables;
use crate::rules::Version;
use crate::services::Filters;
use crate::task::TaskKind;

/// Where the packages put the file, which is read if none is named and it is there.
pub const DEFAULT_FILE: &str = "/etc/boefjes/boefjes.cfg";

pub(crate) const GLOBAL: &str = "Global";
pub(crate) const CONTAINERS: &str = "Containers";
const STATUS: &str = "Status";

/// The original's variables, the names of newer generations first.
const POOL_SIZE: [&str; 2] = ["BOEFJES_POOL_SIZE", "POOL_SIZE"];
const POLL_INTERVAL: [&str; 2] = ["BOEFJES_POLL_INTERVAL", "POLL_INTERVAL"];
const HEARTBEAT: [&str; 2] = ["BOEFJES_WORKER_HEARTBEAT", "WORKER_HEARTBEAT"];
const DEDUPLICATE: [&str; 2] = ["BOEFJES_DEDUPLICATE", "DEDUPLICATE"];
const PLUGIN_IDS: [&str; 2] = ["BOEFJES_PLUGINS", "PLUGINS"];
const IMAGES: [&str; 2] = ["BOEFJES_IMAGES", "IMAGES"];
const WHITELIST: [&str; 1] = ["BOEFJES_SCAN_PROFILE_WHITELIST"];
const API: [&str; 2] = ["BOEFJES_API", "BOEFJE_API"];
const API_HOST: [&str; 2] = ["BOEFJES_API_HOST", "BOEFJES_BOEFJE_API_HOST"];
const API_PORT: [&str; 2] = ["BOEFJES_API_PORT", "BOEFJES_BOEFJE_API_PORT"];
const NETWORK: [&str; 2] = ["BOEFJES_DOCKER_NETWORK", "BOEFJE_DOCKER_NETWORK"];
const LOG_FORMAT: [&str; 3] = ["BOEFJES_LOGGING_FORMAT", "BOEFJES_LOG_CFG", "LOG_CFG"];
const TRACES: [&str; 1] = ["SPAN_EXPORT_GRPC_ENDPOINT"];
/// What begins the name of a variable that is a setting of every boefje.
const SETTING: &str = "BOEFJE_";

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Without a limit of their own, jobs may take so long at most.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Everything that is configured, checked.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// `user`: whom to become when started as root.
    pub user: Option<String>,
    /// `pool_size`: workers, each with its plugin host. Default 2.
    pub pool_size: usize,
    /// `poll_interval`: how long all queues are left alone once they are empty. Default 10 s.
    pub poll_interval: Duration,
    /// `drain`: how long jobs may take to finish after a stop. Default 20 s.
    pub drain: Duration,
    /// `deduplicate`: whether equal tasks are done together, as the generation 1.20 can.
    pub deduplicate: bool,
    /// `-p` and `-i`, or `plugins` and `images`: which tasks are taken.
    pub filters: Filters,
    /// `--generation`, or `generation`: `None` is that of the scheduler.
    pub generation: Option<Version>,
    /// `--state`, or `state`: the folder for what is needed again after an end. Without it there is
    /// that of the service manager, or none.
    pub state: Option<PathBuf>,
    /// How jobs are run.
    pub jobs: JobSettings,
    /// `--local`, or `[Services]`: where tasks, objects, settings and raw files are.
    pub services: ServiceSettings,
    /// `[Plugins]` and `[Limits]`: the plugins, and what their jobs may use.
    pub plugins: PluginSettings,
    /// `[Containers]`: how containers are run.
    pub containers: ContainerSettings,
    /// `[Status] bind` and `port`: where figures and health are told; nowhere without a port, the
    /// default.
    pub status_addresses: Vec<Address>,
    /// `[Events]`: to whom it is published what becomes of tasks; to nobody, by default.
    pub events: Option<EventsSettings>,
}

/// How jobs are run.
#[derive(Clone, PartialEq, Eq)]
pub struct JobSettings {
    /// `job_deadline`: how long a job may take. Default an hour.
    pub deadline: Duration,
    /// `scan_profile_whitelist`: the normalizers that may declare scan profiles, each with the
    /// highest level that it may set.
    pub whitelist: BTreeMap<String, u8>,
    /// The `BOEFJE_` variables, without that prefix.
    pub environment: BTreeMap<String, String>,
    /// The variables that plugins find while they are imported, if they name them.
    pub nameable: BTreeMap<String, String>,
    /// `redact_environment`: whether a boefje's settings are saved without their values.
    pub redacts_environment: bool,
}

/// How containers are run, and where they report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSettings {
    /// `--engine`, or `engine`: the engine's program. Default docker.
    pub engine: PathBuf,
    /// `network`: the engine's network that containers are in. Default bridge.
    pub network: String,
    /// `api`: under which address containers reach this program, if it is not that of `bind`.
    pub api: Option<BaseUrl>,
    /// `bind` and `port`: where containers are answered. Default 127.0.0.1, 8000; nowhere if the
    /// port is `off`, and then no boefje that is an image is run.
    pub addresses: Vec<Address>,
    /// `volumes`: what containers find of this machine, such as `cache:/var/cache`. Default none.
    pub volumes: Vec<String>,
    /// `add_hosts`: names that containers know more, such as `host.docker.internal:host-gateway`.
    /// Default none.
    pub hosts: Vec<String>,
    /// `scheduler_proxy`: whether workers elsewhere get tasks where containers are answered. Default
    /// no: whoever reaches it gets the ids of tasks there.
    pub scheduler_proxy: bool,
    /// `max_body`: bytes of what a container may bring at once. Default 64 MiB.
    pub max_body: usize,
    /// `max_bodies`: bytes of what all containers together may bring before they are answered.
    /// Default 128 MiB.
    pub max_bodies: usize,
}

/// What was said to whoever starts the program, beside the file.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) options: &'a Options,
    pub(crate) lookup: Lookup<'a>,
    /// All variables: plugins find them while they are imported.
    pub(crate) variables: &'a [(String, String)],
    /// Where the service manager puts credentials.
    pub(crate) credentials: Option<&'a Path>,
    /// Where it has this program keep what it needs again.
    pub(crate) state: Option<&'a Path>,
}

impl JobSettings {
    /// How long a job may take, if nothing else is said.
    const DEADLINE: Duration = Duration::from_secs(3600);
}

impl Configuration {
    /// Reads everything: all that is wrong, or the configuration and what is odd.
    pub fn read(options: &Options) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let document = document(options)?;
        Self::with_environment(options, |given| {
            let (config, sources) = Self::ask(&document, given);
            sources.finish(config)
        })
    }

    /// The same of this document, as if the environment said nothing.
    pub fn of(
        document: &Document,
        options: &Options,
    ) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (config, sources) = Self::ask(document, Given::only(options));
        sources.finish(config)
    }

    /// Where figures and health are told, and nothing else: whoever looks may not read the rest.
    pub(crate) fn status_addresses(options: &Options) -> Result<Vec<Address>, Vec<Problem>> {
        let document = document(options)?;
        let mut reader = Reader::new(&document);
        Ok(settings::optional_addresses(&mut reader, STATUS, "127.0.0.1"))
    }

    /// The keys that are asked for while this document is read.
    pub fn keys(document: &Document, options: &Options) -> Vec<Key> {
        Self::ask(document, Given::only(options)).1.reader.into_asked()
    }

    /// Has `read` read with what the environment of this process says.
    pub(crate) fn with_environment<T>(options: &Options, read: impl FnOnce(Given<'_>) -> T) -> T {
        let credentials = raw_variable("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        // Of several directories the first is where the service's own files go.
        let state = raw_variable("STATE_DIRECTORY").and_then(|all| {
            let first = all.as_bytes().split(|byte| *byte == b':').next()?;
            (!first.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(first)))
        });
        read(Given {
            options,
            lookup: &variable_of_any_case,
            variables: &variables(),
            credentials: credentials.as_deref(),
            state: state.as_deref(),
        })
    }

    /// Asks for everything. What is wrong or odd, the sources know then; for what is wrong the
    /// default stands in.
    pub(crate) fn ask<'d, 'l>(document: &'d Document, given: Given<'l>) -> (Self, Sources<'d, 'l>) {
        let mut sources = Sources::new(Reader::new(document), given.lookup);
        let s = &mut sources;
        let moment = Duration::from_millis(1);
        let poll_interval = Duration::from_secs(10);
        let services = ServiceSettings::read(s, given);
        let plugins = PluginSettings::read(s, given, &services);
        let config = Self {
            user: s.reader.text(GLOBAL, "user").filter(|user| !user.is_empty()),
            pool_size: s.integer(GLOBAL, "pool_size", &POOL_SIZE, 1..=256, 2),
            poll_interval: s.seconds(
                GLOBAL,
                "poll_interval",
                &POLL_INTERVAL,
                moment..=DAY,
                poll_interval,
            ),
            drain: s.reader.seconds(GLOBAL, "drain", Duration::ZERO..=DAY, Duration::from_secs(20)),
            deduplicate: s.boolean(GLOBAL, "deduplicate", &DEDUPLICATE, false),
            filters: filters(s, &given.options.said.filters),
            generation: generation(s, given.options),
            state: state(s, given),
            jobs: jobs(s, given.variables),
            services,
            plugins,
            containers: containers(s, given.options),
            status_addresses: settings::optional_addresses(&mut s.reader, STATUS, "127.0.0.1"),
            events: EventsSettings::read(&mut s.reader),
        };
        s.ignored(&HEARTBEAT, "nobody sleeps while tasks wait");
        s.ignored(&LOG_FORMAT, "-l and --log-level say where the log goes and how much it says");
        s.ignored(&TRACES, "there are no traces");
        warn(s, &config, given.options);
        (config, sources)
    }
}

impl<'a> Given<'a> {
    /// These options, in an empty environment.
    fn only(options: &'a Options) -> Self {
        Self { options, lookup: &|_| None, variables: &[], credentials: None, state: None }
    }
}

/// The configuration file, or an empty one if none is named and the packages' is not there.
pub(crate) fn document(options: &Options) -> Result<Document, Vec<Problem>> {
    let default = Path::new(DEFAULT_FILE);
    match &options.config {
        Some(path) => Document::read(path).map_err(Vec::from),
        None if default.exists() => Document::read(default).map_err(Vec::from),
        None => Document::parse(default, b""),
    }
}

fn generation(sources: &mut Sources<'_, '_>, options: &Options) -> Option<Version> {
    let named = Version::NAMES.map(|(name, generation)| (name, Some(generation)));
    let choices = [named.as_slice(), &[("auto", None)]].concat();
    let written = sources.reader.choice(GLOBAL, "generation", &choices, None);
    options.said.generation.or(written)
}

fn state(sources: &mut Sources<'_, '_>, given: Given<'_>) -> Option<PathBuf> {
    let written = sources.reader.path(GLOBAL, "state");
    let state = given.options.said.state.clone().or(written);
    state.or_else(|| given.state.map(Path::to_owned)).map(absolute)
}

/// A path as it is found from wherever hosts and jobs are.
pub(crate) fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn filters(sources: &mut Sources<'_, '_>, said: &Filters) -> Filters {
    let plugins = list(sources, "plugins", &PLUGIN_IDS);
    let images = list(sources, "images", &IMAGES);
    let either = |said: &[String], written| if said.is_empty() { written } else { said.to_vec() };
    Filters { plugins: either(&said.plugins, plugins), images: either(&said.images, images) }
}

/// A list, which a variable has as JSON or with commas.
fn list(sources: &mut Sources<'_, '_>, key: &'static str, names: &[&str]) -> Vec<String> {
    let written = sources.reader.list(GLOBAL, key).unwrap_or_default();
    let Some(said) = sources.variable(names) else { return written };
    if !said.text.trim_start().starts_with('[') {
        let members = said.text.split(',').map(str::trim).filter(|member| !member.is_empty());
        return members.map(str::to_owned).collect();
    }
    let members = match Json::parse(&said.text) {
        Ok(Json::List(members)) => members,
        _ => vec![Json::Null],
    };
    let texts = members.into_iter().map(|member| match member {
        Json::Text(text) => Some(text),
        _ => None,
    });
    texts.collect::<Option<_>>().unwrap_or_else(|| {
        sources.wrong(&said.by, "must be a list of texts");
        Vec::new()
    })
}

fn jobs(sources: &mut Sources<'_, '_>, variables: &[(String, String)]) -> JobSettings {
    let settings = variables
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(SETTING)?.to_owned(), value.clone())));
    let reader = &mut sources.reader;
    let least = Duration::from_millis(10);
    let deadline = JobSettings::DEADLINE;
    JobSettings {
        deadline: reader.seconds(GLOBAL, "job_deadline", least..=WEEK, deadline),
        redacts_environment: reader.boolean(GLOBAL, "redact_environment", false),
        environment: settings.collect(),
        nameable: plugin_variables::nameable(variables),
        whitelist: whitelist(sources),
    }
}

fn whitelist(sources: &mut Sources<'_, '_>) -> BTreeMap<String, u8> {
    let Some(said) = sources.text(GLOBAL, "scan_profile_whitelist", &WHITELIST) else {
        return BTreeMap::new();
    };
    let Ok(Json::Object(members)) = Json::parse(&said.text) else {
        let words = "must be a JSON object of the ids of normalizers, each with a level";
        sources.wrong(&said.by, words);
        return BTreeMap::new();
    };
    let level = |value: &Json| match value {
        Json::Integer(digits) => digits.parse().ok().filter(|level| *level <= 4),
        _ => None,
    };
    let mut whitelist = BTreeMap::new();
    for (id, value) in members.iter() {
        if let Some(level) = level(value) {
            whitelist.insert(id.to_owned(), level);
        } else {
            sources.wrong(&said.by, format!("{id}: a level must be a whole number from 0 to 4"));
        }
    }
    whitelist
}

fn containers(sources: &mut Sources<'_, '_>, options: &Options) -> ContainerSettings {
    let written = sources.reader.path(CONTAINERS, "engine");
    let engine = options.said.engine.clone().or(written);
    let network = sources.text(CONTAINERS, "network", &NETWORK);
    let api = sources.text(CONTAINERS, "api", &API).filter(|said| !said.text.is_empty());
    let is_off = sources
        .text(CONTAINERS, "port", &API_PORT)
        .is_some_and(|said| said.text.trim().eq_ignore_ascii_case("off"));
    let port =
        if is_off { 0 } else { sources.integer(CONTAINERS, "port", &API_PORT, 0..=u16::MAX, 8000) };
    let mut addresses = settings::addresses(&mut sources.reader, CONTAINERS, "127.0.0.1", port);
    if let Some(said) = sources.variable(&API_HOST) {
        match Address::parse(&said.text, port) {
            Ok(address) => addresses = vec![address],
            Err(_) => sources.wrong(&said.by, "is neither an address nor a host name"),
        }
    }
    if is_off {
        addresses.clear();
    }
    let reader = &mut sources.reader;
    let volumes = reader.list(CONTAINERS, "volumes").unwrap_or_default();
    let hosts = reader.list(CONTAINERS, "add_hosts").unwrap_or_default();
    let max_body =
        reader.bytes(CONTAINERS, "max_body", 1 << 10..=1 << 30, BoefjeApiSettings::MAX_BODY);
    let all = BoefjeApiSettings::MAX_BODIES;
    let max_bodies = reader.bytes(CONTAINERS, "max_bodies", 1 << 10..=1 << 40, all);
    ContainerSettings {
        scheduler_proxy: reader.boolean(CONTAINERS, "scheduler_proxy", false),
        volumes,
        hosts,
        max_body,
        // One that may be brought alone is never refused for want of room.
        max_bodies: max_bodies.max(max_body.saturating_add(1 << 20)),
        engine: engine.unwrap_or_else(|| ContainerOptions::ENGINE.into()),
        api: api.and_then(|said| base_url(sources, &said)),
        network: network.map_or_else(|| ContainerOptions::NETWORK.to_owned(), |said| said.text),
        addresses,
    }
}

/// What is allowed, and still not wise.
fn warn(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    let answers_containers =
        matches!(options.action, Action::Check(_) | Action::Work { kind: TaskKind::Boefje, .. });
    if answers_containers && config.containers.addresses.iter().any(Address::is_far) {
        let by = match sources.variable(&API_HOST) {
            Some(said) => said.by,
            None => Source::File(CONTAINERS, "bind"),
        };
        let words = "can be reached from other machines, and whoever knows the id of a running \
                     task reads its settings and reports its end: nobody is asked who he is";
        sources.odd(&by, words);
    }
}

impl fmt::Debug for JobSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobSettings")
            .field("deadline", &self.deadline)
            .field("whitelist", &self.whitelist)
            .finish_non_exhaustive()
    }
}
