//! `bench --shared-cache`: what do two daemons save that share their answers by a store, and what
//! does it cost them?
//!
//! Two pairs of daemons stand in front of the same private burp, and clients ask both daemons of a
//! pair the same queries as fast as they can. In one pair the first daemon keeps the store and the
//! second one has a clone of it; in the other one each has only its own cache. Burp's queries are
//! counted where the answers of children arrive, in the pool, which knows of no cache.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};

use crate::burp::{PrivateBurp, program};
use crate::child::BareChild;
use crate::daemons::{Daemon, Setting, Software, free_port};
use crate::failure::{Context, Failure};
use crate::http::get;
use crate::interrupt;
use crate::load::{Bounds, Outcome, Request, run};
use crate::options::Options;
use crate::original;
use crate::rows::{request, summary};

/// The daemons of a pair.
pub(crate) const DAEMONS: usize = 2;
/// The clients of the burp server, and the backups of each.
const BURP_CLIENTS: usize = 3;
const BACKUPS: usize = 3;
/// The children of each daemon.
const POOL: usize = 2;
/// How long a pair rests before each round: the caches keep an answer for five seconds.
const REST: Duration = Duration::from_millis(5500);
/// How long the daemons may take to find each other, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// What the daemons of a pair have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Only burp.
    Apart,
    /// A store, which the first one keeps.
    Shared,
}

impl Side {
    const ALL: [Self; 2] = [Self::Apart, Self::Shared];

    /// The name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Apart => "apart",
            Self::Shared => "shared",
        }
    }
}

/// What a daemon has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Queries that its children have answered.
    pub(crate) queries: u64,
    /// Answers that it has been told by the other one.
    pub(crate) learned: u64,
    /// Queries of its clients that waited for the other one's answer instead of asking burp.
    pub(crate) spared: u64,
}

/// All rounds of a pair with so many clients.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub(crate) side: Side,
    /// Clients of each daemon.
    pub(crate) clients: usize,
    /// Requests a second of both daemons, of each round.
    pub(crate) rates: Vec<f64>,
    /// Of both daemons and all rounds; latencies in order.
    pub(crate) outcome: Outcome,
    /// Of each daemon in all rounds.
    pub(crate) counts: [Counts; DAEMONS],
}

impl Measure {
    /// Burp's queries of both daemons.
    pub(crate) fn queries(&self) -> u64 {
        self.counts.iter().map(|counts| counts.queries).sum()
    }
}

/// Runs everything.
pub(crate) fn all(options: &Options) -> Result<Vec<Measure>, Failure> {
    let burp = program()?;
    let binary = match &options.ours {
        Some(path) => path.clone(),
        None => original::build("bui-monitor", "bui-monitor", "shared-cache")?,
    };
    let (clients, backups) = (BURP_CLIENTS.to_string(), BACKUPS.to_string());
    let server = PrivateBurp::up(&["--clients", &clients, "--backups", &backups])?;
    let conf = server.monitor_conf();
    // The bare child ends here; only the daemons' own children are left to burp.
    let (first, requests) = {
        let mut child = BareChild::start(&burp, &conf)?;
        (summary(&mut child)?, requests(&mut child)?)
    };
    let software = Software::Ours(binary, "auto".to_owned(), options.settings.clone());
    let mut pairs = start(&software, (&burp, &conf), options, &first)?;
    let mut measures = Vec::new();
    for &clients in &options.clients {
        let mut both = Side::ALL.map(|side| blank(side, clients));
        for round in 0..options.rounds {
            eprintln!("bench: shared cache, {clients} clients, round {}", round + 1);
            let mut turns: Vec<_> = pairs.iter_mut().zip(&mut both).collect();
            if round % 2 == 1 {
                turns.reverse();
            }
            for (pair, measure) in turns {
                pair.round(options, &requests, measure)?;
            }
        }
        measures.extend(both.map(|mut measure| {
            measure.outcome.latencies.sort_unstable();
            measure
        }));
    }
    Ok(measures)
}

/// What a page of Burp-UI's asks: the summary, each client, each backup, and its statistics.
fn requests(child: &mut BareChild) -> Result<Vec<Request>, Failure> {
    let mut queries = vec!["c:".to_owned()];
    for client in 1..=BURP_CLIENTS {
        queries.push(format!("c:client{client}"));
        for backup in 1..=BACKUPS {
            let backup = format!("c:client{client}:b:{backup}");
            queries.extend([format!("{backup}:l:backup_stats"), backup]);
        }
    }
    queries.iter().map(|query| request(child, query, true)).collect()
}

/// A daemon, and where it shows what it has counted.
struct Member {
    daemon: Daemon,
    status: SocketAddrV4,
}

/// A pair that is running.
struct Pair {
    members: [Member; DAEMONS],
    /// Its last request; `None` if what it was asked at its start may be known yet.
    rested_from: Option<Instant>,
}

/// Starts both pairs, at once: each child waits up to five seconds for its first answer.
fn start(
    software: &Software,
    (burp, conf): (&Path, &Path),
    options: &Options,
    first: &Request,
) -> Result<[Pair; 2], Failure> {
    let store = free_port()?;
    let member = |sections: String| -> Result<Member, Failure> {
        let port = free_port()?;
        let sections = format!("[Status]\nport = {port}\n{sections}");
        let (two_writes, certificate) = (options.two_writes, None);
        let setting =
            Setting { burp, conf, pool: POOL, two_writes, certificate, sections: &sections };
        let daemon = Daemon::start(software, setting, first)?;
        Ok(Member { daemon, status: SocketAddrV4::new(Ipv4Addr::LOCALHOST, port) })
    };
    let keeps = format!(
        "[Cache]\nstore = burp/answers\nserver = private\nstore_role = master\nport = {store}\n"
    );
    let copies = format!(
        "[Cache]\nstore = burp/answers\nserver = private\npeers = 127.0.0.1:{store}\nretry = 1\n"
    );
    let [apart, other, keeper, copy] = thread::scope(|scope| {
        let member = &member;
        [String::new(), String::new(), keeps, copies]
            .map(|sections| scope.spawn(move || member(sections)))
            .map(|thread| thread.join().unwrap_or_else(|_| Err(broken("a thread panicked"))))
    });
    let (apart, mut shared) = ([apart?, other?], [keeper?, copy?]);
    shared.iter_mut().try_for_each(Member::wait_for_store)?;
    // A short run need not wait until the summary is too old.
    let rested_from = (!options.smoke).then(now);
    Ok([apart, shared].map(|members| Pair { members, rested_from }))
}

impl Pair {
    fn round(
        &mut self,
        options: &Options,
        requests: &[Request],
        measure: &mut Measure,
    ) -> Result<(), Failure> {
        if let Some(since) = self.rested_from {
            self.members[0].wait(REST.saturating_sub(since.elapsed()))?;
        }
        let before = self.counts()?;
        let targets = self.members.each_ref().map(|member| member.daemon.target);
        let bounds = Bounds { time: options.round, count: options.count };
        // Each client begins elsewhere: the daemons come to their queries in different orders.
        let plan =
            |client| requests.iter().cycle().skip(client).take(requests.len()).collect::<Vec<_>>();
        let outcome = run(&targets, measure.clients * DAEMONS, bounds, plan);
        self.rested_from = Some(now());
        interrupt::check()?;
        for ((sum, before), after) in measure.counts.iter_mut().zip(before).zip(self.counts()?) {
            sum.queries += after.queries.saturating_sub(before.queries);
            sum.learned += after.learned.saturating_sub(before.learned);
            sum.spared += after.spared.saturating_sub(before.spared);
        }
        measure.rates.push(outcome.rate());
        measure.outcome.elapsed += outcome.elapsed;
        measure.outcome.absorb(outcome);
        Ok(())
    }

    fn counts(&self) -> Result<[Counts; DAEMONS], Failure> {
        let [first, second] = self.members.each_ref().map(|member| {
            let text = member.metrics()?;
            counted(&text).ok_or_else(|| broken("/metrics says nothing of answers"))
        });
        Ok([first?, second?])
    }
}

impl Member {
    /// Waits until it says that the store can be reached.
    fn wait_for_store(&mut self) -> Result<(), Failure> {
        let deadline = Deadline::after(PATIENCE);
        while figure(&self.metrics()?, "bui_monitor_shared_cache_reachable") != Some(1) {
            if deadline.passed() {
                return Err(broken("a daemon does not reach the store"));
            }
            self.wait(LOOK)?;
        }
        Ok(())
    }

    /// Waits for `pause`, or fails if the daemon ends meanwhile.
    fn wait(&mut self, pause: Duration) -> Result<(), Failure> {
        match self.daemon.process.ended(pause)? {
            None => interrupt::check(),
            Some(status) => Err(broken(&format!("a daemon ended: {status}"))),
        }
    }

    fn metrics(&self) -> Result<String, Failure> {
        let reply = get(self.status, "/metrics", "Connection: close\r\n")
            .context(|| format!("/metrics at {}", self.status))?;
        Ok(String::from_utf8_lossy(&reply.body).into_owned())
    }
}

/// What `/metrics` says; a daemon that shares nothing has learned nothing.
fn counted(metrics: &str) -> Option<Counts> {
    let shared = |result| {
        let name = format!("bui_monitor_shared_cache_total{{result=\"{result}\"}}");
        figure(metrics, &name).unwrap_or_default()
    };
    let queries = figure(metrics, "bui_monitor_answers_total")?;
    Some(Counts { queries, learned: shared("learned"), spared: shared("spared") })
}

/// The figure of this name.
fn figure(metrics: &str, name: &str) -> Option<u64> {
    let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found?.parse().ok()
}

fn blank(side: Side, clients: usize) -> Measure {
    Measure {
        side,
        clients,
        rates: Vec::new(),
        outcome: Outcome::default(),
        counts: [Counts::default(); DAEMONS],
    }
}

fn broken(words: &str) -> Failure {
    Failure::Program(format!("shared cache: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_daemon_has_counted_is_found_among_its_figures() {
        let metrics = "# TYPE bui_monitor_answers_total counter\nbui_monitor_answers_total 7\n";
        assert_eq!(counted(metrics), Some(Counts { queries: 7, learned: 0, spared: 0 }));
        let shared = "bui_monitor_shared_cache_total{result=\"learned\"} 5\n\
                      bui_monitor_shared_cache_total{result=\"spared\"} 2\n";
        let all = counted(&format!("{metrics}{shared}"));
        assert_eq!(all, Some(Counts { queries: 7, learned: 5, spared: 2 }));
        assert_eq!(counted(shared), None);
    }
}
