//! What `broker-node` is told by its configuration, the environment and the command line; what
//! comes later in this order goes before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::tls::PeerSettings;
use ostler_runtime::environment::variable;
use ostler_runtime::{LevelFilter, Problem};

use crate::node_keys::Keys;
use crate::node_options::NodeOptions;
use crate::{CafConfig, EndpointId, Overflow, Topic, WebSocketLimits, node_tls};

/// The file that is read in the working directory when none is named.
const DEFAULT_FILE: &str = "broker.conf";
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
const MEANINGLESS: [&str; 8] = [
    "caf",
    "broker.ttl",
    "broker.recording-directory",
    "broker.output-generator-file-cap",
    "broker.metrics.endpoint-name",
    "broker.metrics.export",
    "broker.metrics.import",
    "broker.store",
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
const MODES: [(&str, Mode); 3] =
    [("relay", Mode::Relay), ("ping", Mode::Ping), ("pong", Mode::Pong)];

/// See the module.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// `name`.
    pub name: String,
    /// `mode`.
    pub mode: Mode,
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
    pub peer_buffer: Option<usize>,
    /// `broker.peer-overflow-policy`.
    pub peer_overflow: Option<Overflow>,
    /// `broker.web-socket.address` and `.port`.
    pub web_socket: Option<(String, u16)>,
    /// `broker.web-socket-buffer-size`, `broker.web-socket-overflow-policy` and
    /// `broker.web-socket.max-clients`.
    pub web_socket_limits: WebSocketLimits,
    /// `broker.web-socket.origins`.
    pub origins: Vec<String>,
    /// `broker.web-socket.token-file`.
    pub token_file: Option<PathBuf>,
    /// `broker.metrics.address` and `.port`.
    pub metrics: Option<(String, u16)>,
    /// `broker.disable-ssl` and `broker.ssl`; `None` where no TLS is spoken.
    pub ssl: Option<PeerSettings>,
    /// How much is logged, and where if not on standard error.
    pub log: (LevelFilter, Option<PathBuf>),
}

impl NodeSettings {
    /// Reads everything: the settings and what is odd, or all that is wrong.
    pub fn read(options: &NodeOptions) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut config = match &options.config {
            Some(path) => CafConfig::read_ini(path)?,
            None => original(options.config_file.as_deref())?,
        };
        for (name, key) in VARIABLES {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                config.set(key, &value);
            }
        }
        for (key, value) in &options.keys {
            config.set(key, value);
        }
        let mut keys = Keys::new(&mut config);
        let settings = Self::take(&mut keys);
        let problems = keys.finish();
        if !problems.is_empty() {
            return Err(problems);
        }
        for group in MEANINGLESS {
            config.ignore(group);
        }
        Ok((settings, config.unknown()))
    }

    fn take(keys: &mut Keys<'_>) -> Self {
        let defaults = WebSocketLimits::default();
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
            peer_buffer: keys.size("broker.peer-buffer-size", 1),
            peer_overflow: keys.overflow("broker.peer-overflow-policy"),
            web_socket: keys.place("broker.web-socket.address", "broker.web-socket.port"),
            web_socket_limits,
            origins: keys.texts("broker.web-socket.origins"),
            token_file: keys.path("broker.web-socket.token-file"),
            metrics: keys.place("broker.metrics.address", "broker.metrics.port"),
            ssl: node_tls::settings(keys),
            log: log(keys),
        }
    }
}

/// The file of the original's that is named, or the one that is there.
pub(crate) fn original(named: Option<&Path>) -> Result<CafConfig, Vec<Problem>> {
    let default = Some(Path::new(DEFAULT_FILE)).filter(|path| path.is_file());
    match named.or(default) {
        Some(path) => CafConfig::read(path).map_err(|problem| vec![problem]),
        None => Ok(CafConfig::empty(Path::new("command line"))),
    }
}

/// Log levels by the names of CAF.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("quiet", LevelFilter::Off),
    ("error", LevelFilter::Error),
    ("warning", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

fn log(keys: &mut Keys<'_>) -> (LevelFilter, Option<PathBuf>) {
    let console = keys.choice("caf.logger.console.verbosity", &LEVELS);
    let level = keys.choice("caf.logger.file.verbosity", &LEVELS).unwrap_or(LevelFilter::Off);
    let path = keys.path("caf.logger.file.path").filter(|_| level != LevelFilter::Off);
    match path {
        Some(path) => (level, Some(path)),
        None => (console.unwrap_or(LevelFilter::Warn), None),
    }
}
