//! The rounds: every row is run by all sides in turn, and each second round backwards, so that
//! whatever else the machine does falls on all of them alike.

use std::time::Duration;

use crate::child::BareChild;
use crate::daemons::Daemon;
use crate::failure::Failure;
use crate::interrupt;
use crate::limits::drive;
use crate::load::{Bounds, Outcome, Wire, once, run};
use crate::options::Options;
use crate::rows::{Kind, Row};

/// The name of the side that is no daemon.
pub(crate) const CHILDREN: &str = "bare-children";
/// The name of the daemon that does nothing but answer.
pub(crate) const LOOP: &str = "bare-loop";

/// One row of one side, all rounds together.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    /// The row.
    pub(crate) row: Kind,
    /// How the clients speak; bare children are driven over pipes in either case.
    pub(crate) wire: Wire,
    /// The size of the pool.
    pub(crate) pool: usize,
    /// Simultaneous clients.
    pub(crate) clients: usize,
    /// The side's name.
    pub(crate) side: String,
    /// Right answers a second, of each round.
    pub(crate) rates: Vec<f64>,
    /// All rounds; the latencies are in order.
    pub(crate) outcome: Outcome,
    /// The daemon's own processor time, where there is a daemon.
    pub(crate) cpu: Option<Duration>,
}

impl Measure {
    /// The median of the rounds' rates.
    pub(crate) fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(0.0)
    }

    /// The daemon's processor time for one answer, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> Option<f64> {
        self.cpu.map(|cpu| self.outcome.for_each_ms(cpu))
    }
}

/// Runs `rows` with every number of clients on `daemons`, and on `children` where a row allows.
pub(crate) fn measure(
    options: &Options,
    (wire, pool): (Wire, usize),
    rows: &[Row],
    daemons: &[Daemon],
    children: &mut [BareChild],
) -> Result<Vec<Measure>, Failure> {
    let mut measures = Vec::new();
    for row in rows {
        for &clients in &options.clients {
            let (row_name, wire_name) = (row.kind.name(), wire.name());
            eprintln!("bench: {row_name}, {wire_name}, {clients} clients, pool {pool}");
            let blank = |side: &str| blank(row.kind, wire, pool, clients, side);
            let mut sides = Vec::new();
            for daemon in daemons.iter().filter(|daemon| fits(daemon, row.kind)) {
                let mut side = blank(&daemon.name);
                side.cpu = Some(Duration::ZERO);
                for complaint in row.requests.iter().filter_map(|r| once(daemon.target, r).err()) {
                    side.outcome.wrong += 1;
                    side.outcome.complaint.get_or_insert(complaint);
                }
                sides.push((side, Some(daemon)));
            }
            if row.kind.asks_burp() && !children.is_empty() {
                sides.push((blank(CHILDREN), None));
            }
            for round in 0..rounds(options, row.kind, clients) {
                let count = sides.len();
                for turn in 0..count {
                    let turn = if round % 2 == 0 { turn } else { count - 1 - turn };
                    if let Some((side, daemon)) = sides.get_mut(turn) {
                        one_round(options, row, *daemon, children, side)?;
                    }
                }
            }
            measures.extend(sides.into_iter().map(|(mut side, _)| {
                side.outcome.latencies.sort_unstable();
                side
            }));
        }
    }
    Ok(measures)
}

fn one_round(
    options: &Options,
    row: &Row,
    daemon: Option<&Daemon>,
    children: &mut [BareChild],
    side: &mut Measure,
) -> Result<(), Failure> {
    let bounds = Bounds { time: options.round, count: options.count };
    let outcome = if let Some(daemon) = daemon {
        let before = daemon.process.cpu()?;
        let outcome = run(&[daemon.target], side.clients, bounds, |client| row.plan(client));
        let used = daemon.process.cpu()?.saturating_sub(before);
        side.cpu = side.cpu.map(|cpu| cpu + used);
        outcome
    } else {
        // Fewer clients than children could not keep all of them busy through a daemon either.
        let busy = children.len().min(side.clients);
        drive(children.get_mut(..busy).unwrap_or_default(), &row.questions, bounds)
    };
    interrupt::check()?;
    side.rates.push(outcome.rate());
    side.outcome.elapsed += outcome.elapsed;
    side.outcome.absorb(outcome);
    Ok(())
}

/// The bare loop knows one answer only.
fn fits(daemon: &Daemon, kind: Kind) -> bool {
    daemon.first_summary.is_some() || kind == Kind::Version
}

/// The original takes two seconds of one core for a browse and serves them one by one, so with
/// several clients one round of it is long enough.
fn rounds(options: &Options, kind: Kind, clients: usize) -> usize {
    if kind == Kind::Browse && clients > 1 { 1 } else { options.rounds }
}

fn blank(row: Kind, wire: Wire, pool: usize, clients: usize, side: &str) -> Measure {
    Measure {
        row,
        wire,
        pool,
        clients,
        side: side.to_owned(),
        rates: Vec::new(),
        outcome: Outcome::default(),
        cpu: None,
    }
}
