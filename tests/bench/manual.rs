//! The benchmark of the original's manual: six clients with seven backups each, and twelve
//! parallel requests for the statistics of a client, put to Burp-UI. It shows what a user of
//! Burp-UI gets, most of which is Burp-UI's own work; the other rows show the monitors.
//!
//! Every side is a Burp-UI of its own, all in front of the same burp. Each round of a side finds
//! the monitor's cache too old, since the side has rested, and Burp-UI's own is left out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ostler_runtime::now;
use serde_json::Value;

use crate::burp::{PrivateBurp, program};
use crate::burpui::{Backend, BurpUi, WORKERS};
use crate::child::BareChild;
use crate::daemons::{Daemon, Setting, Software};
use crate::failure::Failure;
use crate::interrupt;
use crate::load::Wire;
use crate::options::Options;
use crate::original;
use crate::process::cpu_of;
use crate::rows::summary;
use crate::tls::Certificate;

/// The clients of the burp server.
const CLIENTS: usize = 6;
/// The backups of each.
const BACKUPS: usize = 7;
/// The parallel requests of a round, two for each client.
const REQUESTS: usize = 12;
/// How long a side rests before each round: the caches keep an answer for five seconds.
const REST: Duration = Duration::from_millis(5500);
/// After so many rounds all workers should have had all clients.
const MAX_WARM_UPS: usize = 20;
/// The name of the side without a monitor.
pub(crate) const BURP2: &str = "burp2";

/// What one side took.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    /// The monitor's name, or [`BURP2`].
    pub(crate) name: String,
    /// How Burp-UI speaks with the monitor.
    pub(crate) wire: Wire,
    /// The monitor's children, and Burp-UI's `concurrency`.
    pub(crate) pool: usize,
    /// Each round, from the first request to the last answer; in order of length.
    pub(crate) rounds: Vec<Duration>,
    /// The processor time of Burp-UI's workers in all rounds.
    pub(crate) workers_cpu: Duration,
    /// The monitor's own in all rounds, without children.
    pub(crate) monitor_cpu: Option<Duration>,
    /// Requests that failed or were answered otherwise than elsewhere.
    pub(crate) failed: usize,
    /// The first thing that was not right.
    pub(crate) complaint: Option<String>,
}

impl Side {
    /// The median of the rounds.
    pub(crate) fn median(&self) -> Duration {
        self.rounds.get(self.rounds.len() / 2).copied().unwrap_or_default()
    }
}

/// A side that is running.
struct Running<'a> {
    side: Side,
    daemon: Option<&'a Daemon>,
    ui: BurpUi,
    rested_from: Instant,
}

/// Runs the benchmark over each wire and with each size of the pool that `options` ask for.
pub(crate) fn all(options: &Options) -> Result<Vec<Side>, Failure> {
    let burp = program()?;
    let directory = options.original.as_deref().ok_or_else(|| {
        Failure::Unavailable("the manual's benchmark needs --original, where Burp-UI is".to_owned())
    })?;
    let original = original::original(directory)?;
    let gunicorn = original.with_file_name("gunicorn");
    let mut software = vec![Software::Original(original)];
    if !options.without_ours {
        let binary = match &options.ours {
            Some(path) => path.clone(),
            None => original::build("bui-monitor", "bui-monitor", "")?,
        };
        for transport in &options.transports {
            let settings = options.settings.clone();
            software.push(Software::Ours(binary.clone(), transport.clone(), settings));
        }
    }
    let (clients, backups) = (CLIENTS.to_string(), BACKUPS.to_string());
    let server = PrivateBurp::up(&["--clients", &clients, "--backups", &backups])?;
    let conf = server.monitor_conf();
    let mut sides = Vec::new();
    for (wire, asked) in
        [(Wire::Plain, !options.rows.is_empty()), (Wire::Tls, !options.tls_rows.is_empty())]
    {
        let certificate = if wire == Wire::Tls && asked { Some(Certificate::new()?) } else { None };
        for &pool in options.pools.iter().filter(|_| asked) {
            let certificate = certificate.as_ref();
            let (burp, conf) = (burp.as_path(), conf.as_path());
            let setting = Setting { burp, conf, pool, two_writes: true, certificate, sections: "" };
            sides.extend(session(options, setting, wire, &software, &gunicorn)?);
        }
    }
    Ok(sides)
}

fn session(
    options: &Options,
    setting: Setting<'_>,
    wire: Wire,
    software: &[Software],
    gunicorn: &Path,
) -> Result<Vec<Side>, Failure> {
    let pool = setting.pool;
    // The bare child ends here; only the sides' own children are left to burp.
    let first = summary(&mut BareChild::start(setting.burp, setting.conf)?)?;
    let mut daemons = Vec::new();
    for software in software {
        daemons.push(Daemon::start(software, setting, &first)?);
    }
    let mut running = Vec::new();
    for daemon in daemons.iter().map(Some).chain([None]) {
        let backend = daemon.map_or(Backend::Burp2, |daemon| Backend::Parallel(daemon, pool));
        let ui = BurpUi::start(gunicorn, backend, setting.burp, setting.conf)?;
        let name = daemon.map_or(BURP2, |daemon| &daemon.name);
        let side = blank(name, wire, pool, daemon.is_some());
        running.push(Running { side, daemon, ui, rested_from: now() });
    }
    let right = right_answers(&running)?;
    for running in &mut running {
        warm_up(running, &right)?;
    }
    for round in 0..options.rounds {
        eprintln!("bench: manual, {}, pool {pool}, round {}", wire.name(), round + 1);
        let count = running.len();
        for turn in 0..count {
            let turn = if round % 2 == 0 { turn } else { count - 1 - turn };
            if let Some(running) = running.get_mut(turn) {
                running.ui.rest(REST.saturating_sub(running.rested_from.elapsed()))?;
                one_round(running, &right)?;
            }
        }
    }
    Ok(running
        .into_iter()
        .map(|mut running| {
            running.side.rounds.sort_unstable();
            running.side
        })
        .collect())
}

/// Runs rounds until each worker has had each client: Burp-UI looks at a client's labels and files
/// once, to guess its system, and keeps that as long as the worker lives.
fn warm_up(running: &mut Running<'_>, right: &[Vec<u8>]) -> Result<(), Failure> {
    for _ in 0..MAX_WARM_UPS {
        if let Some(complaint) = twelve(&running.ui, right).1 {
            return Err(running.ui.failed(&format!("({}): {complaint}", running.side.name)));
        }
        running.rested_from = now();
        interrupt::check()?;
        let answered = running.ui.answered();
        let paths = answered.iter().filter(|(_, path)| path.starts_with("/api/client/stats/"));
        if paths.count() >= WORKERS * CLIENTS {
            return Ok(());
        }
    }
    eprintln!("bench: {}: not every worker is warm", running.side.name);
    Ok(())
}

fn one_round(running: &mut Running<'_>, right: &[Vec<u8>]) -> Result<(), Failure> {
    let workers: BTreeSet<u32> =
        running.ui.answered().into_iter().map(|(worker, _)| worker).collect();
    let used = || workers.iter().map(|&worker| cpu_of(worker)).sum::<Result<Duration, Failure>>();
    let monitor = || running.daemon.map(|daemon| daemon.process.cpu()).transpose();
    let before = (used()?, monitor()?);
    let (taken, complaint, failed) = twelve(&running.ui, right);
    let after = (used()?, monitor()?);
    running.rested_from = now();
    let side = &mut running.side;
    side.rounds.push(taken);
    side.workers_cpu += after.0.saturating_sub(before.0);
    if let (Some(total), Some(before), Some(after)) = (&mut side.monitor_cpu, before.1, after.1) {
        *total += after.saturating_sub(before);
    }
    side.failed += failed;
    side.complaint = side.complaint.take().or(complaint);
    Ok(())
}

/// Twelve requests at once; the time until all are answered, the first complaint, and the number
/// of requests that were not answered rightly.
fn twelve(ui: &BurpUi, right: &[Vec<u8>]) -> (Duration, Option<String>, usize) {
    let barrier = Barrier::new(REQUESTS + 1);
    thread::scope(|scope| {
        let asking: Vec<_> = right
            .iter()
            .enumerate()
            .cycle()
            .take(REQUESTS)
            .map(|(index, right)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    ask(ui, index, right)
                })
            })
            .collect();
        barrier.wait();
        let start = now();
        let answers: Vec<_> = asking
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect();
        let taken = start.elapsed();
        let mut complaints = answers.into_iter().filter_map(Result::err);
        let first = complaints.next();
        let failed = usize::from(first.is_some()) + complaints.count();
        (taken, first, failed)
    })
}

fn ask(ui: &BurpUi, index: usize, right: &[u8]) -> Result<(), String> {
    let answer = ui.stats(&client(index))?;
    if answer == right {
        Ok(())
    } else {
        Err(format!("another answer: {}", String::from_utf8_lossy(&answer)))
    }
}

/// What the side without a monitor answers for each client, which must be all backups.
fn right_answers(running: &[Running<'_>]) -> Result<Vec<Vec<u8>>, Failure> {
    let Some(plain) = running.iter().find(|running| running.daemon.is_none()) else {
        return Ok(Vec::new());
    };
    (0..CLIENTS)
        .map(|index| {
            let answer = plain.ui.stats(&client(index)).map_err(|why| plain.ui.failed(&why))?;
            let backups = serde_json::from_slice::<Value>(&answer).ok();
            match backups.as_ref().and_then(Value::as_array).map(Vec::len) {
                Some(BACKUPS) => Ok(answer),
                _ => Err(plain.ui.failed(&String::from_utf8_lossy(&answer))),
            }
        })
        .collect()
}

fn client(index: usize) -> String {
    format!("client{}", index + 1)
}

fn blank(name: &str, wire: Wire, pool: usize, monitored: bool) -> Side {
    Side {
        name: name.to_owned(),
        wire,
        pool,
        rounds: Vec::new(),
        workers_cpu: Duration::ZERO,
        monitor_cpu: monitored.then_some(Duration::ZERO),
        failed: 0,
        complaint: None,
    }
}
