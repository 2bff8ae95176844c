//! Every Python that is promised, as far as this machine has them.

use std::path::PathBuf;

use ostler_runtime::environment::variable;
use ostler_tests::PluginHosts;
use serde_json::json;

use crate::is_traceback;

/// The interpreters of a version: in `PATH`, and in the folder that `PYENV_ROOT` names.
fn interpreters(version: &str) -> Vec<PathBuf> {
    let folders = variable("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = folders
        .split(':')
        .map(|folder| PathBuf::from(folder).join(format!("python{version}")))
        .collect();
    let pyenv = PathBuf::from(variable("PYENV_ROOT").unwrap_or_default()).join("versions");
    for entry in std::fs::read_dir(pyenv).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&format!("{version}.")) {
            found.push(entry.path().join("bin/python3"));
        }
    }
    // What stands in for an interpreter of a version manager's is no interpreter.
    found.retain(|path| {
        path.is_file() && !path.components().any(|part| part.as_os_str() == "shims")
    });
    found
}

#[test]
fn plugins_run_alike_on_every_python_that_is_there() {
    let mut tried = 0;
    for version in ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"] {
        for python in interpreters(version) {
            let mut hosts = PluginHosts::with(&json!({"python": python, "hosts": 1}));
            let shown = hosts.boefje("shown").json();
            let number: Vec<String> =
                shown["python"].as_array().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(number.join("."), version);
            assert_eq!(
                hosts.run(json!({"boefje": "styles", "environment": {}})).outcome(),
                "failed"
            );
            assert_eq!(hosts.boefje("annotated").outcome(), "outputs");
            assert_eq!(hosts.normalizer("items", "models").items().len(), 5);
            assert_eq!(hosts.normalizer("annotated", "x").items().len(), 1);
            is_traceback(&hosts.run(crate::faulty("chain")), "LookupError: nothing there");
            tried += 1;
        }
    }
    assert!(tried > 0, "no Python was found");
}
