//! A session: one size of the pool in front of one burp server. All sides run at the same time and
//! are put under load in turn, so that they meet the same machine and the same burp.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::burp::{PrivateBurp, program};
use crate::child::BareChild;
use crate::daemons::{Daemon, Setting, Software};
use crate::failure::Failure;
use crate::load::Wire;
use crate::options::Options;
use crate::original;
use crate::rounds::{Measure, measure};
use crate::rows::{BIG_ENTRIES, Kind, Row, WIDE_CLIENTS, summary};
use crate::tls::Certificate;

/// What a daemon costs without regard to any row.
#[derive(Clone, Debug)]
pub(crate) struct Footprint {
    /// How its clients spoke.
    pub(crate) wire: Wire,
    /// The size of the pool.
    pub(crate) pool: usize,
    /// The side's name.
    pub(crate) side: String,
    /// From the start to the first `monitor_version`.
    pub(crate) first_version: Duration,
    /// From the start to the first summary.
    pub(crate) first_summary: Duration,
    /// Memory after the first answers, KiB (PSS of the parent alone).
    pub(crate) idle_kib: u64,
    /// Memory after all rows but the browse, KiB.
    pub(crate) loaded_kib: u64,
    /// Memory after the browse, KiB, where there was one.
    pub(crate) browsed_kib: Option<u64>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// The names of our sides: one for each transport.
    pub(crate) ours: Vec<String>,
    /// Row by row.
    pub(crate) measures: Vec<Measure>,
    /// Daemon by daemon.
    pub(crate) footprints: Vec<Footprint>,
    /// Whether the bare children ran without the stall.
    pub(crate) swift: bool,
}

/// Runs everything that `options` ask for.
pub(crate) fn all(options: &Options) -> Result<Figures, Failure> {
    let burp = program()?;
    let mut software = Vec::new();
    if let Some(directory) = &options.original {
        software.push(Software::Original(original::original(directory)?));
    }
    let mut figures = Figures { swift: true, ..Figures::default() };
    if !options.without_ours {
        let binary = match &options.ours {
            Some(path) => path.clone(),
            None => original::build("bui-monitor", "bui-monitor", "")?,
        };
        for transport in &options.transports {
            let settings = options.settings.clone();
            software.push(Software::Ours(binary.clone(), transport.clone(), settings));
        }
        let ours = software.iter().skip(usize::from(options.original.is_some()));
        figures.ours = ours.map(Software::name).collect();
    }
    for (wire, rows) in [(Wire::Plain, &options.rows), (Wire::Tls, &options.tls_rows)] {
        let mut software = software.clone();
        if wire == Wire::Plain {
            software.push(Software::BareLoop);
        }
        over(wire, rows, options, &burp, &software, &mut figures)?;
    }
    Ok(figures)
}

fn over(
    wire: Wire,
    rows: &[Kind],
    options: &Options,
    burp: &Path,
    software: &[Software],
    figures: &mut Figures,
) -> Result<(), Failure> {
    // The wide server is one of its own, since its summary would otherwise be everyone's.
    let (apart, together): (Vec<_>, Vec<_>) = rows.iter().partition(|&&row| row == Kind::Wide);
    if !together.is_empty() {
        let entries = BIG_ENTRIES.to_string();
        let mut with = vec!["--clients", "3", "--backups", "3"];
        if together.contains(&Kind::Browse) {
            with.extend(["--big", entries.as_str()]);
        }
        let server = PrivateBurp::up(&with)?;
        for &pool in &options.pools {
            session(options, burp, &server, (wire, pool), &together, software, figures)?;
        }
    }
    if !apart.is_empty() {
        let copies = WIDE_CLIENTS.to_string();
        let server =
            PrivateBurp::up(&["--clients", "1", "--backups", "1", "--copies", copies.as_str()])?;
        for &pool in &options.pools {
            session(options, burp, &server, (wire, pool), &apart, software, figures)?;
        }
    }
    Ok(())
}

fn session(
    options: &Options,
    burp: &Path,
    server: &PrivateBurp,
    (wire, pool): (Wire, usize),
    kinds: &[Kind],
    software: &[Software],
    figures: &mut Figures,
) -> Result<(), Failure> {
    let conf = server.monitor_conf();
    let certificate = if wire == Wire::Tls { Some(Certificate::new()?) } else { None };
    let (certificate, two_writes) = (certificate.as_ref(), options.two_writes);
    let setting = Setting { burp, conf: &conf, pool, two_writes, certificate, sections: "" };
    let mut children = start_children(burp, &conf, pool)?;
    figures.swift &= children.iter().all(BareChild::swift);
    let Some(child) = children.first_mut() else { return Ok(()) };
    let first = summary(child)?;
    let (browse, short): (Vec<_>, Vec<_>) = kinds.iter().partition(|&&kind| kind == Kind::Browse);
    let mut prepare = |kinds: Vec<Kind>| -> Result<Vec<Row>, Failure> {
        kinds.into_iter().map(|kind| Row::prepare(kind, child)).collect()
    };
    let (browse, short) = (prepare(browse)?, prepare(short)?);

    let mut daemons = Vec::new();
    for software in software {
        daemons.push(Daemon::start(software, setting, &first)?);
    }
    let memory = |daemons: &[Daemon]| -> Result<Vec<u64>, Failure> {
        daemons.iter().map(|daemon| daemon.process.pss_kib()).collect()
    };
    let idle = memory(&daemons)?;
    let run = measure(options, (wire, pool), &short, &daemons, &mut children)?;
    figures.measures.extend(run);
    let loaded = memory(&daemons)?;
    let run = measure(options, (wire, pool), &browse, &daemons, &mut children)?;
    figures.measures.extend(run);
    let browsed = memory(&daemons)?;

    // The wide session measures another server; its memory would not be comparable.
    if kinds == [Kind::Wide] {
        return Ok(());
    }
    for (((daemon, idle_kib), loaded_kib), browsed_kib) in
        daemons.iter().zip(idle).zip(loaded).zip(browsed)
    {
        if let Some(first_summary) = daemon.first_summary {
            figures.footprints.push(Footprint {
                wire,
                pool,
                side: daemon.name.clone(),
                first_version: daemon.first_version,
                first_summary,
                idle_kib,
                loaded_kib,
                browsed_kib: kinds.contains(&Kind::Browse).then_some(browsed_kib),
            });
        }
    }
    Ok(())
}

/// Starts `count` bare children at once: each has to wait up to five seconds for its first answer.
fn start_children(burp: &Path, conf: &Path, count: usize) -> Result<Vec<BareChild>, Failure> {
    thread::scope(|scope| {
        let starting: Vec<_> =
            (0..count).map(|_| scope.spawn(|| BareChild::start(burp, conf))).collect();
        let started = starting.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(Failure::Program("a thread panicked".to_owned())))
        });
        started.collect()
    })
}
