//! The conversation with one host, from its start to its end.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use ostler_pool::{Idle, Session, Step};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use serde_json::{Value, json};

use crate::boefje_output::BoefjeOutput;
use crate::host_board::Board;
use crate::host_dialect::PROTOCOL;
use crate::host_frame::{self, Frame};
use crate::host_options::{HostOptions, Limits};
use crate::job::{Job, JobOutcome, JobReport, Usage, Work};
use crate::job_log::JobLog;
use crate::job_loss::{Loss, SignalNumber};
use crate::job_result::ResultReader;
use crate::normalizer_output;
use crate::out_of_memory;

/// How much longer than its outputs a result may be: their media types and sizes.
const HEAD_BYTES: u64 = 16 << 20;
/// How a job's process ends that could not be set up (host/jobs.py).
const NOT_SET_UP: i64 = 121;
/// What its words begin with where it was to become a program: no answer does.
const NO_ANSWER: u8 = 0;
/// How a job's process ends that finds the pipe for its result closed.
const RESULT_CLOSED: i64 = 122;
/// The exit code of a child whose program could not be started.
const NO_PROGRAM: i32 = 127;

/// See the module.
pub(crate) struct HostSession {
    options: Arc<HostOptions>,
    board: Arc<Board>,
    greeting: Arc<[u8]>,
    pid: u32,
    is_ready: bool,
    /// How often the system had run out of memory when the host last began something.
    kills: Option<u64>,
    current: Option<Current>,
}

/// The job at hand.
struct Current {
    id: String,
    reading: Reading,
    /// Bytes of its result, at most.
    max_result: u64,
    log: JobLog,
    /// Its process, which leads its group.
    process: Option<Pid>,
}

enum Reading {
    Result(ResultReader),
    /// A program says what it likes.
    Program(Vec<u8>),
    /// So does one that is a normalizer.
    NormalizerProgram(Vec<u8>),
}

impl Current {
    fn lives_below(&self, host: u32) -> bool {
        let lives = |pid: &Pid| test_kill_process(*pid).is_ok();
        self.process.filter(lives).is_some_and(|pid| {
            u32::try_from(pid.as_raw_nonzero().get())
                .is_ok_and(|pid| ostler_pool::descendants::is_child(pid, host))
        })
    }
}

impl HostSession {
    pub(crate) fn new(options: Arc<HostOptions>, board: Arc<Board>, greeting: Arc<[u8]>) -> Self {
        let kills = out_of_memory::kills();
        Self { options, board, greeting, pid: 0, is_ready: false, kills, current: None }
    }

    /// One frame of an exchange.
    fn hear(&mut self, frame: &Frame) -> Step<JobReport> {
        let Some(current) = &mut self.current else {
            return Step::Broken("the host speaks of a job that it does not have".to_owned());
        };
        if frame.text("id") != current.id {
            return Step::Broken("the host speaks of another job".to_owned());
        }
        match frame.text("type") {
            "started" => {
                let pid = frame.number("pid").and_then(|pid| i32::try_from(pid).ok());
                current.process = pid.and_then(Pid::from_raw);
                self.board.started(self.pid, pid.and_then(|pid| u32::try_from(pid).ok()));
                Step::More
            }
            "log" => {
                current.log.feed(&frame.blob);
                Step::More
            }
            "result" => {
                match &mut current.reading {
                    Reading::Result(reader) => reader.feed(&frame.blob),
                    Reading::Program(answer) | Reading::NormalizerProgram(answer) => {
                        answer.extend_from_slice(&frame.blob);
                        // A host keeps to it. Else a job says so itself.
                        if answer.len() as u64 > current.max_result {
                            return Step::Broken("the host passes on too much".to_owned());
                        }
                    }
                }
                Step::More
            }
            // A host reaps the job before it says so. Else a job says so itself.
            "end" if current.lives_below(self.pid) => {
                Step::Broken("the host speaks of the end of a job that still runs".to_owned())
            }
            "end" => Step::Done(self.end(frame)),
            other => Step::Broken(format!("the host says {other:.40}")),
        }
    }

    /// The job has ended, and so has its process.
    fn end(&mut self, frame: &Frame) -> JobReport {
        self.board.end(self.pid);
        let Some(current) = self.current.take() else {
            return JobReport {
                outcome: JobOutcome::Lost(Loss::Internal),
                usage: None,
                last_words: String::new(),
            };
        };
        let last_words = current.log.finish(frame.number("dropped").unwrap_or(0));
        let seconds = frame.header.get("cpu").and_then(Value::as_f64).unwrap_or(0.0);
        let usage = frame.number("memory").map(|memory| Usage {
            cpu: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            memory: u64::try_from(memory).unwrap_or(0),
        });
        let outcome = self.outcome(frame, current.reading, &last_words);
        JobReport { outcome, usage, last_words }
    }

    fn outcome(&self, frame: &Frame, reading: Reading, last_words: &str) -> JobOutcome {
        match frame.text("why") {
            "cancelled" => return JobOutcome::Lost(Loss::Deadline),
            "output" => {
                let limit = self.options.limits.output;
                return JobOutcome::Failed(format!("The job returns more than {limit} bytes.\n"));
            }
            _ => {}
        }
        let code = frame.number("code");
        match reading {
            Reading::Result(reader) => match reader.finish() {
                Ok(Some(outcome)) => return outcome,
                Err(flaw) => return JobOutcome::Failed(format!("{flaw}\n")),
                Ok(None) => {}
            },
            Reading::Program(answer) if code == Some(0) => {
                return match BoefjeOutput::of_program(&answer, &self.options.limits) {
                    Ok(BoefjeOutput { files, failed }) => {
                        JobOutcome::Outputs { outputs: files, failed }
                    }
                    Err(flaw) => JobOutcome::Failed(format!("{flaw}\n{last_words}")),
                };
            }
            Reading::NormalizerProgram(answer) if code == Some(0) => {
                return match normalizer_output::of_program(&answer, &self.options.limits) {
                    Ok(items) => JobOutcome::Items { items, checked: false },
                    Err(flaw) => JobOutcome::Failed(format!("{flaw}\n{last_words}")),
                };
            }
            Reading::Program(answer) | Reading::NormalizerProgram(answer) => {
                // A program may end with any status.
                if let (Some(NOT_SET_UP), Some((&NO_ANSWER, why))) = (code, answer.split_first()) {
                    let why = String::from_utf8_lossy(why);
                    return JobOutcome::Lost(Loss::NotStarted(why.trim_end().to_owned()));
                }
                if let Some(code) = code {
                    let words = format!("The program ended with status {code}.\n{last_words}");
                    return JobOutcome::Failed(words);
                }
            }
        }
        JobOutcome::Lost(self.loss(frame, last_words))
    }

    /// Why the job's process ended without a result.
    fn loss(&self, frame: &Frame, last_words: &str) -> Loss {
        let signal = frame.number("signal").and_then(|signal| i32::try_from(signal).ok());
        match (signal.map(SignalNumber), frame.number("code")) {
            (Some(SignalNumber::XCPU), _) => Loss::ProcessorTime(self.options.limits.cpu),
            (Some(SignalNumber::KILL), _) if self.ran_out_of_memory() => Loss::OutOfMemory,
            (Some(signal), _) => Loss::Killed(signal),
            (None, Some(NOT_SET_UP)) => Loss::NotStarted(last_words.trim_end().to_owned()),
            (None, Some(RESULT_CLOSED)) => Loss::ResultClosed,
            (None, Some(code)) => Loss::Exited(i32::try_from(code).unwrap_or(-1)),
            (None, None) => Loss::NoProcess(frame.text("refused").to_owned()),
        }
    }

    fn ran_out_of_memory(&self) -> bool {
        out_of_memory::kills() > self.kills
    }

    /// Ends the job at hand, and its group with it. Whether there was one.
    fn kill_job(&mut self) -> bool {
        self.board.end(self.pid);
        let Some(group) = self.current.take().and_then(|current| current.process) else {
            return false;
        };
        // Its leader has the same death signal as every child of a host, and may be gone.
        let _ = kill_process_group(group, Signal::KILL);
        true
    }
}

impl Session for HostSession {
    type Request = Job;
    type Answer = JobReport;

    fn spawned(&mut self, pid: u32) {
        self.pid = pid;
    }

    fn greet(&mut self, output: &mut Vec<u8>) {
        output.extend_from_slice(&self.greeting);
    }

    fn greeting(&mut self, input: &mut Vec<u8>, _output: &mut Vec<u8>) -> Step<()> {
        match host_frame::take(input) {
            Ok(None) => Step::More,
            Ok(Some(frame)) if frame.text("type") == "ready" => {
                if frame.number("proto") != Some(PROTOCOL) {
                    return Step::Broken("the host speaks another protocol".to_owned());
                }
                log::debug!("host {} is Python {}", self.pid, frame.text("python"));
                self.is_ready = true;
                Step::Done(())
            }
            Ok(Some(frame)) => {
                let text = frame.text("text").trim_end();
                let last = text.rsplit('\n').next().filter(|line| !line.is_empty());
                Step::Broken(last.unwrap_or("the host does not say that it is ready").to_owned())
            }
            Err(why) => Step::Broken(why),
        }
    }

    fn ask(&mut self, job: &Job, output: &mut Vec<u8>) {
        self.kills = out_of_memory::kills();
        self.board.begin(self.pid, &job.id);
        let limits = self.options.limits.of(&job.work);
        let max_result = max_result(&job.work, &limits);
        let reading = match job.work {
            Work::Program { .. } => Reading::Program(Vec::new()),
            Work::NormalizerProgram { .. } => Reading::NormalizerProgram(Vec::new()),
            _ => Reading::Result(ResultReader::new(limits)),
        };
        let log = JobLog::new(&job.id, &job.secrets);
        self.current =
            Some(Current { id: job.id.clone(), reading, max_result, log, process: None });
        let header = order(job, &self.options);
        match &job.work {
            Work::Normalizer { raw, .. } => {
                host_frame::append(output, &header, &[job.meta.as_bytes(), raw]);
            }
            Work::NormalizerProgram { raw, .. } => {
                let input = normalizer_output::input(&job.meta, raw);
                host_frame::append(output, &header, &[input.as_bytes()]);
            }
            _ => host_frame::append(output, &header, &[job.meta.as_bytes()]),
        }
    }

    fn answer(&mut self, input: &mut Vec<u8>, _output: &mut Vec<u8>) -> Step<JobReport> {
        loop {
            match host_frame::take(input) {
                Ok(None) => return Step::More,
                Err(why) => return Step::Broken(why),
                Ok(Some(frame)) => match self.hear(&frame) {
                    Step::More => {}
                    step => return step,
                },
            }
        }
    }

    fn idle(&mut self, _input: &mut Vec<u8>) -> Idle {
        Idle::Dirty("the host spoke out of turn".to_owned())
    }

    fn outdated(&mut self) -> bool {
        false
    }

    fn overdue(&mut self, output: &mut Vec<u8>) -> Option<Duration> {
        let id = self.current.as_ref().map(|current| current.id.as_str());
        host_frame::append(output, &json!({"type": "cancel", "id": id}), &[]);
        Some(self.options.cancel_grace)
    }

    fn killed(&mut self) {
        if self.kill_job() {
            // The host is not reaped yet, so that its number is still its own.
            ostler_pool::descendants::kill(self.pid);
        }
    }

    fn last_words(&self, _unread: &[u8], status: Option<ExitStatus>) -> Option<String> {
        let status = status?;
        match (status.code(), status.signal()) {
            (Some(NO_PROGRAM), _) if !self.is_ready => {
                let python = self.options.python.display();
                Some(format!("the Python interpreter {python} cannot be started"))
            }
            (None, Some(signal))
                if SignalNumber(signal) == SignalNumber::KILL && self.ran_out_of_memory() =>
            {
                Some("killed by the system, which ran out of memory".to_owned())
            }
            (None, Some(signal)) => Some(format!("killed by {}", SignalNumber(signal))),
            (Some(code), _) => Some(format!("it ended with status {code}")),
            (None, None) => None,
        }
    }
}

impl Drop for HostSession {
    fn drop(&mut self) {
        self.kill_job();
    }
}

/// The order that a job is for its host.
pub(crate) fn order(job: &Job, options: &HostOptions) -> Value {
    let (kind, module, program) = match &job.work {
        Work::Boefje { package } => {
            ("boefje", Some(format!("boefjes.plugins.{package}.main")), None)
        }
        Work::Normalizer { package, .. } => {
            ("normalizer", Some(format!("boefjes.plugins.{package}.normalize")), None)
        }
        Work::Program { path } | Work::NormalizerProgram { path, .. } => {
            ("program", None, Some(path.to_string_lossy()))
        }
        Work::Look { module } => ("scan", Some(format!("boefjes.plugins.{module}")), None),
    };
    let object = |variables: &[(String, String)]| -> serde_json::Map<String, Value> {
        variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    };
    json!({
        "type": "job",
        "id": job.id,
        "kind": kind,
        "module": module,
        "program": program,
        "style": job.style.name(),
        "python": job.python,
        "environment": object(&job.environment),
        "imports": object(&job.imports),
        "cwd": options.cwd.to_string_lossy(),
        "umask": options.umask,
        "limits": limits(&job.work, &options.limits.of(&job.work)),
    })
}

/// Bytes of a job's whole result, at most. Of a program's files half as much again is base64, with
/// line ends in it: what they are decoded is counted when they are read.
fn max_result(work: &Work, limits: &Limits) -> u64 {
    let encoding = if matches!(work, Work::Program { .. }) { limits.output / 2 } else { 0 };
    limits.output.saturating_add(encoding).saturating_add(HEAD_BYTES)
}

fn limits(work: &Work, limits: &Limits) -> Value {
    json!({
        "memory": limits.memory,
        "cpu": limits.cpu,
        "file_size": limits.file_size,
        "files": limits.files,
        "processes": limits.processes,
        "outputs": limits.outputs,
        "output_size": limits.output_size,
        "output": limits.output,
        "result": max_result(work, limits),
        "log": limits.log,
    })
}
