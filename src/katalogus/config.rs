//! The configuration: what the command line says goes before the environment, the environment
//! before the file, and the file before the defaults.
//!
//! The environment is the original's; the file is for those who like one, and every key in it is
//! optional. Variables that the original demands although its catalogue needs none of them, as
//! `QUEUE_URI`, are not looked at.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::{Address, Limits, settings, tls};
use ostler_runtime::environment::{raw_variable, variable_of_any_case};
use ostler_runtime::files::is_readable_by_all;
use ostler_runtime::secret::{self, Secret, SecretFileError};
use ostler_runtime::{Document, Key, Problem, Reader};

use crate::encryption::Encryption;
use crate::options::Options;
use crate::{Database, DiscoverySettings, Generation, Python, RemoteSettings, StoreSettings};
use ostler_runtime::sources::{Lookup, Said, Source, Sources};

/// Where the packages put the file, which is read if none is named and it is there.
pub const DEFAULT_FILE: &str = "/etc/katalogus/katalogus.cfg";

pub(crate) const GLOBAL: &str = "Global";
pub(crate) const DATABASE: &str = "Database";
pub(crate) const PLUGINS: &str = "Plugins";
const STATUS: &str = "Status";

/// The original's variables.
pub(crate) const DB_URI: [&str; 1] = ["KATALOGUS_DB_URI"];
const DB_CONNECTIONS: [&str; 1] = ["KATALOGUS_DB_CONNECTION_POOL_SIZE"];
const MIGRATION: [&str; 1] = ["DATABASE_MIGRATION"];
const LOG_CONFIGURATION: [&str; 2] = ["BOEFJES_LOG_CFG", "LOG_CFG"];
const TRACES: [&str; 1] = ["SPAN_EXPORT_GRPC_ENDPOINT"];

/// Where the database is unless something else is said, under the directory for the state of
/// services or the one that systemd gives.
const STATE_DIRECTORY: &str = "/var/lib/katalogus";
const DATABASE_FILE: &str = "katalogus.db";
/// The plugins.
const PLUGIN_FOLDER: &str = "/usr/share/katalogus/plugins";

/// The names of what the service manager hands over secretly.
const TOKEN_CREDENTIAL: &str = "katalogus.token";
const KEY_CREDENTIAL: &str = "katalogus.private_key";
const URI_CREDENTIAL: &str = "katalogus.database_uri";

/// The port that the original's clients know.
const PORT: u16 = 8003;
/// The longest body of a request: a plugin that is added, with its schema.
const MAX_REQUEST: usize = 1 << 20;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everything that is configured, checked.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// `--listen`, or `bind` and `port`: where to listen. Default 127.0.0.1, 8003.
    pub addresses: Vec<Address>,
    /// What stands in `token_file`: what clients must know, if anything.
    pub token: Option<Secret>,
    /// `token_file` itself.
    pub token_file: Option<PathBuf>,
    /// `user`: whom to become when started as root.
    pub user: Option<String>,
    /// `--generation`, or `generation`.
    pub generation: Generation,
    /// `threads`: connection threads. Default 2.
    pub threads: usize,
    /// The limits of connections and requests.
    pub limits: Limits,
    /// `timeout`: for a whole answer, waiting for the database included. Default 15 s.
    pub timeout: Duration,
    /// `drain`: how long requests may take to finish after a stop. Default 20 s.
    pub drain: Duration,
    /// `ssl`, `sslcert`, `sslkey`, `sslca`: `None` is plain text, the default.
    pub tls: Option<tls::Settings>,
    /// `--database`, `KATALOGUS_DB_URI`, or `uri`, with all that concerns the store.
    pub store: StoreSettings,
    /// `uri_file`, if the URI stands there.
    pub uri_file: Option<PathBuf>,
    /// `DATABASE_MIGRATION`, or `migrate`: whether the tables are brought up to date at the start.
    pub migrate: bool,
    /// The section `Encryption`, or its variables.
    pub encryption: Encryption,
    /// `--plugins`, or `directory`, and what else concerns the plugins on disk.
    pub discovery: DiscoverySettings,
    /// How remote repositories are asked.
    pub remotes: RemoteSettings,
    /// `[Status] bind` and `port`: where figures and health are told as well; nowhere without a
    /// port, the default.
    pub status_addresses: Vec<Address>,
}

/// What was said to whoever starts the daemon, beside the file.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) options: &'a Options,
    pub(crate) lookup: Lookup<'a>,
    /// Where the service manager puts credentials.
    pub(crate) credentials: Option<&'a Path>,
    /// Where it wants the state to be.
    pub(crate) state: Option<&'a Path>,
}

impl<'a> Given<'a> {
    /// These options, in an empty environment.
    fn only(options: &'a Options) -> Self {
        Self { options, lookup: &|_| None, credentials: None, state: None }
    }
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
            Some(PathBuf::from(OsStr::from_bytes(first)))
        });
        read(Given {
            options,
            lookup: &variable_of_any_case,
            credentials: credentials.as_deref(),
            state: state.as_deref(),
        })
    }

    /// Asks for everything. What is wrong or odd, the sources know then; for what is wrong the
    /// default stands in.
    pub(crate) fn ask<'d, 'l>(document: &'d Document, given: Given<'l>) -> (Self, Sources<'d, 'l>) {
        let options = given.options;
        let mut sources = Sources::new(Reader::new(document), given.lookup);
        let s = &mut sources;
        let port = s.reader.integer(GLOBAL, "port", 0..=u16::MAX, PORT);
        let written = settings::addresses(&mut s.reader, GLOBAL, "127.0.0.1", port);
        let generation =
            s.reader.choice(GLOBAL, "generation", &Generation::NAMES, Generation::default());
        let generation = options.generation.unwrap_or(generation);
        let (token, token_file) = token(s, given);
        let (database, uri_file) = database(s, given);
        let config = Self {
            addresses: if options.listen.is_empty() { written } else { options.listen.clone() },
            token,
            token_file,
            user: s.reader.text(GLOBAL, "user").filter(|user| !user.is_empty()),
            generation,
            threads: s.reader.integer(GLOBAL, "threads", 1..=256, 2),
            limits: limits(&mut s.reader),
            timeout: seconds(&mut s.reader, GLOBAL, "timeout", Duration::from_secs(15)),
            drain: s.reader.seconds(GLOBAL, "drain", Duration::ZERO..=DAY, Duration::from_secs(20)),
            tls: settings::tls(&mut s.reader, GLOBAL),
            store: store(s, database),
            uri_file,
            migrate: s.boolean(DATABASE, "migrate", &MIGRATION, false),
            encryption: Encryption::read(s, credential(given, KEY_CREDENTIAL)),
            discovery: discovery(&mut s.reader, options, generation),
            remotes: remotes(&mut s.reader, generation),
            status_addresses: settings::optional_addresses(&mut s.reader, STATUS, "127.0.0.1"),
        };
        s.ignored(&LOG_CONFIGURATION, "-l and -v say where the log goes and how much it says");
        s.ignored(&TRACES, "there are no traces");
        warn(s, &config, options);
        (config, sources)
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

/// A file that the service manager hands over, if it does.
fn credential(given: Given<'_>, name: &str) -> Option<PathBuf> {
    given.credentials.map(|directory| directory.join(name)).filter(|path| path.is_file())
}

fn token(sources: &mut Sources<'_, '_>, given: Given<'_>) -> (Option<Secret>, Option<PathBuf>) {
    let by = Source::File(GLOBAL, "token_file");
    let file = sources.reader.path(GLOBAL, "token_file");
    let Some(file) = file.or_else(|| credential(given, TOKEN_CREDENTIAL)) else {
        return (None, None);
    };
    if is_readable_by_all(&file) {
        sources.odd(&by, "can be read by every user of this machine");
    }
    let token = secret::read_file(&file, "token").and_then(|line| {
        // What a header ends with is no part of it, so no client could send such a token.
        let token = line.trim();
        if token.is_empty() {
            Err(SecretFileError::Empty("token"))
        } else {
            Ok(Secret::new(token.as_bytes()))
        }
    });
    let token = token.map_err(|error| {
        // Without the path: what stands there may be the token itself.
        sources.wrong(&by, error.to_string());
    });
    (token.ok(), Some(file))
}

/// The database, and the file that its URI stands in.
fn database(sources: &mut Sources<'_, '_>, given: Given<'_>) -> (Database, Option<PathBuf>) {
    let said = sources.text(DATABASE, "uri", &DB_URI);
    let file = sources.reader.path(DATABASE, "uri_file");
    let directory = given.state.unwrap_or(Path::new(STATE_DIRECTORY));
    let default = || Database::Sqlite(directory.join(DATABASE_FILE));
    let by = Source::File(DATABASE, "uri_file");
    if matches!((&said, &file), (Some(Said { by: Source::File(..), .. }), Some(_))) {
        sources.wrong(&by, "stands beside `uri`: only one of them may be set");
    }
    if let Some(database) = &given.options.database {
        return (database.clone(), None);
    }
    let file = file.or_else(|| credential(given, URI_CREDENTIAL)).filter(|_| said.is_none());
    let said = match &file {
        None => said,
        Some(file) => match secret::read_file(file, "URI") {
            Ok(text) => Some(Said { text, by }),
            Err(error) => {
                sources.wrong(&by, error.to_string());
                None
            }
        },
    };
    let Some(Said { text, by }) = said else { return (default(), file) };
    let database = text.trim().parse().unwrap_or_else(|error: crate::DatabaseError| {
        sources.wrong(&by, error.to_string());
        default()
    });
    let is_in_file = by == Source::File(DATABASE, "uri");
    if is_in_file && text.contains('@') && is_readable_by_all(sources.reader.path_of_document()) {
        sources.odd(&by, "can be read by every user of this machine; `uri_file` keeps it apart");
    }
    (database, file)
}

fn store(sources: &mut Sources<'_, '_>, database: Database) -> StoreSettings {
    let default = StoreSettings::new(database);
    let s = sources;
    StoreSettings {
        connections: s.integer(DATABASE, "connections", &DB_CONNECTIONS, 1..=256, 16),
        readers: s.reader.integer(DATABASE, "readers", 1..=64, default.readers),
        max_queued: s.reader.integer(DATABASE, "max_queue", 1..=1 << 20, default.max_queued),
        max_lock_wait: seconds(&mut s.reader, DATABASE, "lock_wait", default.max_lock_wait),
        ..default
    }
}

fn discovery(
    reader: &mut Reader<'_>,
    options: &Options,
    generation: Generation,
) -> DiscoverySettings {
    let written = reader.path(PLUGINS, "directory");
    let root = options.plugins.clone().or(written).unwrap_or_else(|| PLUGIN_FOLDER.into());
    let python = match reader.text(PLUGINS, "python") {
        None => Python::Program("python3".into()),
        Some(none) if none.is_empty() => Python::None,
        Some(program) => Python::Program(program.into()),
    };
    let path = reader.list(PLUGINS, "python_path").unwrap_or_default();
    let default = DiscoverySettings::CHECK_EVERY;
    DiscoverySettings {
        root,
        generation,
        python,
        python_path: path.into_iter().map(PathBuf::from).collect(),
        module_time: seconds(reader, PLUGINS, "import_time", DiscoverySettings::MODULE_TIME),
        check_every: seconds(reader, PLUGINS, "check_every", default),
    }
}

fn remotes(reader: &mut Reader<'_>, generation: Generation) -> RemoteSettings {
    RemoteSettings {
        generation,
        is_on: reader.boolean(PLUGINS, "remote", true),
        timeout: seconds(reader, PLUGINS, "remote_timeout", RemoteSettings::TIMEOUT),
        keep: seconds(reader, PLUGINS, "remote_keep", RemoteSettings::KEEP),
        max_bytes: reader.bytes(
            PLUGINS,
            "remote_max",
            1 << 10..=1 << 30,
            RemoteSettings::MAX_BYTES,
        ),
        authorities: reader.path(PLUGINS, "remote_ca"),
    }
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    let default = Limits { max_request: MAX_REQUEST, ..Limits::default() };
    settings::limits(reader, GLOBAL, &default)
}

fn seconds(reader: &mut Reader<'_>, section: &str, key: &str, default: Duration) -> Duration {
    reader.seconds(section, key, Duration::from_millis(10)..=DAY, default)
}

/// What is allowed, and still not wise.
fn warn(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    let is_written = options.listen.is_empty();
    let bind = if is_written { Source::File(GLOBAL, "bind") } else { Source::Option("--listen") };
    let has_clients = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if config.addresses.iter().any(Address::is_far) {
        if config.token.is_none() && !has_clients {
            let words = "can be reached from other machines, and without `token_file` or `sslca` \
                         anybody there may read and change everything";
            sources.odd(&bind, words);
        }
        if config.token.is_some() && config.tls.is_none() {
            let words = "can be reached from other machines, and without `ssl` the token crosses \
                         the network as plain text";
            sources.odd(&bind, words);
        }
    }
    if let Some(Database::Postgres(uri)) = &options.database {
        if uri.split_once('@').is_some_and(|(user, _)| user.matches(':').count() > 1) {
            let words = "everybody on this machine sees a password here; `uri_file` keeps it apart";
            sources.odd(&Source::Option("--database"), words);
        }
    }
    if config.limits.trusted.iter().any(ostler_net::Network::is_everybody) {
        let words = "is everybody, who may then name any address by a PROXY header";
        sources.odd(&Source::File(GLOBAL, "trusted"), words);
    }
}

impl fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("options", self.options).finish_non_exhaustive()
    }
}
