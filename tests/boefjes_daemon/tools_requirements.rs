//! The Python packages that a plugin asks for, from files beside it: nothing comes from elsewhere.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ostler_tests::binaries::boefjes;
use ostler_tests::checked::write;
use ostler_tests::process::command;

use crate::tools::{Ended, Machine};

/// Makes a package of one module, as it is installed.
const WHEEL: &str = r#"
import sys, zipfile
folder, version = sys.argv[1:]
info = f"gift-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/gift-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr("gift.py", f"VERSION = {version!r}\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: gift\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", f"gift.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
"#;

/// An interpreter without the module that it needs to make environments.
const WITHOUT_VENV: &str = r#"#!/bin/sh
exec python3 -c 'import sys
sys.modules["ensurepip"] = None
place = sys.argv.index("-c", 1)
program, sys.argv = sys.argv[place + 1], sys.argv[place + 1:]
exec(program, {"__name__": "__main__"})' "$@"
"#;

/// A machine whose only plugin needs a package.
fn machine() -> (tempfile::TempDir, Machine) {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("wants");
    fs::create_dir(&folder).unwrap();
    write(&folder.join("__init__.py"), "");
    write(&folder.join("boefje.json"), r#"{"id": "wants", "consumes": [], "scan_level": 0}"#);
    let main =
        "import gift\n\n\ndef run(boefje_meta):\n    return [({\"text/plain\"}, gift.VERSION)]\n";
    write(&folder.join("main.py"), main);
    let made = |version| {
        let made = Ended::of(command("python3").args(["-c", WHEEL]).arg(&folder).arg(version));
        assert_eq!(made.code, 0, "{made:?}");
    };
    made("1.0");
    made("2.0");
    let machine = Machine::with(root.path());
    (root, machine)
}

fn want(root: &Path, version: &str) {
    let text = format!("--no-index\n./gift-{version}-py3-none-any.whl\n");
    write(&root.join("wants/requirements.txt"), &text);
}

fn run(machine: &Machine) -> Ended {
    machine.run(&["run-boefje", "acme", "wants", "Network|internet"])
}

#[test]
fn packages_are_installed_for_their_plugin_and_anew_when_it_asks_for_others() {
    let (root, machine) = machine();
    want(root.path(), "1.0");
    let missing = run(&machine);
    assert_eq!(missing.code, 1, "{missing:?}");
    assert!(missing.complaints.contains("No module named 'gift'"), "{missing:?}");
    assert!(missing.output.contains("`boefjes install-requirements` does it"), "{missing:?}");
    for version in ["1.0", "2.0"] {
        want(root.path(), version);
        let installed = machine.run(&["install-requirements", "wants"]);
        assert_eq!(installed.code, 0, "{installed:?}");
        assert!(installed.output.contains("wants: installed\n"), "{installed:?}");
        // What the installer said is in the log.
        assert!(installed.output.contains(&format!("gift-{version}")), "{installed:?}");
        let ran = run(&machine);
        assert_eq!(ran.code, 0, "{ran:?}");
        let shown = machine.run(&["show-raw", &ran.saved()[0]]);
        assert_eq!(shown.output, format!("{version}\n"));
        let again = machine.run(&["install-requirements"]);
        assert!(again.output.contains("wants: installed already\n"), "{again:?}");
    }
    let environments = fs::read_dir(machine.folder().join("environments")).unwrap();
    assert_eq!(environments.count(), 1);
}

#[test]
fn folders_may_be_named_from_where_one_is() {
    let (root, machine) = machine();
    want(root.path(), "1.0");
    let here = |arguments: &[&str]| {
        let mut boefjes = command(boefjes());
        boefjes.current_dir(machine.directory()).args(["--local", "machine", "--plugins"]);
        Ended::of(boefjes.arg(root.path()).args(arguments))
    };
    let installed = here(&["install-requirements", "wants"]);
    assert_eq!(installed.code, 0, "{installed:?}");
    let ran = here(&["run-boefje", "acme", "wants", "Network|internet"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_cannot_be_installed_is_told_and_tried_again() {
    let (root, machine) = machine();
    want(root.path(), "3.0");
    let failed = machine.run(&["install-requirements"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.complaints.contains("wants/requirements.txt: "), "{failed:?}");
    assert!(failed.output.contains("gift-3.0"), "{failed:?}");
    want(root.path(), "1.0");
    let without = root.path().join("python");
    write(&without, WITHOUT_VENV);
    fs::set_permissions(&without, fs::Permissions::from_mode(0o755)).unwrap();
    let python = without.to_str().unwrap();
    let failed = machine.run(&["--python", python, "install-requirements"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.complaints.contains("is python3-venv installed?"), "{failed:?}");
    let gone = machine.run(&["--python", "/nowhere/python", "install-requirements"]);
    assert!(gone.complaints.contains("/nowhere/python: No such file"), "{gone:?}");
    assert_eq!(machine.run(&["install-requirements"]).code, 0);
    assert_eq!(run(&machine).code, 0);
}

#[test]
fn a_link_in_the_place_of_an_environment_is_not_followed() {
    let (root, machine) = machine();
    want(root.path(), "1.0");
    assert_eq!(machine.run(&["install-requirements"]).code, 0);
    let environments = machine.folder().join("environments");
    let place = fs::read_dir(&environments).unwrap().next().unwrap().unwrap().path();
    fs::remove_dir_all(&place).unwrap();
    let precious = root.path().join("precious");
    fs::create_dir(&precious).unwrap();
    write(&precious.join("file"), "");
    symlink(&precious, &place).unwrap();
    let refused = machine.run(&["install-requirements"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.complaints.contains("it is no folder"), "{refused:?}");
    assert!(precious.join("file").exists());
    // What is left of one that came to nothing is made anew.
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert_eq!(machine.run(&["install-requirements"]).code, 0);
    assert_eq!(run(&machine).code, 0);
    fs::set_permissions(&environments, fs::Permissions::from_mode(0o777)).unwrap();
    want(root.path(), "2.0");
    let refused = machine.run(&["install-requirements"]);
    assert!(refused.complaints.contains("every user can write into it"), "{refused:?}");
}

#[test]
fn whoever_installs_is_the_configured_user() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let (root, machine) = machine();
    want(root.path(), "1.0");
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(root.path().join("wants")).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let config = root.path().join("boefjes.cfg");
    write(&config, "[Global]\nuser = nobody\n");
    fs::create_dir(machine.folder()).unwrap();
    let refused = machine.run(&["-c", config.to_str().unwrap(), "install-requirements"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.complaints.contains("Permission denied"), "{refused:?}");
    std::os::unix::fs::chown(machine.folder(), Some(65534), None).unwrap();
    let foreign = machine.run(&["install-requirements"]);
    assert!(foreign.complaints.contains("it belongs to another user"), "{foreign:?}");
}

#[test]
fn plugins_in_folders_of_one_name_have_their_own_environments() {
    let (root, _) = machine();
    let copies = tempfile::tempdir().unwrap();
    for group in ["one", "two"] {
        let folder = copies.path().join(group).join("wants");
        fs::create_dir_all(&folder).unwrap();
        write(&copies.path().join(group).join("__init__.py"), "");
        for entry in fs::read_dir(root.path().join("wants")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        write(
            &folder.join("boefje.json"),
            &format!(r#"{{"id": "{group}", "consumes": [], "scan_level": 0}}"#),
        );
    }
    want(&copies.path().join("one"), "1.0");
    want(&copies.path().join("two"), "2.0");
    let machine = Machine::with(copies.path());
    for id in ["one", "two"] {
        assert_eq!(machine.run(&["install-requirements", id]).code, 0);
    }
    for (id, version) in [("one", "1.0\n"), ("two", "2.0\n")] {
        let ran = machine.run(&["run-boefje", "acme", id, "Network|internet"]);
        assert_eq!(machine.run(&["show-raw", &ran.saved()[0]]).output, version, "{ran:?}");
    }
}

#[test]
fn plugins_that_ask_for_nothing_need_nothing() {
    let machine = Machine::new();
    let all = machine.run(&["install-requirements"]);
    assert_eq!(all.code, 0, "{all:?}");
    let one = machine.run(&["install-requirements", "trivial"]);
    assert!(one.output.contains("trivial: asks for no packages\n"), "{one:?}");
    let unknown = machine.run(&["install-requirements", "nobody"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.complaints.contains("there is no plugin nobody"), "{unknown:?}");
    assert!(!machine.folder().join("environments").exists());
}
