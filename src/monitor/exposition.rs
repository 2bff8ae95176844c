//! Everything that is counted, as Prometheus reads it.

use std::fmt;

use ostler_http::exposition::{Families, Figures};
use ostler_net::Statistics as Connections;
use ostler_pool::Statistics as Pool;

use crate::metrics::{Asked, Metrics, Outcome};
use crate::sharing::Figures as Shared;
use ostler_runtime::latency::Snapshot;

/// The states that a slot reports.
const STATES: [&str; 6] = ["waiting", "starting", "ready", "busy", "ending", "killed"];

/// The figures of one moment.
#[derive(Debug)]
pub(crate) struct Exposition {
    pub(crate) pool: Pool,
    pub(crate) connections: Connections,
    /// Each kind and outcome of requests with their number.
    pub(crate) requests: Vec<(&'static str, &'static str, u64)>,
    /// Reasons why requests were refused, with their numbers.
    pub(crate) refused: [(&'static str, u64); 2],
    /// What became of queries, with their numbers.
    pub(crate) queries: [(&'static str, u64); 3],
    pub(crate) latency: Snapshot,
    pub(crate) wait: Snapshot,
    /// Answers that are kept, and their bytes.
    pub(crate) cache: (usize, usize),
    pub(crate) viewers: usize,
    /// What has become of events, if any can be published.
    pub(crate) events: Option<[([&'static str; 1], u64); 3]>,
    /// What has become of answers that daemons share, if any do.
    pub(crate) shared_cache: Option<Shared>,
    /// `client_version`, `server_version` and `transport`.
    pub(crate) burp: [(&'static str, String); 3],
}

impl Exposition {
    /// What is counted of requests.
    pub(crate) fn requests(metrics: &Metrics) -> Vec<(&'static str, &'static str, u64)> {
        let outcomes = |(kind, name)| {
            Outcome::ALL
                .into_iter()
                .map(move |(outcome, end)| (name, end, metrics.requests(kind, outcome)))
        };
        Asked::ALL.into_iter().flat_map(outcomes).collect()
    }

    fn write_requests(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let requests = self.requests.iter().map(|(kind, end, count)| ([*kind, *end], *count));
        let help = "Requests answered, by kind and outcome";
        out.counters("requests", help, ["kind", "outcome"], requests)?;
        let help = "Requests refused before anything was done for them";
        let framing =
            [("oversized", self.connections.oversized), ("truncated", self.connections.truncated)];
        let refused = labelled(self.refused).into_iter().chain(labelled(framing));
        out.counters("refused_requests", help, ["reason"], refused)?;
        let help = "From a whole request to its answer, waiting included";
        out.histogram("request_duration_seconds", help, &self.latency)?;
        let help = "From a query until a child has it";
        out.histogram("queue_wait_seconds", help, &self.wait)?;
        let help = "Queries, by what they cost: none (hit), another's execution, or one";
        out.counters("cache_queries", help, ["result"], labelled(self.queries))?;
        out.gauge("cache_entries", "Answers that are kept", self.cache.0)?;
        out.gauge("cache_bytes", "Bytes of the answers that are kept", self.cache.1)?;
        out.gauge("viewers", "Clients that wait for news", self.viewers)?;
        let help = "Events, by what became of them";
        self.events.map_or(Ok(()), |events| out.counters("events", help, ["result"], events))?;
        let Some(shared) = &self.shared_cache else { return Ok(()) };
        let help = "Whether the store of shared answers can be reached";
        out.gauge("shared_cache_reachable", help, usize::from(shared.is_reachable))?;
        let help =
            "Answers shared with other daemons, and queries for them, by what became of them";
        out.counters("shared_cache", help, ["result"], labelled(shared.counts))
    }

    fn write_pool(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let Pool { losses, replacements, .. } = self.pool;
        out.gauge("pool_size", "Children that should be ready", self.pool.slots.len())?;
        let children = STATES.map(|state| {
            ([state], self.pool.slots.iter().filter(|slot| slot.state == state).count())
        });
        out.gauges("children", "Slots, by the state of their child", ["state"], children)?;
        out.gauge("queue_length", "Queries that wait for a child", self.pool.queued)?;
        out.gauge("queries_running", "Queries that a child has", self.pool.lent)?;
        let restarts = [
            ("exited", losses.exited),
            ("late", losses.late),
            ("broken", losses.broken),
            ("too_long", losses.too_long),
            ("outdated", replacements.outdated),
            ("max_requests", replacements.max_requests),
            ("max_age", replacements.max_age),
        ];
        let help = "Children that made way for another one, by cause";
        out.counters("child_restarts", help, ["cause"], labelled(restarts))?;
        out.counter("child_starts", "Children started", self.pool.starts)?;
        let help = "Children that did not become ready";
        out.counter("child_failed_starts", help, self.pool.failed_starts)?;
        out.counter("answers", "Answers of children", self.pool.answered)?;
        out.counter("late_queries", "Queries without an answer in time", self.pool.late)?;
        out.counter("retries", "Queries asked again since their child was lost", self.pool.retries)
    }
}

impl Figures for Exposition {
    fn write(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let [(client, client_version), (server, server_version), (way, transport)] = &self.burp;
        let labels = ["version", client, server, way];
        let values = [env!("CARGO_PKG_VERSION"), client_version, server_version, transport];
        let help = "The daemon, the burp that it speaks with, and how";
        out.gauges("info", help, labels, [(values, 1)])?;
        self.write_requests(out)?;
        self.write_pool(out)?;
        out.connections(&self.connections)?;
        let panics = [(["connections"], self.connections.panics), (["pool"], self.pool.panics)];
        out.counters("panics", "Panics that were caught", ["part"], panics)
    }
}

/// Figures with one label.
fn labelled<const N: usize>(figures: [(&'static str, u64); N]) -> [([&'static str; 1], u64); N] {
    figures.map(|(label, count)| ([label], count))
}
