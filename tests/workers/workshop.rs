//! Somebody who runs whole jobs on real hosts, with services over HTTP.

use std::path::{Path, PathBuf};

use ostler_tests::plugin_hosts::Report;
use ostler_tests::{OpenKat, PluginHosts};
use serde_json::{Map, Value, json};

/// Hosts for the plugins beside this file, whose jobs are fetched from `openkat` and saved there.
pub(crate) fn workshop(openkat: &OpenKat, runner: &Value) -> PluginHosts {
    workshop_of(openkat, &plugins(), runner)
}

/// The same for the plugins in `root`.
pub(crate) fn workshop_of(openkat: &OpenKat, root: &Path, runner: &Value) -> PluginHosts {
    let services: Map<String, Value> = openkat
        .variables()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    PluginHosts::with(&json!({
        "root": root, "cwd": root, "hosts": 1, "services": services, "runner": runner,
    }))
}

/// The plugins beside this file.
pub(crate) fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workers/plugins")
}

/// The status that a worker would give to a job.
pub(crate) fn end(report: &Report) -> &'static str {
    if report.outcome() == "done" { "completed" } else { "failed" }
}
