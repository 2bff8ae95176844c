//! L: load. Figures are judged of an optimised build only, and ratios to the original only where it
//! is at hand: `BUI_ORIGINAL` names the virtual environment that has it.

mod drive;
mod queue;
mod rates;
pub(crate) mod rest;

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;

use ostler_tests::{FakeBurp, Fault, Settings};

/// Enters a figure and whether it meets its bound. What was built for finding faults, and not for
/// speed, is not judged.
pub(crate) fn judge(fault: &mut Fault, words: impl Display, meets: bool) {
    if cfg!(debug_assertions) {
        fault.explain(format!("{words} (an unoptimised build, not judged)"));
    } else {
        fault.figure(words, meets);
    }
}

/// A client configuration by which children behave and ask no test, which takes time.
fn alone(fake: &FakeBurp) -> PathBuf {
    let conf = fake.directory().join("alone.conf");
    fs::write(&conf, "mode = client\nserver = 127.0.0.1\nstatus_port = 4972\ncname = monitor\n")
        .unwrap();
    conf
}

/// Settings of a daemon whose children behave.
fn settings(fake: &FakeBurp) -> Settings {
    Settings::new(fake.program(), alone(fake)).set("transport", "plain").set("threads", "16")
}
