//! Boefjes that are images, and what becomes of their tasks when something is killed. The engine is a
//! stand-in that runs a container as a plain process.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ostler_tests::openkat::{Asked, Trouble, boefje_job};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::{children, kill};
use ostler_tests::{Fault, OpenKat, WorkersSettings, wait_for};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::openkat;
use super::steps::{AGAIN, lasting, start_again, wait_blank};

/// An engine and two images: one that brings its results, and one that hangs.
struct Engine(TempDir);

impl Engine {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let engine = folder.path().join("engine");
        fs::write(&engine, include_str!("../../boefjes_daemon/engine.py")).unwrap();
        fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();
        for image in ["reports", "hangs"] {
            write_image(&folder.path().join("plugins").join(image), image);
        }
        Self(folder)
    }

    fn settings(&self, openkat: &OpenKat, state: &TempDir) -> WorkersSettings {
        let place = |name| self.0.path().join(name).display().to_string();
        lasting(openkat, state).set("Plugins", "directory", &place("plugins")).set(
            "Containers",
            "engine",
            &place("engine"),
        )
    }

    /// Waits until the container of a task runs; its process.
    fn hangs(&self, task: &str) -> u32 {
        let file: PathBuf = self.0.path().join(format!("kat_boefje_{task}.pid"));
        wait_for("the container runs", || file.exists());
        fs::read_to_string(file).unwrap().parse().unwrap()
    }

    fn was_removed(&self, task: &str) -> bool {
        self.0.path().join(format!("kat_boefje_{task}.rm")).exists()
    }
}

fn write_image(folder: &Path, image: &str) {
    fs::create_dir_all(folder).unwrap();
    let manifest = json!({"id": image, "name": image, "oci_image": image});
    fs::write(folder.join("boefje.json"), manifest.to_string()).unwrap();
    fs::write(folder.join("__init__.py"), "").unwrap();
    fs::write(folder.join("main.py"), "def run(boefje_meta):\n    return []\n").unwrap();
}

#[test]
fn wrk_c26_a_container_is_killed() {
    let (openkat, state, engine) = (openkat(), TempDir::new().unwrap(), Engine::new());
    let workers = engine.settings(&openkat, &state).start();
    let mut fault = Fault::begin("WRK-C26");
    for signal in [Signal::KILL, Signal::SEGV] {
        let task = openkat.queue(&boefje_job("acme", "hangs", ""));
        let container = engine.hangs(&task);
        fault.injected();
        kill(container, signal);
        openkat.wait_history(&task, &FAILED);
        fault.within("failed", fault.elapsed(), 1.0);
        let error = openkat.error_of(&task);
        assert!(error.contains("command was killed by signal"), "{error}");
        assert!(engine.was_removed(&task));
    }
    wait_for("nothing is left", || {
        children(workers.pid()).iter().all(|child| children(child.pid).is_empty())
    });
    wait_blank(&state);
}

#[test]
fn wrk_c28_the_program_is_killed_while_a_container_runs() {
    let (openkat, state, engine) = (openkat(), TempDir::new().unwrap(), Engine::new());
    let settings = engine.settings(&openkat, &state);
    let mut fault = Fault::begin("WRK-C28");
    let mut workers = settings.clone().start();
    let calls = |on: &str| {
        let books = openkat.books();
        let unanswered = books.calls.iter().filter(|call| call.status.is_none());
        let mut lines = unanswered.map(|call| format!("{} {}", call.method, call.target));
        lines.any(|line| line.contains(on))
    };
    // It was not told to run, it runs, and its results are being saved.
    for (image, asked, on, history) in [
        ("reports", Asked::Scheduler, "PATCH /tasks", &AGAIN[..]),
        ("hangs", Asked::Scheduler, "", &FAILED),
        ("reports", Asked::Bytes, "POST /bytes/raw", &FAILED),
    ] {
        if !on.is_empty() {
            openkat.inject(asked, on, 1, Trouble::Silent);
        }
        let task = openkat.queue(&boefje_job("acme", image, ""));
        if on.is_empty() {
            engine.hangs(&task);
        } else {
            wait_for(on, || calls(on));
        }
        workers.signal(Signal::KILL);
        workers.ended();
        openkat.heal(asked);
        workers = start_again(workers, &settings);
        openkat.wait_history(&task, history);
        if history == FAILED {
            assert!(openkat.error_of(&task).contains("has died"));
            assert!(engine.was_removed(&task), "{image}");
        }
    }
    let next = openkat.queue(&boefje_job("acme", "reports", ""));
    openkat.wait_history(&next, &DONE);
    wait_blank(&state);
    drop(workers);
    fault.saw("3 steps: the container removed, its task ended once");
}
