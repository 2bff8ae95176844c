//! A moment's picture as JSON, for whoever looks how it goes.

use std::time::Instant;

use ostler_net::Statistics;
use ostler_runtime::now;
use serde_json::{Value, json};

use crate::hosts::{HostReport, HostsStatistics};
use crate::state::{Snapshot, TaskAtWork};

/// Characters of a task's id that are shown.
const SHOWN_ID: usize = 8;

/// See the module. Ages are in seconds, memory is in bytes.
pub(crate) fn of(snapshot: &Snapshot, connections: Option<&Statistics>) -> Value {
    let Snapshot { kind, started, workers, tasks, counted, hosts, scheduler, unready, events: _ } =
        snapshot;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kind": kind.name(),
        "unready": unready,
        "panics": counted.panics,
        "age": age(*started),
        "scheduler": {
            "answers": scheduler.since.is_some(),
            "age": scheduler.since.map(age),
            "error": scheduler.last_error,
        },
        "tasks": {
            "held": tasks,
            "popped": counted.popped,
            "completed": counted.completed,
            "failed": counted.failed,
            "given_back": counted.given_back,
            "untold": counted.untold,
        },
        "workers": workers.iter().map(|task| task.as_ref().map(at_work)).collect::<Vec<_>>(),
        "hosts": hosts.as_ref().map(all_hosts),
        "connections": connections.map(|connections| json!({
            "open": connections.open,
            "accepted": connections.accepted,
            "refused": connections.refused,
            "requests": connections.requests,
        })),
    })
}

fn at_work(task: &TaskAtWork) -> Value {
    json!({
        "id": shortened(&task.id.to_string()),
        "plugin": task.plugin,
        "organization": task.organization,
        "age": age(task.since),
        "memory": task.memory,
    })
}

/// So much of a task's id as tells it from others: with all of it, its settings can be read from the
/// API for containers.
pub(crate) fn shortened(id: &str) -> &str {
    id.get(..SHOWN_ID).unwrap_or(id)
}

fn all_hosts(statistics: &HostsStatistics) -> Value {
    let HostsStatistics { hosts, pool } = statistics;
    json!({
        "ready": pool.ready,
        "queued": pool.queued,
        "starts": pool.starts,
        "failed_starts": pool.failed_starts,
        "losses": pool.losses.total(),
        "each": hosts.iter().map(one_host).collect::<Vec<_>>(),
    })
}

fn one_host(host: &HostReport) -> Value {
    json!({
        "state": host.state,
        "pid": host.pid,
        "age": host.born.map(age),
        "jobs": host.jobs,
        "memory": host.memory,
        "last_error": host.last_error,
        "job": host.running.as_ref().map(|job| json!({
            "id": shortened(&job.id),
            "pid": job.pid,
            "age": age(job.since),
            "memory": job.memory,
        })),
    })
}

fn age(since: Instant) -> u64 {
    now().saturating_duration_since(since).as_secs()
}
