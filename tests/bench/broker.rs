//! `bench --broker`: how fast is the broker? Its original cannot be installed from a package
//! registry, so what was measured of it once stands beside (see `README.md`).

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_tests::process::memory;
use tempfile::TempDir;

use crate::broker_native;
use crate::broker_trips::{self, Trips};
use crate::broker_websocket;
use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::options::Options;
use crate::original;
use crate::process::{Process, command};

/// How long anything may take, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(5);

/// What goes where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// From a process that publishes to one that counts.
    Native,
    /// From a WebSocket client to a node.
    WebSocketIn,
    /// From a process that publishes over a node to a WebSocket client.
    WebSocketOut,
}

impl Row {
    pub(crate) const ALL: [Self; 3] = [Self::Native, Self::WebSocketIn, Self::WebSocketOut];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "natively",
            Self::WebSocketIn => "from a WebSocket client",
            Self::WebSocketOut => "to a WebSocket client",
        }
    }

    /// Messages of a round; natively some more are sent until it is known that these have come.
    fn count(self, is_short: bool) -> u64 {
        match (self, is_short) {
            (_, true) => 20_000,
            (Self::Native, false) => 3_000_000,
            (_, false) => 600_000,
        }
    }
}

/// One round of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Round {
    pub(crate) sent: u64,
    pub(crate) arrived: u64,
    pub(crate) took: Duration,
    /// Of the node that receives, at most, in bytes.
    pub(crate) peak: u64,
}

/// All rounds of a row.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub(crate) row: Row,
    pub(crate) rounds: Vec<Round>,
}

/// A node that has nothing to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Idle {
    /// PSS and RSS, in KiB.
    pub(crate) kib: [u64; 2],
    pub(crate) threads: usize,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) measures: Vec<Measure>,
    pub(crate) trips: Trips,
    pub(crate) idle: Idle,
}

/// Runs everything.
pub(crate) fn all(options: &Options) -> Result<Figures, Failure> {
    let programs = match &options.ours {
        Some(path) => path.clone(),
        None => original::build("ostler-broker", "broker-node", "")?,
    };
    let directory = TempDir::with_prefix("bench-broker-")
        .context(|| "cannot make a temporary directory".to_owned())?;
    let bench = Bench { node: programs, directory: directory.path().to_owned() };
    let mut figures = Figures { idle: bench.idle()?, ..Figures::default() };
    for row in Row::ALL {
        eprintln!("bench: {}", row.name());
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            let count = row.count(options.smoke);
            rounds.push(match row {
                Row::Native => broker_native::round(&bench, count)?,
                Row::WebSocketIn => broker_websocket::into_node(&bench, count)?,
                Row::WebSocketOut => broker_websocket::out_of_node(&bench, count)?,
            });
            interrupt::check()?;
        }
        figures.measures.push(Measure { row, rounds });
    }
    eprintln!("bench: round trips");
    for _ in 0..options.rounds {
        figures.trips.add(broker_trips::round(&bench, if options.smoke { 200 } else { 10_000 })?);
        interrupt::check()?;
    }
    Ok(figures)
}

/// Where the programs are, and where they work.
pub(crate) struct Bench {
    node: PathBuf,
    directory: PathBuf,
}

impl Bench {
    /// Starts `broker-node` without TLS.
    pub(crate) fn node(&self, arguments: &[&str]) -> Result<Program, Failure> {
        let all: Vec<&str> = ["--disable-ssl"].iter().chain(arguments).copied().collect();
        Program::start(&self.node, &self.directory, &all)
    }

    /// Starts `broker-throughput`, which lies beside it.
    pub(crate) fn throughput(&self, arguments: &[&str]) -> Result<Program, Failure> {
        Program::start(&self.node.with_file_name("broker-throughput"), &self.directory, arguments)
    }

    /// A node that listens for both kinds, and waits.
    fn idle(&self) -> Result<Idle, Failure> {
        let mut node = self.node(&["-p", "0", "--web-socket-port=0"])?;
        node.port("WebSocket clients")?;
        let id = node.process.id();
        let tasks = format!("/proc/{id}/task");
        let threads = fs::read_dir(&tasks).context(|| tasks.clone())?.count();
        Ok(Idle { kib: [node.process.pss_kib()?, memory(id, "VmRSS") / 1024], threads })
    }
}

/// A program of ours, and the file that it prints and logs to.
pub(crate) struct Program {
    pub(crate) process: Process,
    output: PathBuf,
}

impl Program {
    fn start(program: &Path, directory: &Path, arguments: &[&str]) -> Result<Self, Failure> {
        // Each has one of its own.
        let (file, output) = tempfile::NamedTempFile::new_in(directory)
            .and_then(|file| Ok(file.keep()?))
            .context(|| directory.display().to_string())?;
        let errors: File = file.try_clone().context(|| output.display().to_string())?;
        let mut start = command(program);
        start
            .args(arguments)
            .current_dir(directory)
            .env("BROKER_CONSOLE_VERBOSITY", "info")
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors);
        Ok(Self { process: Process::spawn(&mut start, &program.display().to_string())?, output })
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> Result<String, Failure> {
        let bytes = fs::read(&self.output).context(|| self.output.display().to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a node listens for these.
    pub(crate) fn port(&mut self, what: &str) -> Result<u16, Failure> {
        let end = format!(" for {what}");
        self.wait(|said| {
            let line = said.lines().find_map(|line| line.strip_suffix(&end))?;
            line.rsplit_once(" port ")?.1.parse().ok()
        })
    }

    /// Waits until it has said something.
    pub(crate) fn wait<T>(&mut self, found: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            if let Some(found) = found(&self.said()?) {
                return Ok(found);
            }
            interrupt::check()?;
            if self.process.ended(LOOK)?.is_some() || deadline.passed() {
                return Err(self.failed("ended, or says nothing"));
            }
        }
    }

    /// Waits for its end, with success: what it has said.
    pub(crate) fn ended(&mut self) -> Result<String, Failure> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            interrupt::check()?;
            match self.process.ended(LOOK)? {
                Some(status) if status.success() => return self.said(),
                Some(status) => return Err(self.failed(&status.to_string())),
                None if deadline.passed() => return Err(self.failed("does not end")),
                None => {}
            }
        }
    }

    /// What went wrong, with all that it said.
    pub(crate) fn failed(&self, words: &str) -> Failure {
        Failure::Program(format!("broker: {words}\n{}", self.said().unwrap_or_default()))
    }
}

/// A port of this machine.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
