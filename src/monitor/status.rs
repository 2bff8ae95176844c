//! What the daemon says of burp and of itself.

use ostler_net::{Answer, Body, Statistics as Connections};
use ostler_pool::Pool;
use ostler_runtime::now;
use serde_json::{Value, json};

use crate::answer;
use crate::dialect::Burp;
use crate::facts::Facts;
use crate::request::Kind;
use crate::service::PROTOCOL_VERSION;

/// The original's bytes for `statistics` when no child of it lives.
const NO_BURP: &[u8] =
    br#"{"alive": false, "server_version": "unknown", "client_version": "unknown"}"#;

/// The answer to a question about burp; `None` while it is not known, or if it is no such question.
/// `answers` says whether burp can be asked now: versions stay true when it cannot.
pub(crate) fn fact(kind: &Kind, facts: &Facts, answers: bool) -> Option<Answer> {
    if *kind == Kind::Statistics && !answers {
        // No error: Burp-UI's agent takes this for a reason to try again, and an error for its end.
        return Some(answer::ok(Body::Static(NO_BURP)));
    }
    let client = facts.client_version()?.to_string();
    let server = facts.server_version()?.to_string();
    let text = match kind {
        Kind::ClientVersion => client,
        Kind::ServerVersion => server,
        Kind::BatchListSupported => facts.batch_list_supported().to_string(),
        // The original's bytes, down to Python's spaces.
        Kind::Statistics => format!(
            "{{\"alive\": true, \"server_version\": {}, \"client_version\": {}}}",
            Value::from(server),
            Value::from(client)
        ),
        Kind::MonitorVersion | Kind::Status | Kind::Live(_) | Kind::Query { .. } => return None,
    };
    Some(answer::ok(Body::from(text.into_bytes())))
}

/// What a report tells beside the pool.
pub(crate) struct Beside<'a> {
    /// Answers that are kept, and their bytes.
    pub(crate) cache: (usize, usize),
    pub(crate) connections: &'a Connections,
    /// How many watch.
    pub(crate) viewers: usize,
    /// Why the last reload changed nothing, if it did not.
    pub(crate) reload_refused: Option<&'static str>,
}

/// The state of the daemon: its version and the protocol's, the slots and their children, the
/// transport in use, the queue, the connections, and what went wrong last, the last reload included.
pub(crate) fn report(pool: &Pool<Burp>, beside: &Beside<'_>) -> Value {
    let Beside { cache: (cached, cached_bytes), connections, viewers, reload_refused } = beside;
    let statistics = pool.statistics();
    let dialect = pool.dialect();
    let moment = now();
    let slots: Vec<Value> = statistics
        .slots
        .iter()
        .map(|slot| {
            json!({
                "state": slot.state,
                "pid": slot.pid,
                "age_seconds": slot.born.map(|born| moment.duration_since(born).as_secs()),
                "requests": slot.requests,
                "last_error": slot.last_error,
            })
        })
        .collect();
    let last_errors: Vec<&String> =
        statistics.slots.iter().filter_map(|slot| slot.last_error.as_ref()).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "monitor_version": PROTOCOL_VERSION,
        "client_version": dialect.facts.client_version().map(|version| version.to_string()),
        "server_version": dialect.facts.server_version().map(|version| version.to_string()),
        "transport": dialect.transport_used(),
        "pool": statistics.slots.len(),
        "n_ready": statistics.ready,
        "n_busy": statistics.lent,
        "queue": statistics.queued,
        "slots": slots,
        "last_errors": last_errors,
        "reload_refused": reload_refused,
        "viewers": viewers,
        "cache": { "entries": cached, "bytes": cached_bytes },
        "connections": {
            "open": connections.open,
            "parked": connections.parked,
            "accepted": connections.accepted,
            "refused": connections.refused,
            "evicted": connections.evicted,
            "requests": connections.requests,
            "timeouts": connections.timeouts,
            "truncated": connections.truncated,
            "oversized": connections.oversized,
            "dropped_answers": connections.dropped_answers,
            "tls_failures": connections.tls_failures,
            "proxied": connections.proxied,
            "proxy_failures": connections.proxy_failures,
            "unanswered": connections.unanswered,
            "panics": connections.panics,
            "accept_errors": connections.accept_errors,
        },
        "totals": {
            "answered": statistics.answered,
            "late": statistics.late,
            "retries": statistics.retries,
            "starts": statistics.starts,
            "failed_starts": statistics.failed_starts,
            "losses": statistics.losses.total(),
            "replacements": statistics.replacements.total(),
            "panics": statistics.panics,
        },
        "losses": {
            "exited": statistics.losses.exited,
            "late": statistics.losses.late,
            "broken": statistics.losses.broken,
            "too_long": statistics.losses.too_long,
        },
        "replacements": {
            "outdated": statistics.replacements.outdated,
            "max_requests": statistics.replacements.max_requests,
            "max_age": statistics.replacements.max_age,
        },
    })
}
