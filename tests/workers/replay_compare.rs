//! Whether two calls say the same: ids of raw files, times of the run and the hash of its code aside.

use ostler_tests::openkat::Call;
use serde_json::{Value, json};

use crate::replay_recording::{Line, RecordedJob};

/// What stands for what may differ.
const ANY: &str = "*";

/// What differs between the calls that were recorded for a job and those that were made, in words.
pub(crate) fn differences(job: &RecordedJob, made: &[Call]) -> Vec<String> {
    let recorded: Vec<Value> = job.lines.iter().map(told).collect();
    let made: Vec<Value> = made.iter().map(|c| shown(c, &body(&c.body))).collect();
    let count = recorded.len().max(made.len());
    let name = format!("{} {}", job.plugin(), job.id());
    (0..count)
        .filter(|place| recorded.get(*place) != made.get(*place))
        .map(|place| {
            let show =
                |all: &[Value]| all.get(place).map_or("nothing".to_owned(), Value::to_string);
            format!("{name}, call {place}: recorded {}\n  made {}", show(&recorded), show(&made))
        })
        .collect()
}

fn told(line: &Line) -> Value {
    shown(&line.call, &line.body)
}

fn shown(call: &Call, body: &Value) -> Value {
    let path = call.path();
    let mut query: Vec<(&str, Vec<String>)> =
        ["boefje_meta_id", "mime_types", "reference", "valid_time"]
            .map(|name| (name, call.query(name)))
            .into_iter()
            .collect();
    for (name, values) in &mut query {
        // A set has no order.
        values.sort_unstable();
        if *name == "valid_time" && call.target.contains("/object?") {
            values.fill(ANY.to_owned());
        }
    }
    let mut body = body.clone();
    let own = match call.target.as_str() {
        "/bytes/boefje_meta" => &["started_at", "ended_at", "runnable_hash"][..],
        "/bytes/normalizer_meta" => &["started_at", "ended_at"],
        _ => &[],
    };
    for name in own {
        if body[name].is_string() {
            body[name] = ANY.into();
        }
    }
    if call.query("mime_types").iter().any(|mime_type| mime_type == "error/boefje") {
        body = error(&body);
    }
    json!([call.service, call.method, path, query, body])
}

/// A traceback names files and lines; how it begins and ends is always the same.
fn error(body: &Value) -> Value {
    let text = body["text"].as_str().unwrap_or_default();
    json!([
        text.starts_with("Traceback (most recent call last):\n"),
        text.ends_with("\nboefjes.runtime_interfaces.JobRuntimeError: Boefje failed\n"),
    ])
}

/// A body as recordings have it.
pub(crate) fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    match (serde_json::from_slice(bytes), std::str::from_utf8(bytes)) {
        (Ok(json @ (Value::Object(_) | Value::Array(_))), _) => json,
        (_, Ok(text)) => json!({ "text": text }),
        (_, Err(_)) => json!(format!("<{} bytes>", bytes.len())),
    }
}
