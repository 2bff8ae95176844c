//! The services of a recording: its jobs are handed out one after the other, and each call of a job is
//! answered with what was recorded for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use ostler_tests::OpenKat;
use ostler_tests::openkat::Call;
use serde_json::{Value, json};

use crate::replay_recording::{Line, RecordedJob};

/// See the module.
pub(crate) struct Replayed {
    pub(crate) openkat: OpenKat,
    day: Arc<Mutex<Day>>,
}

/// What is left to do, and what was done.
struct Day {
    queue: String,
    waiting: VecDeque<(Value, Vec<Line>)>,
    /// What is left to answer of the present job.
    left: Vec<Line>,
    /// The jobs that were handed out: the item, the status, and the calls that were made since.
    begun: Vec<(Value, String, Vec<Call>)>,
}

impl Replayed {
    pub(crate) fn new(jobs: &[RecordedJob]) -> Self {
        let queue = jobs.first().map_or(String::new(), |job| {
            job.item["scheduler_id"].as_str().expect("a queue").to_owned()
        });
        let waiting = jobs.iter().map(|job| (job.item.clone(), job.lines.clone())).collect();
        let day = Day { queue, waiting, left: Vec::new(), begun: Vec::new() };
        let day = Arc::new(Mutex::new(day));
        let answering = Arc::clone(&day);
        let openkat = OpenKat::answering(move |call| answering.lock().unwrap().answer(call));
        Self { openkat, day }
    }

    /// The calls that were made for each job, once all have ended.
    pub(crate) fn made(&self) -> Vec<Vec<Call>> {
        self.openkat.wait("every job has ended", |_| self.day().is_over());
        self.day().begun.iter().map(|(.., calls)| calls.clone()).collect()
    }

    fn day(&self) -> MutexGuard<'_, Day> {
        self.day.lock().unwrap()
    }
}

impl Day {
    fn is_over(&self) -> bool {
        let has_ended = |(_, status, _): &(Value, String, Vec<Call>)| {
            matches!(status.as_str(), "completed" | "failed")
        };
        self.waiting.is_empty() && self.begun.iter().all(has_ended)
    }

    fn answer(&mut self, call: &Call) -> (u16, Vec<u8>) {
        if call.target == "/token" {
            let token = json!({"access_token": "t", "token_type": "bearer", "expires_at": "2099-01-01T00:00:00+00:00"});
            return (200, token.to_string().into_bytes());
        }
        if call.service == "bytes" && call.header("authorization") != Some("bearer t") {
            return (401, br#"{"detail":"Not authenticated"}"#.to_vec());
        }
        if call.service == "scheduler" {
            if let Some(answer) = self.of_the_scheduler(call) {
                return (200, answer.to_string().into_bytes());
            }
        }
        if let Some((.., calls)) = self.begun.last_mut() {
            calls.push(call.clone());
        }
        let place = self.left.iter().position(|line| {
            let recorded = &line.call;
            let is_path = recorded.path() == call.path();
            recorded.service == call.service && recorded.method == call.method && is_path
        });
        match place.map(|place| self.left.remove(place)) {
            Some(line) => (line.status, reply(&line.reply)),
            None => (500, br#"{"detail":"this was not recorded"}"#.to_vec()),
        }
    }

    /// What is no job's call: tasks are looked for, one is begun, and it is looked at before its end.
    fn of_the_scheduler(&mut self, call: &Call) -> Option<Value> {
        let path = call.path();
        match (call.method.as_str(), path.first()?.as_str(), path.len()) {
            ("GET", "queues", 1) => Some(json!([{"id": self.queue, "size": self.waiting.len()}])),
            ("POST", "queues", 3) => Some(match self.waiting.pop_front() {
                Some((item, lines)) => {
                    self.left = lines;
                    self.begun.push((item.clone(), "dispatched".to_owned(), Vec::new()));
                    item
                }
                None => Value::Null,
            }),
            ("GET", "tasks", 2) => self.task(&path[1]),
            ("PATCH", "tasks", 2) => {
                let status = call.json()["status"].as_str()?.to_owned();
                let is_begun = status == "running";
                let of = |(item, ..): &&mut (Value, String, Vec<Call>)| item["id"] == path[1];
                self.begun.iter_mut().find(of)?.1 = status;
                if is_begun { self.task(&path[1]) } else { None }
            }
            _ => None,
        }
    }

    fn task(&self, id: &str) -> Option<Value> {
        let (item, status, _) = self.begun.iter().find(|(item, ..)| item["id"] == id)?;
        let kind = if item["data"]["raw_data"].is_null() { "boefje" } else { "normalizer" };
        Some(json!({
            "id": id, "scheduler_id": self.queue, "type": kind, "p_item": item, "status": status,
        }))
    }
}

/// A body whose content was not recorded has at least its length.
fn reply(reply: &Value) -> Vec<u8> {
    match reply.as_str().and_then(|text| text.strip_prefix('<')?.strip_suffix(" bytes>")) {
        Some(length) => vec![b'x'; length.parse().expect("a length")],
        None => reply.to_string().into_bytes(),
    }
}
