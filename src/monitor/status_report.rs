//! The daemon's answers about itself and about burp, in lines for people.

use ostler_runtime::terminal::{age, escape, table};
use serde_json::Value;

use crate::status_check::Pool;

/// The answer of `statistics`.
pub(crate) fn statistics(answer: &Value) -> Vec<String> {
    let alive = answer.get("alive").and_then(Value::as_bool).unwrap_or_default();
    pairs(&[
        ("burp answers", if alive { "yes" } else { "no" }.to_owned()),
        ("burp server", word(answer, "server_version")),
        ("burp client", word(answer, "client_version")),
    ])
}

/// Why burp does not answer, out of the answer of `status`.
pub(crate) fn why(status: &Value) -> Option<String> {
    let words = status.get("last_errors")?.as_array()?.last()?.as_str()?.to_owned();
    pairs(&[("last error", words)]).pop()
}

/// The versions of all that is involved.
pub(crate) fn versions(versions: &Value) -> Vec<String> {
    pairs(&[
        ("bui-status", word(versions, "bui_status")),
        ("protocol", word(versions, "monitor_version")),
        ("burp server", word(versions, "server_version")),
        ("burp client", word(versions, "client_version")),
    ])
}

/// The answer of `status`: the daemon, its slots, and what went wrong.
pub(crate) fn status(answer: &Value) -> Vec<String> {
    let of = |key: &str, name: &str| word(answer.get(key).unwrap_or(&Value::Null), name);
    let cache = format!("{} answers, {} bytes", of("cache", "entries"), of("cache", "bytes"));
    let ready = format!("{} of {}", word(answer, "n_ready"), word(answer, "pool"));
    let mut lines = pairs(&[
        ("bui-monitor", word(answer, "version")),
        ("burp server", word(answer, "server_version")),
        ("burp client", word(answer, "client_version")),
        ("transport", word(answer, "transport")),
        ("monitors ready", ready),
        ("at work", word(answer, "n_busy")),
        ("waiting", word(answer, "queue")),
        ("cache", cache),
    ]);
    if let Some(why) = answer.get("reload_refused").and_then(Value::as_str) {
        lines.extend(pairs(&[("last reload", format!("refused: {why}"))]));
    }
    let totals = answer.get("totals").and_then(Value::as_object);
    let totals: Vec<String> = totals
        .into_iter()
        .flatten()
        .map(|(name, count)| format!("{} {}", name.replace('_', " "), shown(count)))
        .collect();
    lines.extend(pairs(&[("totals", totals.join(", "))]));
    let slots = answer.get("slots").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = slots.iter().enumerate().map(slot).collect();
    lines.push(String::new());
    lines.extend(table(&["SLOT", "STATE", "PID", "AGE", "ANSWERS", "LAST ERROR"], &rows, None));
    lines
}

/// The pool in the answer of `status`.
pub(crate) fn pool(answer: &Value) -> Option<Pool> {
    let number = |key: &str| answer.get(key)?.as_u64();
    Some(Pool { size: number("pool")?, ready: number("n_ready")? })
}

fn slot((index, slot): (usize, &Value)) -> Vec<String> {
    let born = slot.get("age_seconds").and_then(Value::as_u64);
    vec![
        index.saturating_add(1).to_string(),
        word(slot, "state"),
        word(slot, "pid"),
        born.map_or_else(|| "-".to_owned(), age),
        word(slot, "requests"),
        word(slot, "last_error"),
    ]
}

/// What a key says; `-` if it says nothing.
fn word(of: &Value, key: &str) -> String {
    of.get(key).map_or_else(|| "-".to_owned(), shown)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn pairs(pairs: &[(&str, String)]) -> Vec<String> {
    pairs.iter().map(|(name, value)| format!("{name:<16}{}", escape(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_daemons_state_in_lines() {
        let answer = json!({
            "version": "0.1.0", "transport": "relay", "pool": 2, "n_ready": 1, "n_busy": 0,
            "queue": 3, "server_version": null, "cache": { "entries": 1, "bytes": 10 },
            "totals": { "failed_starts": 4 },
            "slots": [
                { "state": "idle", "pid": 7, "age_seconds": 130, "requests": 9, "last_error": null },
                { "state": "waiting", "pid": null, "last_error": "refused\u{1b}" },
            ],
        });
        let lines = status(&answer);
        assert_eq!(lines[0], "bui-monitor     0.1.0");
        assert_eq!(lines[1], "burp server     -");
        assert_eq!(lines[4], "monitors ready  1 of 2");
        assert_eq!(lines[8], "totals          failed starts 4");
        assert_eq!(lines[11], "1     idle     7    2 min  9        -");
        assert_eq!(lines[12], "2     waiting  -    -      -        refused\\x1b");
        assert_eq!(pool(&answer), Some(Pool { size: 2, ready: 1 }));
        assert_eq!(pool(&json!({})), None);
    }

    #[test]
    fn statistics_of_a_dead_burp() {
        let answer = json!({ "alive": false, "server_version": "", "client_version": "3.1.4" });
        let lines = ["burp answers    no", "burp server     ", "burp client     3.1.4"];
        assert_eq!(statistics(&answer), lines);
    }
}
