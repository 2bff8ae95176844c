//! What is counted of requests: how many of which kind came to which end, how long they took, and
//! what the cache was good for. Children and connections are counted by the pool and by `net`.

use std::sync::atomic::{AtomicU64, Ordering};

use ostler_net::Answer;

use crate::request::Kind;
use ostler_runtime::latency::Latency;

/// What was asked. A query is told by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    MonitorVersion,
    ClientVersion,
    ServerVersion,
    BatchListSupported,
    Statistics,
    Status,
    Live,
    Summary,
    Client,
    Backup,
    Log,
    Browse,
}

impl Asked {
    /// Every kind with its name.
    pub(crate) const ALL: [(Self, &str); 12] = [
        (Self::MonitorVersion, "monitor_version"),
        (Self::ClientVersion, "client_version"),
        (Self::ServerVersion, "server_version"),
        (Self::BatchListSupported, "batch_list_supported"),
        (Self::Statistics, "statistics"),
        (Self::Status, "status"),
        (Self::Live, "live"),
        (Self::Summary, "summary"),
        (Self::Client, "client"),
        (Self::Backup, "backup"),
        (Self::Log, "log"),
        (Self::Browse, "browse"),
    ];

    /// The kind of a request.
    pub(crate) fn of(kind: &Kind) -> Self {
        match kind {
            Kind::MonitorVersion => Self::MonitorVersion,
            Kind::ClientVersion => Self::ClientVersion,
            Kind::ServerVersion => Self::ServerVersion,
            Kind::BatchListSupported => Self::BatchListSupported,
            Kind::Statistics => Self::Statistics,
            Kind::Status => Self::Status,
            Kind::Live(_) => Self::Live,
            Kind::Query { query, .. } => Self::of_query(query.as_str()),
        }
    }

    /// `c:`, `c:NAME`, `c:NAME:b:N`, `c:NAME:b:N:l:LOG` or `c:NAME:b:N:p:PATH`.
    fn of_query(query: &str) -> Self {
        if query == "c:" {
            return Self::Summary;
        }
        let Some((_, backup)) = query.split_once(":b:") else { return Self::Client };
        if backup.contains(":p:") {
            Self::Browse
        } else if backup.contains(":l:") {
            Self::Log
        } else {
            Self::Backup
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// `OK`.
    Ok,
    /// `KO`: burp only warned, as of a client that it does not know.
    Warning,
    /// `ER`.
    Error,
}

impl Outcome {
    /// Every outcome with its name.
    pub(crate) const ALL: [(Self, &str); 3] =
        [(Self::Ok, "ok"), (Self::Warning, "warning"), (Self::Error, "error")];

    fn of(answer: &Answer) -> Self {
        match answer.head.as_bytes().first() {
            Some(b'O') => Self::Ok,
            Some(b'K') => Self::Warning,
            _ => Self::Error,
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were.
    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: [[Counter; Outcome::ALL.len()]; Asked::ALL.len()],
    /// Requests refused for their password.
    pub(crate) wrong_passwords: Counter,
    /// Requests refused for what they ask, or for being no requests.
    pub(crate) malformed: Counter,
    /// From a whole request to its answer, waiting included; without those that are held until
    /// there is something new.
    pub(crate) latency: Latency,
    /// From a query until a child has it.
    pub(crate) wait: Latency,
    /// Queries answered from the cache.
    pub(crate) cache_hits: Counter,
    /// Queries that shared the execution of an equal one.
    pub(crate) shared: Counter,
    /// Queries that were executed.
    pub(crate) executed: Counter,
}

impl Metrics {
    /// A request of this kind was answered.
    pub(crate) fn count(&self, asked: Asked, answer: &Answer) {
        if let Some(counter) = self.cell(asked, Outcome::of(answer)) {
            counter.count();
        }
    }

    /// How many requests of this kind came to this end.
    pub(crate) fn requests(&self, asked: Asked, outcome: Outcome) -> u64 {
        self.cell(asked, outcome).map_or(0, Counter::value)
    }

    fn cell(&self, asked: Asked, outcome: Outcome) -> Option<&Counter> {
        self.requests.get(asked as usize)?.get(outcome as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_told_by_their_form() {
        for (query, kind) in [
            ("c:", Asked::Summary),
            ("c:client1", Asked::Client),
            ("c:client1:b:3", Asked::Backup),
            ("c:client1:b:3:l:backup.gz", Asked::Log),
            ("c:client1:b:3:p:/home/a:l:b", Asked::Browse),
        ] {
            assert_eq!(Asked::of_query(query), kind, "{query}");
        }
    }

    #[test]
    fn every_kind_and_outcome_has_a_cell_of_its_own() {
        for (index, (kind, _)) in Asked::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
        for (index, (outcome, _)) in Outcome::ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, index);
        }
    }
}
