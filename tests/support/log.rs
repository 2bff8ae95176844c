//! What a daemon under test writes to standard error, line by line.

use std::io::{BufRead, BufReader};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ostler_runtime::{Deadline, Thread};

use crate::process::Process;
use crate::wait::{PATIENCE, wait_for};
use crate::wire::Address;

/// So many lines are shown when a test fails.
const LINES_SHOWN: usize = 100;

/// The log of a process, and the thread that reads it.
#[derive(Debug)]
pub struct Log {
    lines: Arc<Lines>,
    reader: Option<Thread>,
}

/// The lines so far, and whether they have come to an end.
#[derive(Debug, Default)]
struct Lines {
    lines: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

impl Log {
    /// That of a process whose standard error is a pipe.
    ///
    /// # Panics
    /// When it is none.
    pub fn of(process: &mut Process) -> Self {
        let errors = process.streams().stderr.take().expect("a pipe");
        let lines = Arc::new(Lines::default());
        let kept = Arc::clone(&lines);
        let reader = Thread::spawn("log", move || {
            for line in BufReader::new(errors).lines() {
                let Ok(line) = line else { break };
                kept.push(line);
            }
            kept.end();
        });
        Self { lines, reader: reader.ok() }
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lines.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Waits for a line that has `words` in it, from the first line on.
    ///
    /// # Panics
    /// When there is none.
    pub fn wait(&self, words: &str) -> String {
        self.lines
            .wait(words, |line| line.contains(words).then(|| line.to_owned()))
            .unwrap_or_else(|lines| panic!("not logged: {words}\n{}", lines.join("\n")))
    }

    /// How many lines have `words` in them.
    pub fn count(&self, words: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(words)).count()
    }

    /// Waits until there are so many lines with `words` in them.
    pub fn wait_count(&self, words: &str, times: usize) {
        wait_for(&format!("{words}: {times} times"), || self.count(words) >= times);
    }

    /// Where the daemon says that it listens, at first.
    ///
    /// # Panics
    /// When it does not.
    pub fn address(&self) -> Address {
        let listens = |line: &str| {
            let (_, place) = line.split_once("listening on ")?;
            let place = place.trim_end_matches('.');
            match place.strip_prefix("unix:") {
                Some(path) => Some(Address::Unix(path.into())),
                None => place.parse().ok().map(Address::Tcp),
            }
        };
        self.lines
            .wait("the daemon listens", listens)
            .unwrap_or_else(|lines| panic!("it does not listen:\n{}", lines.join("\n")))
    }

    /// Ends with the process. A test that fails shows the last lines, and leaves the reader to the end
    /// of the test, since whoever else holds the pipe may live on.
    pub fn finish(&mut self) {
        if std::thread::panicking() {
            let log = self.lines();
            let start = log.len().saturating_sub(LINES_SHOWN);
            let lines = log.get(start..).unwrap_or_default().join("\n");
            eprintln!("the end of the daemon's log:\n{lines}");
            std::mem::forget(self.reader.take());
        } else {
            self.reader.take();
        }
    }
}

impl Lines {
    fn push(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).0.push(line);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.changed.notify_all();
    }

    /// The first line that `wanted` makes something of; all lines if the log ends without it.
    fn wait<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> Result<T, Vec<String>> {
        let deadline = Deadline::after(PATIENCE);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = 0;
        loop {
            while let Some(line) = lines.0.get(next) {
                if let Some(value) = wanted(line) {
                    return Ok(value);
                }
                next += 1;
            }
            if lines.1 || deadline.passed() {
                eprintln!("waited in vain: {what}");
                return Err(lines.0.clone());
            }
            let left = deadline.remaining().unwrap_or(PATIENCE);
            lines = self
                .changed
                .wait_timeout(lines, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(lines, _)| lines);
        }
    }
}
