//! Everything that is counted, as Prometheus reads it.

use std::fmt;

use broker::EventCounts;
use ostler_http::exposition::{Families, Figures};
use ostler_net::Statistics;

use crate::hosts::HostsStatistics;
use crate::state::Snapshot;

/// The figures of one moment.
#[derive(Debug)]
pub(crate) struct Exposition {
    pub(crate) snapshot: Snapshot,
    /// Those of containers; `None` where nobody listens for them.
    pub(crate) connections: Option<Statistics>,
}

impl Exposition {
    fn write_tasks(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let Snapshot { counted, workers, tasks, .. } = &self.snapshot;
        out.counter("tasks_popped", "Tasks taken from their queues", counted.popped)?;
        let ends = [
            (["completed"], counted.completed),
            (["failed"], counted.failed),
            (["given_back"], counted.given_back),
        ];
        let help = "Tasks of which the scheduler was told what has become of them";
        out.counters("tasks_settled", help, ["outcome"], ends)?;
        let help = "Tasks of which the scheduler could not be told what has become of them";
        out.counter("tasks_untold", help, counted.untold)?;
        let help = "Faults of the program's own that it has gone on after";
        out.counter("panics", help, counted.panics)?;
        out.gauge("tasks", "Tasks that are with this program, begun or not", *tasks)?;
        let busy = workers.iter().flatten().count();
        out.gauge("workers", "Workers", workers.len())?;
        out.gauge("workers_busy", "Workers that are at a task", busy)?;
        let events = self.snapshot.events.labelled();
        out.counters(EventCounts::NAME, EventCounts::HELP, ["result"], events)
    }
}

impl Figures for Exposition {
    fn write(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let Snapshot { kind, scheduler, hosts, .. } = &self.snapshot;
        let values = [env!("CARGO_PKG_VERSION"), kind.name()];
        let help = "The program, and whose tasks it does";
        out.gauges("info", help, ["version", "kind"], [(values, 1)])?;
        self.write_tasks(out)?;
        let help = "Whether the scheduler has answered the last question";
        out.gauge("scheduler_up", help, usize::from(scheduler.since.is_some()))?;
        if let Some(hosts) = hosts {
            write_hosts(hosts, out)?;
        }
        self.connections.as_ref().map_or(Ok(()), |connections| out.connections(connections))
    }
}

fn write_hosts(statistics: &HostsStatistics, out: &mut Families<'_, '_>) -> fmt::Result {
    let HostsStatistics { hosts, pool } = statistics;
    out.gauge("hosts", "Plugin hosts that are wanted", hosts.len())?;
    out.gauge("hosts_ready", "Plugin hosts that can run a job or are at one", pool.ready)?;
    out.gauge("host_queue_length", "Jobs that wait for a plugin host", pool.queued)?;
    let memory = hosts.iter().filter_map(|host| host.memory);
    let jobs = hosts.iter().filter_map(|host| host.running.as_ref()?.memory);
    let sums = [(["hosts"], bytes(memory)), (["jobs"], bytes(jobs))];
    let help = "Resident memory of plugin hosts, and of the jobs that they run";
    out.gauges("memory_bytes", help, ["of"], sums)?;
    out.counter("host_starts", "Plugin hosts that were started", pool.starts)?;
    let help = "Plugin hosts that did not become ready";
    out.counter("host_failed_starts", help, pool.failed_starts)?;
    let losses = [
        (["exited"], pool.losses.exited),
        (["late"], pool.losses.late),
        (["broken"], pool.losses.broken),
        (["too_long"], pool.losses.too_long),
    ];
    out.counters("host_losses", "Plugin hosts that were lost", ["reason"], losses)?;
    out.counter("host_jobs", "Jobs that plugin hosts have ended", pool.answered)
}

fn bytes(sizes: impl Iterator<Item = u64>) -> usize {
    usize::try_from(sizes.fold(0, u64::saturating_add)).unwrap_or(usize::MAX)
}
