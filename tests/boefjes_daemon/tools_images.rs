//! `run-boefje` of boefjes that are images. The engine is a stand-in that runs them as plain
//! processes.

use std::fs;
use std::process::Stdio;

use ostler_tests::binaries::boefjes;
use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::process::{Process, command};
use ostler_tests::{OpenKat, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::{write_boefje, write_engine};
use crate::tools::{Ended, Machine};

/// A machine of its own with an engine, and boefjes that are images of their names.
fn machine(images: &[&str]) -> (Machine, TempDir) {
    let folder = TempDir::new().unwrap();
    for image in images {
        let oci = json!({"oci_image": image, "oci_arguments": ["--fast"]});
        write_boefje(folder.path(), image, &oci);
    }
    write_engine(folder.path());
    (Machine::with(folder.path()), folder)
}

fn run(machine: &Machine, folder: &TempDir, image: &str) -> Ended {
    let mut run = machine.command(["run-boefje", "acme", image, "Network|internet"]);
    Ended::of(run.arg("--engine").arg(folder.path().join("engine")))
}

#[test]
fn a_container_fetches_its_job_and_brings_its_results() {
    let (machine, folder) = machine(&["reports"]);
    let ran = run(&machine, &folder, "reports");
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    // What it brought, and what it wrote.
    let saved = ran.saved();
    assert_eq!(saved.len(), 2, "{ran:?}");
    let seen: Value = serde_json::from_str(&machine.run(&["show-raw", &saved[0]]).output).unwrap();
    assert_eq!(seen["input"]["name"], "internet", "{seen}");
    assert_eq!(machine.run(&["show-raw", &saved[1]]).output, "reports starts\n\n");
    // Nobody has queued it.
    let tasks = crate::tools::texts(
        &machine.folder().join("boefjes.db"),
        "SELECT status FROM task WHERE queue LIKE 'boefje-%'",
    );
    assert!(tasks.is_empty(), "{tasks:?}");
}

#[test]
fn what_goes_wrong_with_a_container_is_told() {
    let images = ["says-failed", "fails", "silent", "missing"];
    let (machine, folder) = machine(&images);
    for (image, words) in images.into_iter().zip([
        "the boefje says that it failed\n",
        "the container ended with status 3\n",
        "the container did not bring its results\n",
        "could not run the image missing\n",
    ]) {
        let ran = run(&machine, &folder, image);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.complaints.starts_with(&format!("Error: {image}: ")), "{ran:?}");
        assert!(ran.complaints.ends_with(words), "{ran:?}");
        assert!(!ran.saved().is_empty(), "{ran:?}");
    }
    let file = machine.directory().join("off.cfg");
    fs::write(&file, "[Containers]\nport = off\n").unwrap();
    let mut off = machine.command(["run-boefje", "acme", "fails", "Network|internet"]);
    let ran = Ended::of(off.arg("--config").arg(file));
    assert!(ran.complaints.contains("was not run: it is an image"), "{ran:?}");
}

#[test]
fn a_container_is_where_it_reaches_the_address_that_it_is_told() {
    let (machine, folder) = machine(&["reports"]);
    let network = |text: &str| {
        let file = machine.directory().join("network.cfg");
        fs::write(&file, text).unwrap();
        let mut run = machine.command(["run-boefje", "acme", "reports", "Network|internet"]);
        run.arg("--engine").arg(folder.path().join("engine"));
        let ran = Ended::of(run.arg("--config").arg(file));
        assert_eq!(ran.code, 0, "{ran:?}");
        let calls = fs::read_to_string(folder.path().join("calls")).unwrap();
        let call: Vec<String> = serde_json::from_str(calls.lines().last().unwrap()).unwrap();
        let place = call.iter().position(|argument| argument == "--network").unwrap();
        call[place + 1].clone()
    };
    assert_eq!(network(""), "host", "nothing else reaches a loopback address");
    assert_eq!(network("[Containers]\nnetwork = kat\n"), "kat");
    assert_eq!(network("[Containers]\nbind = 0.0.0.0\n"), "bridge");
}

#[test]
fn an_interrupt_or_a_closed_terminal_ends_the_container() {
    for signal in [Signal::INT, Signal::HUP, Signal::TERM] {
        ends_the_container(signal);
    }
}

fn ends_the_container(signal: Signal) {
    let (machine, folder) = machine(&["hangs"]);
    let mut run = machine.command(["run-boefje", "acme", "hangs", "Network|internet"]);
    run.arg("--engine").arg(folder.path().join("engine"));
    let mut tool = Process::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
    let named = |end: &str| {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_str().unwrap().ends_with(end))
    };
    wait_for("the container runs", || named(".pid"));
    tool.signal(signal);
    assert_eq!(tool.ended().code(), Some(1));
    wait_for("the container is removed", || named(".rm"));
}

#[test]
fn among_openkats_services_its_form_is_that_of_the_scheduler() {
    let openkat = OpenKat::new(OpenKatVersion::V1_19);
    let (_, folder) = machine(&["reports"]);
    let network = json!({
        "object_type": "Network", "scan_profile": null, "primary_key": "Network|internet",
        "name": "internet",
    });
    openkat.put_object("acme", &network);
    let mut run = command(boefjes());
    run.args(["run-boefje", "acme", "reports", "Network|internet", "--generation", "1.20"]);
    run.arg("--plugins").arg(folder.path()).arg("--engine").arg(folder.path().join("engine"));
    let ran = Ended::of(run.envs(openkat.variables()));
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    assert_eq!(openkat.books().raws.len(), 1);
    let lines = openkat.lines();
    assert!(!lines.iter().any(|line| line.contains("/tasks")), "{lines:?}");
}
