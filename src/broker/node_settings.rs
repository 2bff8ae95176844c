//! What `broker-node` is told by its configuration, the environment and the command line; what
//! comes later in this order goes before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::tls::PeerSettings;
use ostler_runtime::environment::variable;
use ostler_runtime::{LevelFilter, Problem};

use crate::node_keys::Keys;
use crate::node_options::NodeOptions;
use crate::node_stores::{self, StoreRole};
use crate::{
    CafConfig, EndpointId, EndpointOptions, Overflow, StoreLimits, Topic, WebSocketLimits, node_tls,
};

/// The file that is read in the working directory when none is named.
const DEFAULT_FILE: &str = "broker.conf";
/// What problems of the command line are said to be of.
pub(crate) const COMMAND_LINE: &str = "command line";
/// Variables with the keys that they set.
const VARIABLES: [(&str, &str); 6] = [
    ("BROKER_PORT", "port"),
    ("BROKER_WEB_SOCKET_PORT", "broker.web-socket.port"),
    ("BROKER_METRICS_PORT", "broker.metrics.port"),
    ("BROKER_CONSOLE_VERBOSITY", "caf.logger.console.verbosity"),
    ("BROKER_FILE_VERBOSITY", "caf.logger.file.verbosity"),
    ("BROKER_METRICS_ENDPOINT_NAME", "broker.metrics.endpoint-name"),
];
/// Groups and keys of the original that mean nothing here.
pub(crate) const MEANINGLESS: [&str; 7] = [
    "caf",
    "broker.ttl",
    "broker.recording-directory",
    "broker.output-generator-file-cap",
    "broker.metrics.endpoint-name",
    "broker.metrics.export",
    "broker.metrics.import",
];

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes messages on, and prints them if asked to.
    Relay,
    /// Sends pings and measures how long their answers take.
    Ping,
    /// Answers pings.
    Pong,
}

/// Each mode with its name.
pub(crate) const MODES: [(&str, Mode); 3] =
    [("relay", Mode::Relay), ("ping", Mode::Ping), ("pong", Mode::Pong)];

/// See the module.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct NodeSettings {
    /// `name`.
    pub name: String,
    /// `mode`.
    pub mode: Mode,
    /// `stop`: whether the node ends when somebody publishes that it should.
    pub stop: bool,
    /// `topics`.
    pub topics: Vec<Topic>,
    /// `verbose`.
    pub verbose: bool,
    /// `rate`.
    pub rate: bool,
    /// `payload-size`.
    pub payload_size: usize,
    /// `rendezvous-retry`.
    pub rendezvous_retry: Duration,
    /// `num-messages`.
    pub num_messages: u64,
    /// `peers`.
    pub peers: Vec<(String, u16)>,
    /// `retry`: how long after a failure a peer is tried again; zero for never.
    pub retry: Duration,
    /// `address` and `port`; without a port nobody is listened to.
    pub listen: Option<(String, u16)>,
    /// `endpoint-id`.
    pub endpoint_id: Option<EndpointId>,
    /// `broker.disable-forwarding`.
    pub forwarding: bool,
    /// `broker.peer-buffer-size`.
    pub peer_buffer: usize,
    /// `broker.peer-overflow-policy`.
    pub peer_overflow: Overflow,
    /// `broker.buffer-bytes`.
    pub buffer_bytes: usize,
    /// `broker.write-timeout`.
    pub write_timeout: Duration,
    /// `broker.web-socket.address` and `.port`.
    pub web_socket: Option<(String, u16)>,
    /// `broker.web-socket-buffer-size`, `broker.web-socket-overflow-policy` and
    /// `broker.web-socket.max-clients`.
    pub web_socket_limits: WebSocketLimits,
    /// `broker.web-socket.origins`.
    pub origins: Vec<String>,
    /// `broker.web-socket.token-file`.
    pub token_file: Option<PathBuf>,
    /// `broker.web-socket.certificate`, `.key` and `.passphrase`; `None` where TLS is spoken with
    /// clients as it is with peers.
    pub web_socket_tls: Option<PeerSettings>,
    /// `broker.metrics.address` and `.port`.
    pub metrics: Option<(String, u16)>,
    /// `master-stores`, `clone-stores` and the sections of stores, by the names of the stores.
    pub stores: BTreeMap<String, StoreRole>,
    /// `broker.store`.
    pub store_limits: StoreLimits,
    /// `broker.disable-ssl` and `broker.ssl`; `None` where no TLS is spoken.
    pub ssl: Option<PeerSettings>,
    /// `caf.logger.console.verbosity`.
    pub console: LevelFilter,
    /// `caf.logger.file.verbosity` and `.path`.
    pub file: (LevelFilter, Option<PathBuf>),
}

impl NodeSettings {
    /// Reads everything: the settings and what is odd, or all that is wrong.
    pub fn read(options: &NodeOptions) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        Self::of(options, variable)
    }

    /// The same with the environment that `variable` knows.
    fn of(
        options: &NodeOptions,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut config = match &options.config {
            Some(path) => CafConfig::read_ini(path)?,
            None => original(options.config_file.as_deref())?,
        };
        for (name, key) in VARIABLES {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                config.set(name, key, &value);
            }
        }
        for (key, value) in &options.keys {
            config.set(COMMAND_LINE, key, value);
        }
        let names_certificates = config.says("broker.ssl");
        let mut keys = Keys::new(&mut config);
        // Scripts for the original count on it; a service is not to be ended by strangers.
        let is_stopped_by_default = options.config.is_none();
        let settings = Self::take(&mut keys, is_stopped_by_default);
        let problems = keys.finish();
        if !problems.is_empty() {
            return Err(problems);
        }
        for group in MEANINGLESS {
            config.ignore(group);
        }
        let mut odd = config.unknown();
        odd.extend(settings.odd(&config));
        if names_certificates && settings.ssl.is_none() {
            let words = "is true, so that no TLS is spoken in spite of broker.ssl";
            odd.push(config.problem("broker.disable-ssl", words));
        }
        Ok((settings, odd))
    }

    /// The keys that there are, with their groups.
    pub fn keys() -> BTreeSet<String> {
        let mut config = CafConfig::empty(Path::new(COMMAND_LINE));
        let mut keys = Keys::new(&mut config);
        Self::take(&mut keys, false);
        node_stores::ask(&mut keys);
        config.into_asked()
    }

    /// What is no error and yet hardly meant.
    fn odd(&self, config: &CafConfig) -> Option<Problem> {
        let words = "says nothing without caf.logger.file.path";
        let level = "caf.logger.file.verbosity";
        let is_odd = self.file.1.is_none() && self.file.0 != LevelFilter::Off;
        is_odd.then(|| config.problem(level, words))
    }

    /// How much is logged, and where if not on standard error.
    pub(crate) fn log(&self) -> (LevelFilter, Option<&Path>) {
        match &self.file {
            (level, Some(path)) if *level != LevelFilter::Off => (*level, Some(path)),
            _ => (self.console, None),
        }
    }

    fn take(keys: &mut Keys<'_>, is_stopped_by_default: bool) -> Self {
        let (defaults, peers) = (WebSocketLimits::default(), EndpointOptions::default());
        let web_socket_limits = WebSocketLimits {
            max_queued: keys
                .size("broker.web-socket-buffer-size", 1)
                .unwrap_or(defaults.max_queued),
            overflow: keys
                .overflow("broker.web-socket-overflow-policy")
                .unwrap_or(defaults.overflow),
            max_clients: keys
                .size("broker.web-socket.max-clients", 1)
                .unwrap_or(defaults.max_clients),
            ..defaults
        };
        let topics = keys.topics("topics");
        let mode = keys.choice("mode", &MODES).unwrap_or(Mode::Relay);
        if mode == Mode::Ping && topics.is_empty() {
            keys.missing("topics", "a ping needs a topic");
        }
        Self {
            name: keys.text("name").unwrap_or_default(),
            mode,
            stop: keys.boolean("stop").unwrap_or(is_stopped_by_default),
            topics,
            verbose: keys.boolean("verbose").unwrap_or(false),
            rate: keys.boolean("rate").unwrap_or(false),
            payload_size: keys.size("payload-size", 0).unwrap_or(0),
            rendezvous_retry: keys
                .duration("rendezvous-retry")
                .unwrap_or(Duration::from_millis(50))
                .max(Duration::from_millis(1)),
            num_messages: keys.size("num-messages", 0).map_or(100, |count| count as u64),
            peers: keys.peers("peers"),
            retry: keys.duration("retry").unwrap_or(Duration::from_secs(10)),
            listen: keys.place("address", "port"),
            endpoint_id: keys.endpoint_id("endpoint-id"),
            forwarding: !keys.boolean("broker.disable-forwarding").unwrap_or(false),
            peer_buffer: keys.size("broker.peer-buffer-size", 1).unwrap_or(peers.peer_buffer),
            peer_overflow: keys
                .overflow("broker.peer-overflow-policy")
                .unwrap_or(peers.peer_overflow),
            buffer_bytes: keys.size("broker.buffer-bytes", 1).unwrap_or(peers.links.max_bytes),
            write_timeout: keys.write_timeout().unwrap_or(peers.links.stall),
            web_socket: keys.place("broker.web-socket.address", "broker.web-socket.port"),
            web_socket_limits,
            origins: keys.texts("broker.web-socket.origins"),
            token_file: keys.path("broker.web-socket.token-file"),
            web_socket_tls: node_tls::web_socket(keys),
            metrics: keys.place("broker.metrics.address", "broker.metrics.port"),
            stores: node_stores::take(keys),
            store_limits: node_stores::limits(keys),
            ssl: node_tls::settings(keys),
            console: level(keys, "console").unwrap_or(LevelFilter::Warn),
            file: (
                level(keys, "file").unwrap_or(LevelFilter::Off),
                keys.path("caf.logger.file.path"),
            ),
        }
    }
}

/// The file of the original's that is named, or the one that is there.
pub(crate) fn original(named: Option<&Path>) -> Result<CafConfig, Vec<Problem>> {
    let default = Some(Path::new(DEFAULT_FILE)).filter(|path| path.is_file());
    match named.or(default) {
        Some(path) => CafConfig::read(path).map_err(|problem| vec![problem]),
        None => Ok(CafConfig::empty(Path::new(COMMAND_LINE))),
    }
}

/// Log levels by the names of CAF.
pub(crate) const LEVELS: [(&str, LevelFilter); 6] = [
    ("quiet", LevelFilter::Off),
    ("error", LevelFilter::Error),
    ("warning", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

fn level(keys: &mut Keys<'_>, logger: &str) -> Option<LevelFilter> {
    keys.choice(&format!("caf.logger.{logger}.verbosity"), &LEVELS)
}

#[cfg(test)]
#[path = "node_settings_cases.rs"]
mod cases;
