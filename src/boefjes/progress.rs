//! How long a job has been running, on the terminal of whoever waits for it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use ostler_runtime::{Thread, now};

/// How often it is shown.
const STEP: Duration = Duration::from_millis(200);
const WHEEL: [char; 4] = ['|', '/', '-', '\\'];

/// Shows it until it is dropped. Where standard error is no terminal, nothing is shown.
pub(crate) struct Progress {
    shown: Option<(Sender<()>, Thread)>,
}

impl Progress {
    pub(crate) fn begin(what: &str) -> Self {
        if !io::stderr().is_terminal() {
            return Self { shown: None };
        }
        let (stop, stopped) = bounded(0);
        let (what, since) = (what.to_owned(), now());
        let thread = Thread::spawn("progress", move || {
            let mut wheel = WHEEL.iter().cycle();
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let seconds = now().saturating_duration_since(since).as_secs();
                let turn = wheel.next().copied().unwrap_or_default();
                // With the cursor at the line's beginning, so that the log writes over it.
                show(&format!("\r\u{1b}[K{turn} {what} {seconds} s\r"));
            }
            show("\r\u{1b}[K");
        });
        // Without it the job runs all the same.
        Self { shown: thread.ok().map(|thread| (stop, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.shown.take() {
            drop(stop);
            thread.join();
        }
    }
}

fn show(text: &str) {
    // Nobody could be told if the terminal is gone.
    let _ = io::stderr().write_all(text.as_bytes());
}
