//! `bench --katalogus`: how fast is the catalogue? Its original cannot be installed from a
//! package registry, so what was measured of it once stands beside (see `README.md`).

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::Deadline;
use tempfile::TempDir;

use crate::catalogue_limit;
use crate::catalogue_load::{Request, run};
use crate::daemons::free_port;
use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::load::{Bounds, Outcome};
use crate::options::Options;
use crate::original;
use crate::process::{Process, command};

/// The plugins of the generated tree: as many as the original's version 1.15 comes with.
const BOEFJES: usize = 42;
const NORMALIZERS: usize = 53;
/// The name of the limit of writes.
pub(crate) const COMMITS: &str = "bare commits";
/// How long the daemon may take to its first answer, and the pause between two tries.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(5);
/// What is put as settings.
const SETTINGS: &str = r#"{"TOP": 5, "NAME": "abcdefgh"}"#;
/// The test key of the encryption: nothing secret is encrypted with it.
const KEYS: [(&str, &str); 3] = [
    ("ENCRYPTION_MIDDLEWARE", "NACL_SEALBOX"),
    ("KATALOGUS_PRIVATE_KEY_B64", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
    ("KATALOGUS_PUBLIC_KEY_B64", "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="),
];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    List,
    GetSettings,
    PutSettings,
    Health,
}

impl Row {
    pub(crate) const ALL: [Self; 4] =
        [Self::List, Self::GetSettings, Self::PutSettings, Self::Health];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "list plugins",
            Self::GetSettings => "get settings",
            Self::PutSettings => "put settings",
            Self::Health => "health",
        }
    }

    /// The request of one client. Each writes settings of its own.
    fn request(self, client: usize) -> Request {
        let settings = format!("/v1/organisations/acme/boefje{client}/settings");
        match self {
            Self::List => Request::new("GET", "/v1/organisations/acme/plugins", "", 200),
            Self::GetSettings => Request::new("GET", &settings, "", 200),
            Self::PutSettings => Request::new("PUT", &settings, SETTINGS, 200),
            Self::Health => Request::new("GET", "/health", "", 200),
        }
    }
}

/// One row with one number of clients; of the limit, as if it were one.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub(crate) row: &'static str,
    pub(crate) clients: usize,
    pub(crate) outcome: Outcome,
    /// Of the daemon, over all rounds.
    pub(crate) cpu: Option<Duration>,
    /// Bytes of an answer's body.
    pub(crate) body: usize,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) measures: Vec<Measure>,
    /// Memory after the start and after all rows, KiB (PSS).
    pub(crate) idle_kib: u64,
    pub(crate) loaded_kib: u64,
}

/// Runs everything.
pub(crate) fn all(options: &Options) -> Result<Figures, Failure> {
    let binary = match &options.ours {
        Some(path) => path.clone(),
        None => original::build("ostler-katalogus", "katalogus", "postgres")?,
    };
    let directory = TempDir::with_prefix("bench-katalogus-")
        .context(|| "cannot make a temporary directory".to_owned())?;
    let plugins = plugins(directory.path())?;
    let daemon = Daemon::start(&binary, directory.path(), &plugins)?;
    for client in 0..options.clients.iter().copied().max().unwrap_or(1) {
        daemon.learn(&mut Row::PutSettings.request(client))?;
    }
    let mut figures = Figures { idle_kib: daemon.process.pss_kib()?, ..Figures::default() };
    for &clients in &options.clients {
        for row in Row::ALL {
            let mut measure =
                Measure::blank(row.name(), clients, daemon.learn(&mut row.request(0))?);
            for _ in 0..options.rounds {
                let mut plans = Vec::new();
                for client in 0..clients {
                    let mut request = row.request(client);
                    daemon.learn(&mut request)?;
                    plans.push(request);
                }
                let before = daemon.process.cpu()?;
                let bounds = Bounds { time: options.round, count: options.count };
                let outcome = run(daemon.address, clients, bounds, |client| plans[client].clone());
                let used = daemon.process.cpu()?.saturating_sub(before);
                measure.add(outcome, Some(used));
                interrupt::check()?;
            }
            figures.measures.push(measure);
        }
    }
    figures.loaded_kib = daemon.process.pss_kib()?;
    drop(daemon);
    let mut limit = Measure::blank(COMMITS, 1, 0);
    for _ in 0..options.rounds {
        let bounds = Bounds { time: options.round, count: options.count };
        limit.add(catalogue_limit::run(directory.path(), bounds, SETTINGS)?, None);
    }
    figures.measures.push(limit);
    for measure in &mut figures.measures {
        measure.outcome.latencies.sort_unstable();
    }
    Ok(figures)
}

impl Measure {
    fn blank(row: &'static str, clients: usize, body: usize) -> Self {
        Self { row, clients, outcome: Outcome::default(), cpu: None, body }
    }

    fn add(&mut self, outcome: Outcome, cpu: Option<Duration>) {
        self.outcome.elapsed += outcome.elapsed;
        self.outcome.absorb(outcome);
        self.cpu = cpu.map(|used| self.cpu.unwrap_or_default() + used);
    }
}

/// The catalogue, which has answered.
struct Daemon {
    process: Process,
    address: SocketAddrV4,
    log: PathBuf,
}

impl Daemon {
    fn start(binary: &Path, directory: &Path, plugins: &Path) -> Result<Self, Failure> {
        let port = free_port()?;
        let log = directory.join("log");
        let stderr = File::create(&log).context(|| log.display().to_string())?;
        let mut start = command(binary);
        start
            .args(["--listen", &format!("127.0.0.1:{port}"), "--plugins"])
            .arg(plugins)
            .arg("--database")
            .arg(format!("sqlite:///{}", directory.join("katalogus.db").display()))
            .envs(KEYS)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        let process = Process::spawn(&mut start, "katalogus")?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let mut daemon = Self { process, address, log };
        daemon.wait()?;
        Ok(daemon)
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let deadline = Deadline::after(PATIENCE);
        let mut request = Row::Health.request(0);
        while let Err(error) = request.learn(self.address) {
            interrupt::check()?;
            if self.process.ended(RETRY)?.is_some() || deadline.passed() {
                return Err(self.failed(&error.to_string()));
            }
        }
        Ok(())
    }

    /// Has a request answered once; the length of the answer's body.
    fn learn(&self, request: &mut Request) -> Result<usize, Failure> {
        request.learn(self.address).map_err(|error| self.failed(&error.to_string()))
    }

    fn failed(&self, words: &str) -> Failure {
        let log = fs::read(&self.log).unwrap_or_default();
        Failure::Program(format!("katalogus: {words}\n{}", String::from_utf8_lossy(&log)))
    }
}

/// A tree of plugins whose listing takes about 39 kB, as that of the original's own plugins does.
fn plugins(directory: &Path) -> Result<PathBuf, Failure> {
    let root = directory.join("plugins");
    let write =
        |path: PathBuf, text: &str| fs::write(&path, text).context(|| path.display().to_string());
    let package = |name: &str| -> Result<PathBuf, Failure> {
        let folder = root.join(name);
        fs::create_dir_all(&folder).context(|| folder.display().to_string())?;
        write(folder.join("__init__.py"), "")?;
        Ok(folder)
    };
    fs::create_dir_all(&root).context(|| root.display().to_string())?;
    write(root.join("__init__.py"), "")?;
    for number in 0..BOEFJES {
        let folder = package(&format!("boefje{number}"))?;
        let manifest = format!(
            r#"{{"id": "boefje{number}", "name": "Boefje number {number}", "description": "Looks at a host in way {number} and tells what it saw there", "consumes": ["Hostname"], "environment_keys": ["TOP", "NAME"], "scan_level": 2}}"#
        );
        write(folder.join("boefje.json"), &manifest)?;
        let schema = r#"{"title": "Arguments", "type": "object", "properties": {"TOP": {"type": "integer", "minimum": 1}, "NAME": {"type": "string"}}}"#;
        write(folder.join("schema.json"), schema)?;
        write(folder.join("main.py"), "def run(boefje_meta):\n    return []\n")?;
    }
    for number in 0..NORMALIZERS {
        let folder = package(&format!("normalizer{number}"))?;
        let mut produces = String::new();
        for object in ["Hostname", "IPAddressV4", "IPAddressV6", "Network"] {
            // Writing to a string cannot fail.
            let _ = write!(produces, "{}\"{object}\"", if produces.is_empty() { "" } else { ", " });
        }
        let manifest = format!(
            r#"{{"id": "normalizer{number}", "name": "Normalizer number {number}", "consumes": ["boefje/boefje{}"], "produces": [{produces}]}}"#,
            number % BOEFJES
        );
        write(folder.join("normalizer.json"), &manifest)?;
        write(folder.join("normalize.py"), "def run(normalizer_meta, raw):\n    yield from ()\n")?;
    }
    Ok(root)
}
