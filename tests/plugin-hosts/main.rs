//! The plugin hosts of the workers as a program of their own: orders come as lines of JSON, and so
//! do the reports. A program, since hosts are started through the binary that wants them.
//!
//! The first line has the options. `{"run": {...}}` runs a job, `{"task": {...}}` a whole one from the
//! data of its task, `{"statistics": null}` tells how things are, `{"stop": MILLISECONDS}` ends it
//! all; so does the end of the input, at once.

mod orders;
mod reports;
mod tasks;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boefjes::Hosts;
use ostler_runtime::{Deadline, LevelFilter, Thread, logging};
use serde_json::{Value, json};

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plugin-hosts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    logging::start(LevelFilter::Debug, None).map_err(io::Error::other)?;
    let mut lines = io::stdin().lock().lines();
    let mut next = || -> io::Result<Option<Value>> {
        lines
            .next()
            .transpose()?
            .map(|line| serde_json::from_str(&line))
            .transpose()
            .map_err(Into::into)
    };
    let Some(options) = next()? else { return Ok(()) };
    let hosts = Arc::new(Hosts::start(orders::options(&options))?);
    let runner = tasks::runner(&options, &hosts).map(Arc::new);
    let mut threads = Vec::new();
    // Reports come from several threads, each a line.
    let out = Arc::new(Mutex::new(io::stdout()));
    while let Some(order) = next()? {
        if let Some(job) = order.get("run") {
            let (id, out) = (job["id"].clone(), Arc::clone(&out));
            hosts.run(orders::job(job), orders::deadline(job), move |report| {
                write(&out, &reports::report(&id, &report));
            });
        } else if let (Some(data), Some(runner)) = (order.get("task"), &runner) {
            let (runner, data, out) = (Arc::clone(runner), data.clone(), Arc::clone(&out));
            threads.retain(|thread: &Thread| !thread.has_ended());
            threads.push(Thread::spawn("task", move || {
                write(&out, &tasks::run(&runner, &data));
            })?);
        } else if let Some(wait) = order.get("stop") {
            let wait = Duration::from_millis(wait.as_u64().unwrap_or_default());
            let in_time = hosts.stop(Deadline::after(wait));
            write(&out, &json!({"stopped": in_time}));
        } else {
            write(&out, &reports::statistics(&hosts.statistics()));
        }
    }
    // Whoever still waits for a host gets none.
    hosts.stop(Deadline::after(Duration::ZERO));
    Ok(())
}

fn write(out: &Mutex<io::Stdout>, line: &Value) {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    // A test that has gone reads nothing any more.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
