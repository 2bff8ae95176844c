//! Every Python that is promised, as far as this machine has them.

use std::path::PathBuf;

use ostler_runtime::environment::variable;
use ostler_tests::PluginHosts;
use ostler_tests::process::{Process, command};
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

#[test]
fn a_plugin_may_have_an_interpreter_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let venv = directory.path().join("venv");
    let mut command = command("python3");
    command.args(["-m", "venv", "--without-pip"]).arg(&venv);
    assert!(Process::start(&mut command).ended().success());
    let libraries = std::fs::read_dir(venv.join("lib")).unwrap().next().unwrap().unwrap().path();
    let module = "def run(_):\n    return [({'text/plain'}, 'from the package')]\n";
    std::fs::write(libraries.join("site-packages/a_package_that_nobody_has.py"), module).unwrap();
    let mut hosts = PluginHosts::with(&json!({"settings": {"remote_ns": "192.0.2.53"}}));
    let python = venv.join("bin/python3");
    let order = |boefje: &str| json!({"boefje": boefje, "python": python});
    assert_eq!(hosts.run(order("broken")).outcome(), "outputs");
    assert_eq!(hosts.boefje("broken").outcome(), "failed", "the others do not see the package");

    let shown = hosts.run(order("shown")).json();
    assert_eq!(shown["environment"], json!({}));
    assert_eq!(shown["descriptors"], json!(["/dev/null", "pipe", "pipe", "pipe"]));
    assert_eq!((&shown["umask"], &shown["leads"]), (&json!(0o022), &json!([true, false])));
    assert_eq!(shown["limits"]["CORE"], json!([0, 0]));
    assert_eq!(hosts.run(order("styles")).json()["remote_ns"], "192.0.2.53");
    let items = json!({"normalizer": "annotated", "raw": "x".repeat(1 << 20), "python": python});
    assert_eq!(hosts.run(items).items()[0].1["raw"].as_str().unwrap().len(), 1 << 20);
    is_traceback(&hosts.run(order("no_run")), "has no function run");
    let nowhere = hosts.run(json!({"boefje": "trivial", "python": "/no/such/python"}));
    assert!(nowhere.text().starts_with("the job could not be started: "), "{nowhere:?}");
}
