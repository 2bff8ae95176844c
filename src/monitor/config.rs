//! The configuration: the original's keys with the original's defaults, and our own beside them.

use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ostler_net::{Address, Limits, settings, tls};
use ostler_runtime::files::is_readable_by_all;
use ostler_runtime::{Document, Key, Problem, Reader};

use crate::events;
use crate::password::{self, Password};
use crate::password_file::{self, Configured};
use crate::shared_cache;
use crate::transport::TransportChoice;

const GLOBAL: &str = "Global";
const BURP: &str = "Burp";
const STATUS: &str = "Status";

/// How many status children a burp server grants by default.
const STATUS_CHILDREN: usize = 5;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everything that the configuration file says, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `bind` and `port`: where to listen. Defaults `::1` and 11111.
    pub addresses: Vec<Address>,
    /// `password`: a text, or a list of texts if it has commas outside quotes; or what stands in
    /// `password_file`.
    pub password: Password,
    /// `password_file`: where the password stands, if not in the configuration.
    pub password_file: Option<PathBuf>,
    /// `user`: whom to become when started as root.
    pub user: Option<String>,
    /// `pool`: children. Default 5.
    pub pool: usize,
    /// `threads`: connection threads. Default 4.
    pub threads: usize,
    /// `max_connections`, `max_unauthenticated`, `trusted`, `max_request`, `max_pending_answers`,
    /// `header_deadline`, `request_deadline`, `write_deadline`, `keep_idle`.
    pub limits: Limits,
    /// `max_answer`: the longest answer of burp in bytes. Default 64 MiB.
    pub max_answer: usize,
    /// `max_queue`: requests that may wait for a child. Default 1024.
    pub max_queue: usize,
    /// `max_cache`: bytes of answers kept. Default 16 MiB.
    pub max_cache: usize,
    /// `max_requests`: a child is replaced after so many; 0 for never, the default.
    pub max_requests: u64,
    /// `max_age`: a child is replaced at this age; 0 for never, the default.
    pub max_age: Option<Duration>,
    /// `start_deadline`: how long a child may take until it is ready. Default 20 s.
    pub start_deadline: Duration,
    /// `drain`: how long requests may take to finish after a stop. Default 20 s.
    pub drain: Duration,
    /// `transport`: `auto`, the default, `quickack`, `relay` or `plain`.
    pub transport: TransportChoice,
    /// `runtime_dir`: where files go that live as long as the daemon. `None` is where the service
    /// manager says, else where temporary files go.
    pub runtime_dir: Option<PathBuf>,
    /// `ssl`, `sslcert`, `sslkey`, `sslca`: `None` is plain text, the default. The key may stand in
    /// the certificate's file.
    pub tls: Option<tls::Settings>,
    /// `burpbin`: the burp client.
    pub burp_binary: PathBuf,
    /// `bconfcli`: its configuration.
    pub client_config: PathBuf,
    /// `timeout`: for a whole answer, waiting included. Default 15 s.
    pub timeout: Duration,
    /// `[Status] bind` and `port`: where metrics and the page are; nowhere without a port, the
    /// default. `bind` is 127.0.0.1 then.
    pub status_addresses: Vec<Address>,
    /// `[Status] max_viewers`: how many may watch at the same time. Default 64.
    pub max_viewers: usize,
    /// `[Events]`: to whom it is published what happens; to nobody, by default.
    pub events: Option<events::Settings>,
    /// `[Cache]`: the store that answers are shared by with other daemons; by default none are.
    pub shared_cache: Option<shared_cache::Settings>,
}

impl Config {
    /// Reads the typed configuration: all that is wrong, or the configuration and what is odd.
    pub fn read(document: &Document) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut reader = Reader::new(document);
        let config = Self::ask(&mut reader);
        reader.finish().map(|warnings| (config, warnings))
    }

    /// The keys that are asked for while this document is read, right or wrong. Those of TLS are
    /// looked at closely only if the document asks for TLS.
    pub fn keys(document: &Document) -> Vec<Key> {
        let mut reader = Reader::new(document);
        Self::ask(&mut reader);
        reader.into_asked()
    }

    /// Asks for every key. What is wrong or odd, the reader knows then; for what is wrong the
    /// default stands in.
    pub(crate) fn ask(r: &mut Reader<'_>) -> Self {
        let port = r.integer(GLOBAL, "port", 0..=u16::MAX, 11111);
        let max_answer = r.bytes(GLOBAL, "max_answer", 4096..=1 << 30, 64 << 20);
        let Configured { password, file: password_file } = Configured::read(r);
        let limits = Limits::default();
        // Room for one answer at least.
        let max_pending_answers = limits.max_pending_answers.max(max_answer);
        let limits = Limits { max_pending_answers, ..limits };
        let config = Self {
            addresses: settings::addresses(r, GLOBAL, "::1", port),
            password: Password::new(&password.unwrap_or_else(|| password::DEFAULT.into())),
            password_file,
            user: r.text(GLOBAL, "user").filter(|user| !user.is_empty()),
            pool: r.integer(GLOBAL, "pool", 1..=256, 5),
            threads: r.integer(GLOBAL, "threads", 1..=256, 4),
            limits: settings::limits(r, GLOBAL, &limits),
            max_answer,
            max_queue: r.integer(GLOBAL, "max_queue", 1..=1 << 20, 1024),
            max_cache: r.bytes(GLOBAL, "max_cache", 0..=1 << 30, 16 << 20),
            max_requests: r.integer(GLOBAL, "max_requests", 0..=u64::MAX, 0),
            max_age: Some(r.seconds(GLOBAL, "max_age", Duration::ZERO..=DAY * 365, Duration::ZERO))
                .filter(|age| !age.is_zero()),
            start_deadline: seconds(r, GLOBAL, "start_deadline", 20),
            drain: r.seconds(GLOBAL, "drain", Duration::ZERO..=DAY, Duration::from_secs(20)),
            transport: r.choice(GLOBAL, "transport", &TRANSPORTS, TransportChoice::Auto),
            runtime_dir: r.path(GLOBAL, "runtime_dir"),
            tls: settings::tls(r, GLOBAL),
            burp_binary: needed_path(r, "burpbin"),
            client_config: needed_path(r, "bconfcli"),
            timeout: seconds(r, BURP, "timeout", 15),
            status_addresses: settings::optional_addresses(r, STATUS, "127.0.0.1"),
            max_viewers: r.integer(STATUS, "max_viewers", 1..=4096, 64),
            events: events::read(r),
            shared_cache: shared_cache::read(r),
        };
        if config.limits.max_pending_answers < config.max_answer {
            r.wrong(
                GLOBAL,
                "max_pending_answers",
                "is less than max_answer: one answer is too many",
            );
        }
        warn(r, &config);
        config
    }
}

const TRANSPORTS: [(&str, TransportChoice); 4] = [
    ("auto", TransportChoice::Auto),
    ("quickack", TransportChoice::QuickAck),
    ("relay", TransportChoice::Relay),
    ("plain", TransportChoice::Plain),
];

/// What is allowed, and still not wise.
fn warn(reader: &mut Reader<'_>, config: &Config) {
    let (key, file) = match config.password_file.as_deref() {
        Some(file) => (password_file::KEY, file),
        None => ("password", reader.path_of_document()),
    };
    if config.password.is_default() {
        reader.odd(GLOBAL, key, "is the default, which everybody knows");
    }
    if config.password.is_empty() {
        reader.odd(GLOBAL, key, "is empty, so that everybody knows it");
    }
    if is_readable_by_all(file) {
        // By the mode alone the daemon, too, would lose a file of another group.
        let words = "can be read by every user of this machine: chgrp to the daemon's group, then \
                     chmod 0640";
        reader.odd(GLOBAL, key, words);
    }
    // The default is nobody's decision, and no line of the file is to be blamed for it.
    if reader.has(GLOBAL, "pool") {
        warn_of_pool(reader, config.pool);
    }
}

fn warn_of_pool(reader: &mut Reader<'_>, pool: usize) {
    let cores = thread::available_parallelism().map_or(usize::MAX, NonZero::get);
    if pool > cores {
        let words = format!("is more than this machine's {cores} cores, which is rarely of use");
        reader.odd(GLOBAL, "pool", words);
    }
    if pool >= STATUS_CHILDREN {
        let words = format!(
            "takes all {STATUS_CHILDREN} status children that a burp server grants unless its \
             max_status_children says more"
        );
        reader.odd(GLOBAL, "pool", words);
    }
}

fn seconds(reader: &mut Reader<'_>, section: &str, key: &str, default: u64) -> Duration {
    const RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=DAY;
    reader.seconds(section, key, RANGE, Duration::from_secs(default))
}

fn needed_path(reader: &mut Reader<'_>, key: &str) -> PathBuf {
    reader.path(BURP, key).unwrap_or_else(|| {
        reader.missing(BURP, key);
        PathBuf::new()
    })
}
