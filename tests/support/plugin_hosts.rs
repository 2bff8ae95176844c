//! Plugin hosts of one's own (`tests/plugin-hosts`), and the jobs that a test gives them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use ostler_runtime::{Deadline, Thread};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::binaries::plugin_hosts;
use crate::process::{Identity, Process, command, kill};
use crate::wait::{PATIENCE, wait_for, wait_until};

/// Running plugin hosts. They end with their test.
pub struct PluginHosts {
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    reports: HashMap<String, Value>,
    log: Arc<Mutex<String>>,
    count: u64,
    process: Process,
    _threads: [Thread; 2],
}

impl PluginHosts {
    /// Two hosts for the plugins in `tests/boefjes/plugins`.
    pub fn new() -> Self {
        Self::with(&json!({}))
    }

    /// With these options beside the usual ones.
    ///
    /// # Panics
    /// If they do not start.
    pub fn with(options: &Value) -> Self {
        let mut all = json!({
            "root": plugins(),
            "cwd": plugins().parent().and_then(Path::parent),
            "environment": {},
        });
        for (name, value) in options.as_object().expect("an object") {
            all[name] = value.clone();
        }
        let mut process = Process::start(
            command(plugin_hosts())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        let streams = process.streams();
        let input = streams.stdin.take();
        let output = BufReader::new(streams.stdout.take().expect("a pipe"));
        let mut complaints = BufReader::new(streams.stderr.take().expect("a pipe"));
        let (sender, lines) = channel();
        let reading = Thread::spawn("reports", move || {
            for line in output.lines().map_while(Result::ok) {
                // The test may have gone.
                let _ = sender.send(serde_json::from_str(&line).expect("a line of JSON"));
            }
        });
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        let logging = Thread::spawn("log", move || {
            let mut line = Vec::new();
            while complaints.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                kept.lock().expect("a log").push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let threads = [reading.expect("a thread"), logging.expect("a thread")];
        let reports = HashMap::new();
        let mut hosts = Self { input, lines, reports, log, count: 0, process, _threads: threads };
        hosts.order(&all);
        hosts
    }

    /// The process that has the hosts.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Gives a job, and returns its id. What it does not say itself is made up.
    pub fn give(&mut self, mut job: Value) -> String {
        self.count += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.count);
        job["id"] = id.as_str().into();
        if job["meta"].is_null() {
            job["meta"] = if job["normalizer"].is_string() { raw_meta(&id) } else { meta(&id) };
        }
        self.order(&json!({ "run": job }));
        id
    }

    /// The report of a job, once it is there.
    pub fn report(&mut self, id: &str) -> Report {
        loop {
            if let Some(report) = self.reports.remove(id) {
                return Report(report);
            }
            let line = self.next(&format!("the report of {id}"));
            self.keep(line);
        }
    }

    /// Gives a job and waits for its report.
    pub fn run(&mut self, job: Value) -> Report {
        let id = self.give(job);
        self.report(&id)
    }

    /// Gives a whole job by the data of its task, and returns its id.
    pub fn give_task(&mut self, data: &Value) -> String {
        self.order(&json!({ "task": data }));
        data["id"].as_str().expect("an id").to_owned()
    }

    /// Gives a whole job and waits for its report.
    pub fn task(&mut self, data: &Value) -> Report {
        let id = self.give_task(data);
        self.report(&id)
    }

    /// Runs a boefje without any wishes.
    pub fn boefje(&mut self, package: &str) -> Report {
        self.run(json!({ "boefje": package }))
    }

    /// Runs a normalizer on a raw file.
    pub fn normalizer(&mut self, package: &str, raw: &str) -> Report {
        self.run(json!({ "normalizer": package, "raw": raw }))
    }

    /// How the hosts are now.
    pub fn statistics(&mut self) -> Value {
        self.order(&json!({"statistics": null}));
        loop {
            let line = self.next("the statistics");
            if line["hosts"].is_array() {
                return line;
            }
            self.keep(line);
        }
    }

    /// Waits until the statistics are as wished, and returns them.
    pub fn wait(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        wait_for(what, || {
            last = self.statistics();
            holds(&last)
        });
        last
    }

    /// Waits until so many hosts are idle and ready.
    pub fn wait_ready(&mut self, count: usize) -> Value {
        self.wait("the hosts are ready", |now| {
            let hosts = now["hosts"].as_array().expect("hosts").iter();
            hosts.filter(|host| host["state"] == "ready" && host["running"].is_null()).count()
                == count
        })
    }

    /// Waits until a job runs: its host's process and its own.
    pub fn wait_running(&mut self, id: &str) -> (Identity, Identity) {
        self.wait_running_or_ended(id).expect("a running job")
    }

    /// The same; `None` if it has ended before it was seen to run, as one with a short deadline may on a
    /// busy machine.
    pub fn wait_running_or_ended(&mut self, id: &str) -> Option<(Identity, Identity)> {
        wait_until(Deadline::after(PATIENCE), "the job runs or has ended", || {
            let now = self.statistics();
            let mut hosts = now["hosts"].as_array().expect("hosts").iter();
            let host = hosts.find(|host| host["running"]["id"] == id);
            let found = host.and_then(|host| {
                Some((identity(&host["pid"])?, identity(&host["running"]["pid"])?))
            });
            (found.is_some() || self.reports.contains_key(id)).then_some(found)
        })
    }

    /// Gives a job with a short deadline, on a busy machine again and again, until what `seen` has seen
    /// of it and its host was there before the job had ended; the job's id, and that.
    pub fn give_until_seen<T>(
        &mut self,
        job: &Value,
        mut seen: impl FnMut(&Self, &str, Identity, Identity) -> T,
    ) -> (String, T) {
        wait_until(Deadline::after(PATIENCE), "the job is seen while it runs", || {
            let id = self.give(job.clone());
            let (host, process) = self.wait_running_or_ended(&id)?;
            let found = seen(self, &id, host, process);
            if process.runs() {
                return Some((id, found));
            }
            // In case it was stopped.
            kill(host.pid, Signal::CONT);
            self.report(&id);
            let count = self.statistics()["hosts"].as_array().expect("hosts").len();
            self.wait_ready(count);
            None
        })
    }

    /// Asks them to end within so many milliseconds, and returns whether all jobs had ended.
    pub fn stop(&mut self, milliseconds: u64) -> bool {
        self.order(&json!({ "stop": milliseconds }));
        loop {
            let line = self.next("the end");
            if let Some(in_time) = line["stopped"].as_bool() {
                return in_time;
            }
            self.keep(line);
        }
    }

    /// Waits until the log has these words.
    pub fn wait_log(&self, words: &str) {
        wait_for(&format!("the log says {words:?}"), || self.log().contains(words));
    }

    /// What the log says up to now.
    pub fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    fn order(&mut self, order: &Value) {
        let input = self.input.as_mut().expect("an open pipe");
        writeln!(input, "{order}").expect("the hosts read");
    }

    fn next(&mut self, what: &str) -> Value {
        let line = self.lines.recv_timeout(PATIENCE);
        line.unwrap_or_else(|error| panic!("waited in vain: {what}: {error}\n{}", self.log()))
    }

    fn keep(&mut self, line: Value) {
        let id = line["id"].as_str().expect("a report").to_owned();
        let told = self.reports.insert(id, line);
        assert_eq!(told, None, "a job ends once");
    }
}

impl Default for PluginHosts {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for PluginHosts {
    fn drop(&mut self) {
        // The end of its input ends it, and its threads with it.
        self.input = None;
        self.process.ended();
    }
}

/// The report of one job.
#[derive(Debug)]
pub struct Report(pub Value);

impl Report {
    /// How it ended: `outputs`, `items`, `looked`, `failed` or `lost`; a whole job `done`, `failed`
    /// or `not_run`.
    pub fn outcome(&self) -> &str {
        self.0["outcome"].as_str().expect("an outcome")
    }

    /// The traceback, or why it was lost.
    pub fn text(&self) -> &str {
        self.0["text"].as_str().unwrap_or_default()
    }

    /// The only output's text.
    pub fn output(&self) -> &str {
        let outputs = self.outputs();
        assert_eq!(outputs.len(), 1, "{self:?}");
        outputs[0]["text"].as_str().expect("a text")
    }

    /// The only output's text, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.output()).expect("JSON")
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Value] {
        self.0["outputs"].as_array().unwrap_or_else(|| panic!("no outputs: {self:?}"))
    }

    /// The kinds and contents of a normalizer's items.
    pub fn items(&self) -> Vec<(String, Value)> {
        let items = self.0["items"].as_array().unwrap_or_else(|| panic!("no items: {self:?}"));
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let json = |item: &Value| serde_json::from_str(&text(&item["json"])).expect("JSON");
        items.iter().map(|item| (text(&item["kind"]), json(item))).collect()
    }
}

/// Where the plugins of the tests are.
pub fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("boefjes/plugins")
}

/// The `BoefjeMeta` of a job.
pub fn meta(id: &str) -> Value {
    json!({
        "id": id,
        "started_at": "2026-11-22T08:59:30.445462Z",
        "ended_at": null,
        "boefje": {"id": "test-boefje", "version": null},
        "input_ooi": "Hostname|internet|example.com",
        "arguments": {"input": {"object_type": "Hostname", "name": "example.com",
            "network": {"name": "internet"}}},
        "organization": "acme",
        "runnable_hash": null,
        "environment": {},
    })
}

/// The `NormalizerMeta` of a job.
pub fn raw_meta(id: &str) -> Value {
    json!({
        "id": id,
        "started_at": null,
        "ended_at": null,
        "raw_data": {
            "id": "fa06d744-bb8e-5c49-8068-9bead2bf9f23",
            "boefje_meta": meta("7134430c-8509-4944-b0be-27cb9bfb4bc2"),
            "mime_types": [{"value": "boefje/test-boefje"}],
        },
        "normalizer": {"id": "test-normalizer", "version": null},
    })
}

/// The process with this number, if it lives.
fn identity(pid: &Value) -> Option<Identity> {
    Identity::of(pid.as_u64().and_then(|pid| u32::try_from(pid).ok())?)
}
