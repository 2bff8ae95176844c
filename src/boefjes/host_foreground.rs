//! A job in the foreground: its plugin has the terminal, and where it fails, so has its debugger.
//!
//! No host is there and no process is forked for the job. What goes in and what comes out lies in
//! files without a name, which the interpreter inherits.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitStatus;

use ostler_pool::{Launch, launch};
use rustix::fs::{MemfdFlags, memfd_create};
use serde_json::json;

use crate::host_dialect::hello;
use crate::host_frame;
use crate::host_modules::{START, append_modules};
use crate::host_options::HostOptions;
use crate::host_session::order;
use crate::job::{Job, JobOutcome, JobReport, Work};
use crate::job_loss::{Loss, SignalNumber};
use crate::job_result::ResultReader;

/// Bytes of a result that are read at once.
const PIECE_BYTES: usize = 1 << 16;

/// Runs a job. Blocks until whoever debugs it has left.
pub(crate) fn run(options: &HostOptions, job: &Job) -> JobReport {
    let outcome = match &job.work {
        Work::Program { path } | Work::NormalizerProgram { path, .. } => {
            JobOutcome::Failed(format!("{}: no Python, so no debugger\n", path.display()))
        }
        _ => perform(options, job)
            .unwrap_or_else(|error| JobOutcome::Lost(Loss::NotStarted(error.to_string()))),
    };
    JobReport { outcome, usage: None, last_words: String::new() }
}

fn perform(options: &HostOptions, job: &Job) -> io::Result<JobOutcome> {
    let mut input = Vec::new();
    append_modules(&mut input);
    let once = json!({"type": "once", "hello": hello(options), "order": order(job, options)});
    let mut blobs = vec![job.meta.as_bytes()];
    if let Work::Normalizer { raw, .. } = &job.work {
        blobs.push(raw);
    }
    host_frame::append(&mut input, &once, &blobs);
    let mut given = nameless()?;
    given.write_all(&input)?;
    given.rewind()?;
    let mut result = nameless()?;
    let names = [&given, &result].map(|file| OsString::from(file.as_raw_fd().to_string()));
    let python = job.python.as_ref().unwrap_or(&options.python);
    let start = ["-I", "-B", "-X", "utf8", "-c", START].map(OsString::from);
    let arguments = start.into_iter().chain(names).collect();
    let status = launch::in_foreground(&Launch {
        program: python.clone(),
        arguments,
        variables: launch::TERMINAL,
    })?;
    // Whoever wrote it had the same place in it.
    result.rewind()?;
    let mut reader = ResultReader::new(options.limits.of(&job.work));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = result.read(&mut piece)?;
        match piece.get(..count) {
            Some(read) if count > 0 => reader.feed(read),
            _ => break,
        }
    }
    Ok(match reader.finish() {
        Ok(Some(outcome)) => outcome,
        Ok(None) => JobOutcome::Lost(lost(status)),
        Err(flaw) => JobOutcome::Failed(format!("{flaw}\n")),
    })
}

fn lost(status: ExitStatus) -> Loss {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(signal), _) => Loss::Killed(SignalNumber(signal)),
        (None, code) => Loss::Exited(code.unwrap_or(-1)),
    }
}

/// A file that the next child inherits: no other one is started meanwhile.
fn nameless() -> io::Result<File> {
    let file: OwnedFd = memfd_create("job", MemfdFlags::empty())?;
    Ok(file.into())
}
