//! Reports and statistics as a test reads them.

use boefjes::{HostsStatistics, Item, JobOutcome, JobReport, Output};
use serde_json::{Value, json};

/// So much of an output is shown; its size tells the rest.
const SHOWN_BYTES: usize = 16 << 10;

pub(crate) fn report(id: &Value, report: &JobReport) -> Value {
    let mut line = match &report.outcome {
        JobOutcome::Outputs { outputs, failed } => {
            json!({"outcome": "outputs", "outputs": list(outputs, output), "failed": failed})
        }
        JobOutcome::Items { items, checked } => {
            json!({"outcome": "items", "items": list(items, item), "checked": checked})
        }
        JobOutcome::Looked(names) => json!({"outcome": "looked", "parameters": names}),
        JobOutcome::Failed(text) => json!({"outcome": "failed", "text": text}),
        JobOutcome::Lost(why) => json!({"outcome": "lost", "text": why.to_string()}),
    };
    line["id"] = id.clone();
    line["last_words"] = report.last_words.as_str().into();
    if let Some(usage) = report.usage {
        line["usage"] = json!({"cpu": usage.cpu.as_secs_f64(), "memory": usage.memory});
    }
    line
}

fn list<T>(values: &[T], shown: fn(&T) -> Value) -> Vec<Value> {
    values.iter().map(shown).collect()
}

fn output(output: &Output) -> Value {
    let start = output.content.get(..SHOWN_BYTES).unwrap_or(&output.content);
    json!({
        "name": output.name,
        "mime_types": output.mime_types,
        "size": output.content.len(),
        "text": String::from_utf8_lossy(start),
    })
}

fn item(item: &Item) -> Value {
    json!({"kind": format!("{:?}", item.kind), "json": item.json})
}

pub(crate) fn statistics(statistics: &HostsStatistics) -> Value {
    let hosts = statistics.hosts.iter().map(|host| {
        let running = host.running.as_ref();
        json!({
            "state": host.state,
            "pid": host.pid,
            "jobs": host.jobs,
            "last_error": host.last_error,
            "memory": host.memory,
            "running": running.map(|job| json!({"id": job.id, "pid": job.pid, "memory": job.memory})),
        })
    });
    json!({
        "hosts": hosts.collect::<Vec<_>>(),
        "starts": statistics.pool.starts,
        "failed_starts": statistics.pool.failed_starts,
        "losses": statistics.pool.losses.total(),
        "queued": statistics.pool.queued,
        "lent": statistics.pool.lent,
    })
}
