//! What a worker was heard to say: one call a line, with what it was answered, sorted by the jobs that
//! the calls were made for.

use std::fs;
use std::path::Path;

use ostler_tests::openkat::Call;
use serde_json::Value;

/// One recorded call.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// With the body as it came.
    pub(crate) call: Call,
    /// The body as it was recorded: JSON, or `{"text": …}`, or null.
    pub(crate) body: Value,
    pub(crate) status: u16,
    /// JSON, or `"<3 bytes>"`.
    pub(crate) reply: Value,
}

/// One job, and the calls that were made for it.
#[derive(Debug)]
pub(crate) struct RecordedJob {
    /// As it was popped.
    pub(crate) item: Value,
    pub(crate) lines: Vec<Line>,
    /// How the worker said that it ended.
    pub(crate) end: Option<String>,
}

/// The jobs of a file in the order in which they were popped.
pub(crate) fn read(path: &Path) -> Vec<RecordedJob> {
    let text = fs::read_to_string(path).expect("a recording");
    let mut jobs: Vec<RecordedJob> = Vec::new();
    for line in text.lines() {
        let recorded: Value = serde_json::from_str(line).expect("a line of JSON");
        if !recorded["svc"].is_string() {
            // It is a recording of something else.
            continue;
        }
        let line = line_of(&recorded);
        if line.call.target.ends_with("/pop") && line.reply.is_object() {
            jobs.push(RecordedJob { item: line.reply, lines: Vec::new(), end: None });
        } else if let Some(owner) = jobs.iter_mut().find(|job| job.made(&line)) {
            if line.call.method == "PATCH" {
                owner.end = line.body["status"].as_str().map(str::to_owned);
            }
            owner.lines.push(line);
        }
    }
    jobs
}

fn line_of(recorded: &Value) -> Line {
    let text = |name: &str| recorded[name].as_str().expect("a text").to_owned();
    let service = match recorded["svc"].as_str() {
        Some("scheduler") => "scheduler",
        Some("octopoes") => "octopoes",
        Some("katalogus") => "katalogus",
        _ => "bytes",
    };
    let status = recorded["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let call = Call {
        service,
        method: text("method"),
        target: text("path"),
        headers: Vec::new(),
        body: Vec::new(),
        status,
    };
    let (body, reply) = (recorded["body"].clone(), recorded["reply"].clone());
    Line { call, body, status: status.expect("a status"), reply }
}

impl RecordedJob {
    pub(crate) fn id(&self) -> &str {
        self.data()["id"].as_str().expect("an id")
    }

    /// The data of its task.
    pub(crate) fn data(&self) -> &Value {
        &self.item["data"]
    }

    /// The meta of its boefje: its own, or that of its raw file.
    pub(crate) fn boefje_meta(&self) -> &Value {
        let data = self.data();
        if data["raw_data"].is_object() { &data["raw_data"]["boefje_meta"] } else { data }
    }

    pub(crate) fn is_normalizer(&self) -> bool {
        self.data()["normalizer"].is_object()
    }

    /// The id of its plugin.
    pub(crate) fn plugin(&self) -> &str {
        let kind = if self.is_normalizer() { "normalizer" } else { "boefje" };
        self.data()[kind]["id"].as_str().expect("an id")
    }

    /// The recorded lines with this method and with this in their path.
    pub(crate) fn those<'a>(
        &'a self,
        method: &'a str,
        path: &'a str,
    ) -> impl Iterator<Item = &'a Line> {
        let lines = self.lines.iter();
        lines.filter(move |line| line.call.method == method && line.call.target.contains(path))
    }

    /// Whether a recorded call was made for this job. Those by which the worker logs in and looks for
    /// tasks are nobody's, and neither are the plugins' own.
    fn made(&self, line: &Line) -> bool {
        let (call, body) = (&line.call, &line.body);
        let path = call.path();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_open = self.end.is_none();
        let first = |path: &str| is_open && self.those("GET", path).next().is_none();
        let organization = self.boefje_meta()["organization"].as_str().expect("an organisation");
        if line.status == 401 {
            return false;
        }
        match (call.method.as_str(), path.as_slice()) {
            ("PATCH", ["tasks", id]) => *id == self.id(),
            ("POST", ["bytes", "raw"]) => call.query("boefje_meta_id") == [self.id()],
            ("POST", ["bytes", _]) => body["id"] == self.id(),
            ("GET", ["bytes", "raw", id]) => {
                first("/bytes/raw/") && self.data()["raw_data"]["id"] == *id
            }
            ("GET", [of, "object"]) => {
                let is_input = call.query("reference").first().map(String::as_str)
                    == self.data()["input_ooi"].as_str();
                first("/object?") && *of == organization && is_input
            }
            ("GET", ["v1", "organisations", of, boefje, "settings"]) => {
                first("/settings") && *of == organization && *boefje == self.plugin()
            }
            ("POST", [of, "scan_profiles", _]) => {
                let is_at_work = self.those("GET", "/bytes/raw/").next().is_some();
                let is_saved = self.those("POST", "/bytes/normalizer_meta").next().is_some();
                is_open && is_at_work && !is_saved && *of == organization
            }
            ("POST", [_, "observations" | "declarations" | "affirmations"]) => {
                body["task_id"] == self.id()
            }
            _ => false,
        }
    }
}
