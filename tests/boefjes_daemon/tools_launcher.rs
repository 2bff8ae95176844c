//! The old names, for scripts that know them.

use std::path::PathBuf;
use std::process::Command;

use ostler_tests::binaries::{boefjes, workspace};
use ostler_tests::plugin_hosts::plugins;
use ostler_tests::process::command;

use crate::tools::{Ended, Machine};

fn python(arguments: &[&str]) -> Command {
    let mut python = command("python3");
    python.arg("-B").args(arguments).env("PYTHONPATH", packaging());
    python.env("BOEFJES_PROGRAM", boefjes()).env_remove("JOURNAL_STREAM");
    python
}

fn packaging() -> PathBuf {
    workspace().join("packaging/python")
}

fn tool(name: &str) -> String {
    packaging().join("tools").join(name).display().to_string()
}

#[test]
fn the_old_names_are_the_program_with_the_same_arguments() {
    let machine = Machine::new();
    let (local, plugins) =
        (machine.folder().display().to_string(), plugins().display().to_string());
    let own = ["--local", &local, "--plugins", &plugins];
    let mut run = python(&[&tool("run_boefje.py"), "acme", "trivial", "Network|internet"]);
    let ran = Ended::of(run.args(own));
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    let raw = ran.saved().remove(0);
    let shown = Ended::of(python(&[&tool("show_raw.py"), &raw]).args(own));
    assert_eq!((shown.code, shown.output.as_str()), (0, "1\n"));
    let failed = Ended::of(python(&[&tool("run_normalizer.py"), "nobody", &raw]).args(own));
    assert_eq!(failed.code, 1, "{failed:?}");
    let usage = Ended::of(&mut python(&["-m", "boefjes", "--log-level", "LOUD", "boefje"]));
    assert_eq!((usage.code, usage.output.as_str()), (2, ""));
    assert!(usage.complaints.contains("LOUD"), "{usage:?}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut run = python(&["-m", "boefjes", "boefje"]);
    let ended = Ended::of(run.env("BOEFJES_PROGRAM", "/nowhere/boefjes"));
    assert_eq!(ended.code, 1);
    let words = "/nowhere/boefjes: No such file or directory; BOEFJES_PROGRAM says where";
    assert!(ended.complaints.starts_with(words), "{ended:?}");
}
