//! Somebody who runs whole jobs on real hosts, with services over HTTP.

use std::path::{Path, PathBuf};

use ostler_tests::{OpenKat, PluginHosts};
use serde_json::{Map, Value, json};

/// Hosts for the plugins beside this file, whose jobs are fetched from `openkat` and saved there.
pub(crate) fn workshop(openkat: &OpenKat, runner: &Value) -> PluginHosts {
    let root = plugins();
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
