//! Everything that is counted, in the text format of Prometheus (version 0.0.4).
//!
//! Names follow its conventions: the prefix `bui_monitor_`, base units, `_total` for what only
//! grows. The figures are read at the moment of the scrape; nothing is kept for it.

use std::fmt;

use ostler_net::Statistics as Connections;
use ostler_pool::Statistics as Pool;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::latency::Snapshot;
use crate::metrics::{Asked, Metrics, Outcome};

/// What an exposition's media type is.
pub(crate) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

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

    /// The text itself.
    pub(crate) fn text(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("bui_monitor");
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }

    fn encode_requests(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let mut requests = out.counter("requests", "Requests answered, by kind and outcome")?;
        for (kind, outcome, count) in &self.requests {
            let labels = [("kind", *kind), ("outcome", *outcome)];
            requests.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        let help = "Requests refused before anything was done for them";
        let framing =
            [("oversized", self.connections.oversized), ("truncated", self.connections.truncated)];
        let refused = self.refused.into_iter().chain(framing);
        out.counters("refused_requests", help, "reason", refused)?;
        let help = "From a whole request to its answer, waiting included";
        out.histogram("request_duration_seconds", help, &self.latency)?;
        let help = "From a query until a child has it";
        out.histogram("queue_wait_seconds", help, &self.wait)?;
        let help = "Queries, by what they cost: none (hit), another's execution, or one";
        out.counters("cache_queries", help, "result", self.queries)?;
        out.gauge("cache_entries", "Answers that are kept", self.cache.0)?;
        out.gauge("cache_bytes", "Bytes of the answers that are kept", self.cache.1)?;
        out.gauge("viewers", "Clients that wait for news", self.viewers)
    }

    fn encode_pool(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let Pool { losses, replacements, .. } = self.pool;
        out.gauge("pool_size", "Children that should be ready", self.pool.slots.len())?;
        let mut children = out.family("children", "Slots, by the state of their child", GAUGE)?;
        for state in STATES {
            let count = self.pool.slots.iter().filter(|slot| slot.state == state).count();
            children.encode_family(&[("state", state)])?.encode_gauge(&signed(count))?;
        }
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
        out.counters("child_restarts", help, "cause", restarts)?;
        out.total("child_starts", "Children started", self.pool.starts)?;
        let help = "Children that did not become ready";
        out.total("child_failed_starts", help, self.pool.failed_starts)?;
        out.total("answers", "Answers of children", self.pool.answered)?;
        out.total("late_queries", "Queries without an answer in time", self.pool.late)?;
        out.total("retries", "Queries asked again since their child was lost", self.pool.retries)
    }

    fn encode_connections(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let connections = &self.connections;
        out.gauge("connections_open", "Connections that are open", connections.open)?;
        let help = "Connections that wait for their client";
        out.gauge("connections_parked", help, connections.parked)?;
        out.total("connections_accepted", "Connections admitted", connections.accepted)?;
        let help = "Connections refused for want of room";
        out.total("connections_refused", help, connections.refused)?;
        let help = "Admitted connections closed to make room for others";
        out.total("connections_evicted", help, connections.evicted)?;
        let help = "Admitted connections closed since a request or an answer took too long";
        out.total("connections_timed_out", help, connections.timeouts)?;
        let help = "Requests that never got an answer";
        out.total("unanswered_requests", help, connections.unanswered)?;
        let help = "Connections that did not speak TLS as they should";
        out.total("tls_failures", help, connections.tls_failures)?;
        let help = "Connections of clients that came through a proxy";
        out.total("proxied_connections", help, connections.proxied)?;
        let help = "Connections closed since a proxy was not trusted, or its header malformed";
        out.total("proxy_failures", help, connections.proxy_failures)?;
        let help = "Answers cut off since too many waited to be read";
        out.total("dropped_answers", help, connections.dropped_answers)?;
        let help = "Failures to accept a connection, as without descriptors";
        out.total("accept_errors", help, connections.accept_errors)?;
        let panics = [("connections", connections.panics), ("pool", self.pool.panics)];
        out.counters("panics", "Panics that were caught", "part", panics)
    }
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families(&mut encoder);
        let [client, server, transport] = &self.burp;
        let text = |(key, value): &(&'static str, String)| (*key, value.clone());
        let version = ("version", env!("CARGO_PKG_VERSION").to_owned());
        let labels = [version, text(client), text(server), text(transport)];
        let help = "The daemon, the burp that it speaks with, and how";
        out.family("info", help, GAUGE)?.encode_family(&labels)?.encode_gauge(&1_i64)?;
        self.encode_requests(&mut out)?;
        self.encode_pool(&mut out)?;
        self.encode_connections(&mut out)
    }
}

const GAUGE: MetricType = MetricType::Gauge;

/// Where families of metrics are written.
struct Families<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Families<'_, '_> {
    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn counter<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.family(name, help, MetricType::Counter)
    }

    /// One counter without labels.
    fn total(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        self.counter(name, help)?.encode_counter::<NoLabelSet, _, u64>(&count, None)
    }

    /// Counters that differ in one label.
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        counts: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> fmt::Result {
        let mut family = self.counter(name, help)?;
        for (value, count) in counts {
            let labels = [(label, value)];
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, value: usize) -> fmt::Result {
        self.family(name, help, GAUGE)?.encode_gauge(&signed(value))
    }

    fn histogram(&mut self, name: &str, help: &str, snapshot: &Snapshot) -> fmt::Result {
        let buckets: Vec<(f64, u64)> = snapshot
            .buckets()
            .map(|(bound, count)| (bound.unwrap_or(f64::INFINITY), count))
            .collect();
        self.family(name, help, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
            snapshot.seconds(),
            snapshot.count(),
            &buckets,
            None,
        )
    }
}

/// The library's gauges are signed.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
