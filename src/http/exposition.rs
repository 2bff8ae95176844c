//! Figures in the text format of Prometheus (version 0.0.4).
//!
//! Names follow its conventions: the daemon as a prefix, base units, `_total` for what only grows.
//! The figures are read at the moment of the scrape; nothing is kept for it.

use std::fmt;

use ostler_net::Statistics;
use ostler_runtime::latency::Snapshot;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::{Response, Status};

/// The figures of one moment.
pub trait Figures: fmt::Debug + Send + Sync + 'static {
    /// Writes all of them.
    fn write(&self, out: &mut Families<'_, '_>) -> fmt::Result;
}

/// An answer with figures whose names begin with `prefix` and an underscore.
pub fn response(prefix: &str, figures: impl Figures) -> Response {
    match text(prefix, figures) {
        Ok(text) => {
            Response::with_body(Status::Ok, prometheus_text::CONTENT_TYPE, text.into_bytes())
        }
        Err(_) => Response::error(Status::InternalServerError, "the figures cannot be written"),
    }
}

/// The same as a text alone.
pub fn text(prefix: &str, figures: impl Figures) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(prefix);
    registry.register_collector(Box::new(Collected(figures)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Collected<F>(F);

impl<F: Figures> Collector for Collected<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.write(&mut Families(&mut encoder))
    }
}

/// Where families of figures are written.
pub struct Families<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Families<'_, '_> {
    /// One figure that only grows.
    pub fn counter(&mut self, name: &str, help: &str, count: u64) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, _, u64>(&count, None)
    }

    /// Figures that only grow and differ in these labels.
    pub fn counters<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        counts: impl IntoIterator<Item = ([&'l str; N], u64)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Counter)?;
        for (values, count) in counts {
            let labels = pairs(labels, values);
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    /// One figure that comes and goes.
    pub fn gauge(&mut self, name: &str, help: &str, value: usize) -> fmt::Result {
        self.family(name, help, MetricType::Gauge)?.encode_gauge(&signed(value))
    }

    /// Figures that come and go and differ in these labels.
    pub fn gauges<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        values: impl IntoIterator<Item = ([&'l str; N], usize)>,
    ) -> fmt::Result {
        let mut family = self.family(name, help, MetricType::Gauge)?;
        for (of, value) in values {
            family.encode_family(&pairs(labels, of))?.encode_gauge(&signed(value))?;
        }
        Ok(())
    }

    /// How long something took.
    pub fn histogram(&mut self, name: &str, help: &str, times: &Snapshot) -> fmt::Result {
        let buckets: Vec<(f64, u64)> =
            times.buckets().map(|(bound, count)| (bound.unwrap_or(f64::INFINITY), count)).collect();
        self.family(name, help, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
            times.seconds(),
            times.count(),
            &buckets,
            None,
        )
    }

    /// What a server counts of its connections.
    pub fn connections(&mut self, connections: &Statistics) -> fmt::Result {
        self.gauge("connections_open", "Connections that are open", connections.open)?;
        let help = "Connections that wait for their client";
        self.gauge("connections_parked", help, connections.parked)?;
        self.counter("connections_accepted", "Connections admitted", connections.accepted)?;
        let help = "Connections refused for want of room";
        self.counter("connections_refused", help, connections.refused)?;
        let help = "Admitted connections closed to make room for others";
        self.counter("connections_evicted", help, connections.evicted)?;
        let help = "Admitted connections closed since a request or an answer took too long";
        self.counter("connections_timed_out", help, connections.timeouts)?;
        let help = "Requests that never got an answer";
        self.counter("unanswered_requests", help, connections.unanswered)?;
        let help = "Connections that did not speak TLS as they should";
        self.counter("tls_failures", help, connections.tls_failures)?;
        let help = "Connections of clients that came through a proxy";
        self.counter("proxied_connections", help, connections.proxied)?;
        let help = "Connections closed since a proxy was not trusted, or its header malformed";
        self.counter("proxy_failures", help, connections.proxy_failures)?;
        let help = "Answers cut off since too many waited to be read";
        self.counter("dropped_answers", help, connections.dropped_answers)?;
        let help = "Failures to accept a connection, as without descriptors";
        self.counter("accept_errors", help, connections.accept_errors)
    }

    fn family<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}

fn pairs<'l, const N: usize>(
    labels: [&'static str; N],
    values: [&'l str; N],
) -> [(&'static str, &'l str); N] {
    let mut values = values.into_iter();
    labels.map(|label| (label, values.next().unwrap_or_default()))
}

/// The library's gauges are signed.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
