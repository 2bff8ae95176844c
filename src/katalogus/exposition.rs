//! Everything that is counted, as Prometheus reads it.

use std::fmt;

use ostler_http::exposition::{Families, Figures};
use ostler_net::Statistics;
use ostler_runtime::latency::Snapshot;

use crate::{Generation, RemoteStatistics, ScanStatistics, StoreStatistics, TaskStatistics};

/// The figures of one moment.
#[derive(Debug)]
pub(crate) struct Exposition {
    pub(crate) generation: Generation,
    pub(crate) requests: Vec<([&'static str; 2], u64)>,
    pub(crate) latency: Snapshot,
    /// Requests refused for a wrong token, and for none.
    pub(crate) tokens: [u64; 2],
    pub(crate) connections: Statistics,
    pub(crate) store: StoreStatistics,
    pub(crate) scans: ScanStatistics,
    pub(crate) remotes: RemoteStatistics,
}

impl Exposition {
    fn write_requests(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let help = "Requests answered, by what they are about and the class of their status";
        out.counters("requests", help, ["area", "status"], self.requests.iter().copied())?;
        let [wrong, missing] = self.tokens;
        let refused = [
            (["wrong_token"], wrong),
            (["no_token"], missing),
            (["malformed"], self.connections.malformed),
            (["oversized"], self.connections.oversized),
            (["truncated"], self.connections.truncated),
        ];
        let help = "Requests refused before anything was done for them";
        out.counters("refused_requests", help, ["reason"], refused)?;
        let help = "From a whole request to its answer, waiting included";
        out.histogram("request_duration_seconds", help, &self.latency)
    }

    fn write_store(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let store = &self.store;
        let tasks = [("read", store.reads), ("write", store.writes)];
        let ends = |(access, tasks): (&'static str, TaskStatistics)| {
            [
                ([access, "done"], tasks.done),
                ([access, "refused"], tasks.refused),
                ([access, "full"], tasks.full),
                ([access, "late"], tasks.late),
                ([access, "unavailable"], tasks.unavailable),
                ([access, "failed"], tasks.failed),
            ]
        };
        let help = "Tasks of the database, by what they do and how they ended";
        let ended = tasks.into_iter().flat_map(ends);
        out.counters("database_tasks", help, ["access", "outcome"], ended)?;
        out.gauge("database_queue_length", "Tasks that wait", size(store.queued))?;
        let help = "Threads that are connected with the database";
        out.gauge("database_connections", help, size(store.connected))?;
        let help = "Commits of transactions that could write";
        out.counter("database_commits", help, store.commits)?;
        out.counter("database_committed_tasks", "Tasks that they served", store.committed)?;
        let help = "The most tasks that one commit served";
        out.gauge("database_largest_batch", help, size(store.largest_batch))?;
        let help = "Tasks run anew, after a conflict or a lost connection";
        out.counter("database_repeats", help, store.repeats)?;
        let help = "Connections made after one was lost";
        out.counter("database_reconnects", help, store.reconnects)?;
        let help = "Attempts to connect with the database that failed";
        out.counter("database_failed_connects", help, store.failed_connects)
    }

    fn write_plugins(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let scans = &self.scans;
        let plugins = [(["boefje"], scans.boefjes), (["normalizer"], scans.normalizers)];
        out.gauges("plugins", "Plugins on disk", ["type"], plugins)?;
        out.gauge("plugins_skipped", "Definitions that the last scan skipped", scans.skipped)?;
        out.counter("plugin_scans", "Scans of the folder with the plugins", scans.scans)?;
        let help = "Scans that failed, the plugins staying as they were";
        out.counter("plugin_failed_scans", help, scans.failures)?;
        let help = "Questions to remote repositories";
        out.counter("remote_requests", help, self.remotes.asked)?;
        let help = "Those that were not answered in time, or not with plugins";
        out.counter("remote_failures", help, self.remotes.failed)
    }
}

impl Figures for Exposition {
    fn write(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let names = Generation::NAMES;
        let generation = names.iter().find(|(_, known)| *known == self.generation);
        let values = [env!("CARGO_PKG_VERSION"), generation.map_or("", |(name, _)| name)];
        let help = "The service, and as which generation of the original it answers";
        out.gauges("info", help, ["version", "generation"], [(values, 1)])?;
        self.write_requests(out)?;
        self.write_store(out)?;
        self.write_plugins(out)?;
        out.connections(&self.connections)?;
        let panics = [(["connections"], self.connections.panics), (["store"], self.store.panics)];
        out.counters("panics", "Panics that were caught", ["part"], panics)
    }
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
