//! What is counted of requests: how many of which area came to which end, and how long they took.
//! Connections, tasks of the store and scans are counted where they are made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ostler_http::{Observer, Status};
use ostler_runtime::latency::Latency;

use crate::area::Area;

/// The classes of statuses, as they are named.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: [[AtomicU64; CLASSES.len()]; Area::ALL.len()],
    /// From a whole request to its answer, waiting included.
    pub(crate) latency: Latency,
    /// Requests refused for a wrong token, and for none.
    pub(crate) wrong_tokens: AtomicU64,
    pub(crate) missing_tokens: AtomicU64,
}

impl Metrics {
    /// Each area and class of statuses with its number.
    pub(crate) fn requests(&self) -> Vec<([&'static str; 2], u64)> {
        let areas = Area::ALL.iter().zip(&self.requests);
        let rows = areas.flat_map(|((_, area), counts)| {
            let classes = CLASSES.iter().zip(counts);
            classes.map(move |(class, count)| ([*area, *class], count.load(Ordering::Relaxed)))
        });
        rows.collect()
    }

    /// Requests refused for a wrong token, and for none.
    pub(crate) fn tokens(&self) -> [u64; 2] {
        [&self.wrong_tokens, &self.missing_tokens].map(|count| count.load(Ordering::Relaxed))
    }
}

impl Observer for Metrics {
    fn answered(&self, area: usize, status: Status, took: Duration) {
        let class = usize::from(status.code() / 100).saturating_sub(2);
        if let Some(count) = self.requests.get(area).and_then(|counts| counts.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.latency.record(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_area_and_class() {
        let metrics = Metrics::default();
        for status in [Status::Ok, Status::Created, Status::TemporaryRedirect, Status::NotFound] {
            metrics.answered(Area::Plugins as usize, status, Duration::ZERO);
        }
        metrics.answered(Area::Other as usize, Status::ServiceUnavailable, Duration::ZERO);
        let counted: Vec<_> = metrics.requests().into_iter().filter(|row| row.1 > 0).collect();
        assert_eq!(
            counted,
            [
                (["plugins", "2xx"], 2),
                (["plugins", "3xx"], 1),
                (["plugins", "4xx"], 1),
                (["other", "5xx"], 1),
            ]
        );
        assert_eq!(metrics.latency.read().count(), 5);
    }
}
