//! The services of a recording: each call of a job is answered with what was recorded for it.

use std::sync::{Arc, Mutex};

use ostler_tests::OpenKat;
use ostler_tests::openkat::Call;
use serde_json::{Value, json};

use crate::replay_recording::{Line, RecordedJob};

/// See the module. One job is answered at a time.
pub(crate) struct Replayed {
    pub(crate) openkat: OpenKat,
    /// What is left to answer.
    left: Arc<Mutex<Vec<Line>>>,
}

impl Replayed {
    pub(crate) fn new() -> Self {
        let left = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&left);
        let openkat = OpenKat::answering(move |call| answer(&mut lines.lock().unwrap(), call));
        Self { openkat, left }
    }

    /// Answers for this job from now on.
    pub(crate) fn begin(&self, job: &RecordedJob) {
        self.left.lock().unwrap().clone_from(&job.lines);
        self.openkat.books().calls.clear();
    }

    /// The calls that were made for it.
    pub(crate) fn made(&self) -> Vec<Call> {
        self.openkat.books().calls.clone()
    }
}

fn answer(left: &mut Vec<Line>, call: &Call) -> (u16, Vec<u8>) {
    if call.target == "/token" {
        let token = json!({"access_token": "t", "token_type": "bearer", "expires_at": "2099-01-01T00:00:00+00:00"});
        return (200, token.to_string().into_bytes());
    }
    if call.service == "bytes" && call.header("authorization") != Some("bearer t") {
        return (401, br#"{"detail":"Not authenticated"}"#.to_vec());
    }
    let place = left.iter().position(|line| {
        let recorded = &line.call;
        let is_path = recorded.path() == call.path();
        recorded.service == call.service && recorded.method == call.method && is_path
    });
    match place.map(|place| left.remove(place)) {
        Some(line) => (line.status, reply(&line.reply)),
        None => (500, br#"{"detail":"this was not recorded"}"#.to_vec()),
    }
}

/// A body whose content was not recorded has at least its length.
fn reply(reply: &Value) -> Vec<u8> {
    match reply.as_str().and_then(|text| text.strip_prefix('<')?.strip_suffix(" bytes>")) {
        Some(length) => vec![b'x'; length.parse().expect("a length")],
        None => reply.to_string().into_bytes(),
    }
}
