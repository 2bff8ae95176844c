//! What workers tell of themselves, in lines for people.

use std::collections::HashMap;

use ostler_runtime::plot::Plot;
use ostler_runtime::terminal::{age, escape, table};
use serde_json::Value;

/// What has been seen of one daemon.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    status: Value,
    /// Tasks that came to an end, when they were counted last.
    ended: Option<f64>,
    /// Tasks a second.
    rates: Plot,
}

impl Seen {
    /// Takes a new look, so many seconds after the one before.
    pub(crate) fn note(&mut self, status: Value, seconds: f64) {
        let count = |key: &str| at(at(&status, "tasks"), key).as_f64().unwrap_or_default();
        let ended = count("completed") + count("failed");
        // Fewer than before are those of another process.
        if let Some(before) = self.ended.filter(|before| *before <= ended && seconds > 0.0) {
            self.rates.push((ended - before) / seconds);
        }
        self.ended = Some(ended);
        self.status = status;
    }

    /// The lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let status = &self.status;
        if status.is_null() {
            return Vec::new();
        }
        let tasks = at(status, "tasks");
        let mut lines = vec![
            pair(
                "workers of",
                &format!("{}s, {}", word(at(status, "kind")), word(at(status, "version"))),
            ),
            pair("up for", &seconds(at(status, "age"))),
            pair("scheduler", &scheduler(at(status, "scheduler"))),
            pair("ready", at(status, "unready").as_str().unwrap_or("yes")),
            pair(
                "tasks",
                &format!(
                    "{} taken, {} completed, {} failed, {} given back, {} here now",
                    word(at(tasks, "popped")),
                    word(at(tasks, "completed")),
                    word(at(tasks, "failed")),
                    word(at(tasks, "given_back")),
                    word(at(tasks, "held")),
                ),
            ),
            pair("rate", &format!("{:.1}/s  {}", self.rates.last(), self.rates)),
        ];
        let hosts = at(status, "hosts");
        if hosts.is_object() {
            let words = format!(
                "{} ready, {} starts, {} failed, {} lost",
                word(at(hosts, "ready")),
                word(at(hosts, "starts")),
                word(at(hosts, "failed_starts")),
                word(at(hosts, "losses"))
            );
            lines.push(pair("plugin hosts", &words));
        }
        lines.push(String::new());
        lines.extend(workers(status));
        lines.push(String::new());
        lines.extend(each_host(status));
        lines
    }
}

fn pair(name: &str, words: &str) -> String {
    format!("{name:<14}{}", escape(words))
}

fn scheduler(scheduler: &Value) -> String {
    match (at(scheduler, "answers").as_bool(), at(scheduler, "error").as_str()) {
        (Some(true), _) => format!("answers, for {}", seconds(at(scheduler, "age"))),
        (_, Some(error)) => format!("does not answer: {error}"),
        (_, None) => "has not answered yet".to_owned(),
    }
}

/// A row for each worker: what it is at, for how long, and with how much memory.
fn workers(status: &Value) -> Vec<String> {
    let workers = at(status, "workers").as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = (1..)
        .zip(workers)
        .map(|(number, task): (usize, _)| {
            let number = number.to_string();
            if task.is_null() {
                return vec![number, "idle".to_owned()];
            }
            let cells = [
                number,
                seconds(at(task, "age")),
                memory(at(task, "memory")),
                word(at(task, "plugin")),
                word(at(task, "organization")),
                word(at(task, "id")),
            ];
            cells.into()
        })
        .collect();
    // What is short stands first, since lines are cut where the terminal ends.
    table(&["WORKER", "AGE", "MEMORY", "PLUGIN", "FOR", "TASK"], &rows, None)
}

/// A row for each plugin host. A job is named by its plugin, if a worker has it.
fn each_host(status: &Value) -> Vec<String> {
    let workers = at(status, "workers").as_array().into_iter().flatten();
    let plugins: HashMap<&str, String> = workers
        .filter_map(|task| Some((at(task, "id").as_str()?, word(at(task, "plugin")))))
        .collect();
    let hosts = at(at(status, "hosts"), "each").as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<Vec<String>> = (1..)
        .zip(hosts)
        .map(|(number, host): (usize, _)| {
            let job = at(at(host, "job"), "id").as_str();
            let job = job.map(|id| plugins.get(id).cloned().unwrap_or_else(|| id.to_owned()));
            vec![
                number.to_string(),
                word(at(host, "state")),
                word(at(host, "pid")),
                seconds(at(host, "age")),
                memory(at(host, "memory")),
                word(at(host, "jobs")),
                job.unwrap_or_else(|| word(at(host, "last_error"))),
            ]
        })
        .collect();
    table(&["HOST", "STATE", "PID", "AGE", "MEMORY", "JOBS", "NOW"], &rows, None)
}

/// A member; nothing if there is none.
fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn seconds(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), age)
}

fn memory(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |bytes| format!("{} MiB", bytes >> 20))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(completed: u64) -> Value {
        json!({
            "version": "1", "kind": "boefje", "age": 300,
            "scheduler": {"answers": true, "age": 5, "error": null},
            "tasks": {"held": 1, "popped": 4, "completed": completed, "failed": 1, "given_back": 0},
            "workers": [null, {"id": "t", "plugin": "dns", "organization": "acme", "age": 130,
                               "memory": 5 << 20}],
            "hosts": {"ready": 2, "starts": 2, "failed_starts": 0, "losses": 0, "each": [
                {"state": "ready", "pid": 7, "age": 9, "jobs": 3, "memory": 44 << 20,
                 "last_error": "\u{1b}[31m", "job": null},
                {"state": "busy", "pid": 8, "age": 9, "jobs": 0, "memory": 44 << 20,
                 "last_error": null, "job": {"id": "t"}}]},
        })
    }

    #[test]
    fn everything_is_shown_and_nothing_that_a_terminal_obeys() {
        let mut seen = Seen::default();
        assert!(seen.lines().is_empty());
        seen.note(status(1), 0.0);
        seen.note(status(21), 2.0);
        let lines = seen.lines().join("\n");
        for words in [
            "workers of    boefjes, 1",
            "up for        5 min",
            "answers, for 5 s",
            "ready         yes",
            "4 taken, 21 completed, 1 failed, 0 given back, 1 here now",
            "10.0/s  █",
            "1       idle",
            "2       2 min  5 MiB   dns     acme  t",
            "busy   8    9 s  44 MiB  0     dns",
            "\\x1b[31m",
        ] {
            assert!(lines.contains(words), "{words}:\n{lines}");
        }
        seen.note(status(0), 2.0);
        assert!(seen.lines().join("\n").contains("10.0/s  █\n"), "another process");
    }

    #[test]
    fn what_is_missing_is_no_fault() {
        let mut seen = Seen::default();
        seen.note(json!({"scheduler": {"answers": false, "error": "away"}}), 1.0);
        assert!(seen.lines().join("\n").contains("does not answer: away"));
    }
}
