//! Boefjes that are images: how their containers are run, and what becomes of tasks whose containers
//! do not do what they should. The engine is a stand-in that runs them as plain processes.

use std::fs;
use std::path::PathBuf;

use ostler_tests::openkat::{Asked, Books, OpenKatVersion, Trouble, boefje_job};
use ostler_tests::openkat_tasks::{DONE, FAILED, until_told};
use ostler_tests::{OpenKat, Workers, WorkersSettings, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::{address, ask, write_boefje, write_engine};

/// Images, each the only one of a boefje of the same name.
const IMAGES: [&str; 8] =
    ["reports", "says-failed", "fails", "reports-and-fails", "talks", "hangs", "missing", "left"];

/// A daemon with an engine.
struct Engine {
    openkat: OpenKat,
    workers: Workers,
    folder: TempDir,
}

impl Engine {
    fn new(
        version: OpenKatVersion,
        change: impl FnOnce(WorkersSettings) -> WorkersSettings,
    ) -> Self {
        let (openkat, folder) = (OpenKat::new(version), TempDir::new().unwrap());
        let engine = write_engine(folder.path());
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        for image in IMAGES.iter().chain(&["silent"]) {
            let oci = json!({"oci_image": image, "oci_arguments": ["--fast", "2"]});
            write_boefje(&plugins, image, &oci);
        }
        let settings = WorkersSettings::new(&openkat, "boefje")
            .set("Plugins", "directory", &plugins.display().to_string())
            .set("Containers", "engine", &engine.display().to_string());
        Self { openkat, workers: change(settings).start(), folder }
    }

    fn old() -> Self {
        Self::new(OpenKatVersion::V1_15, |settings| settings)
    }

    fn queue(&self, image: &str) -> String {
        self.openkat.queue(&boefje_job("acme", image, ""))
    }

    /// How the engine was called.
    fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a container hangs.
    fn hangs(&self, task: &str) {
        let file = self.running_file(task);
        wait_for("the container runs", || file.exists());
    }

    fn running_file(&self, task: &str) -> PathBuf {
        self.folder.path().join(format!("kat_boefje_{task}.pid"))
    }

    fn was_removed(&self, task: &str) -> bool {
        let name = format!("kat_boefje_{task}");
        self.calls().contains(&["rm", "--force", &name].map(str::to_owned).to_vec())
    }
}

#[test]
fn a_container_fetches_its_job_and_ends_its_task() {
    let engine = Engine::new(OpenKatVersion::V1_15, |settings| {
        settings
            .environment("BOEFJES_DOCKER_NETWORK", "kat")
            .set("Containers", "volumes", "cache:/cache")
            .set("Containers", "add_hosts", "host.docker.internal:host-gateway")
    });
    let task = engine.queue("reports");
    engine.openkat.wait_history(&task, &DONE);
    // The daemon looks once more before it leaves the end to the container.
    engine.openkat.wait("what the container wrote is saved", |books| books.raws.len() == 2);
    let own = "boefje/reports".to_owned();
    assert_eq!(
        engine.openkat.raws_of(&task),
        [
            (vec!["application/json".to_owned(), own.clone()], "{}".to_owned()),
            (vec![own], "reports starts\n".to_owned()),
        ]
    );
    let call = engine.calls().remove(0);
    let url = call.iter().find(|argument| argument.starts_with("http")).unwrap();
    assert!(url.ends_with(&format!("/api/v0/tasks/{task}")), "{url}");
    let name = format!("kat_boefje_{task}");
    assert_eq!(
        call,
        [
            "run",
            "--rm",
            "--name",
            &name,
            "--network",
            "kat",
            "--volume",
            "cache:/cache",
            "--add-host",
            "host.docker.internal:host-gateway",
            "--",
            "reports",
            url,
            "--fast",
            "2",
        ]
    );
}

#[test]
fn a_container_whose_task_does_not_run_for_the_scheduler_is_not_started() {
    let engine = Engine::old();
    for status in [404, 500] {
        engine.openkat.inject(Asked::Scheduler, "PATCH /tasks", 1, Trouble::Status(status));
        let task = engine.queue("reports");
        engine.openkat.wait_history(&task, &["queued", "dispatched", "failed"]);
    }
    let calls = engine.calls();
    assert!(!calls.iter().any(|call| call[0] == "run"), "{calls:?}");
}

#[test]
fn the_newer_form_keeps_what_a_container_wrote_only_if_it_brought_nothing() {
    let engine = Engine::new(OpenKatVersion::V1_19, |settings| {
        settings.set("Global", "generation", "1.20").set("Global", "pool_size", "1")
    });
    let task = engine.queue("reports");
    let silent = engine.queue("silent");
    engine.openkat.wait_history(&silent, &FAILED);
    let saved = engine.openkat.raws_of(&task);
    assert_eq!(saved.len(), 1, "{saved:?}");
    let seen: Value = serde_json::from_str(&saved[0].1).unwrap();
    assert_eq!(seen, json!({"oci_arguments": ["--fast", "2"]}));
    let text = engine.openkat.error_of(&silent);
    assert_eq!(text, "the container did not bring its results\nsilent starts\n");
}

#[test]
fn a_container_that_ends_otherwise_fails_its_task_with_a_raw_file_that_says_why() {
    let engine = Engine::old();
    for (image, words) in [
        ("silent", "the container did not bring its results\nsilent starts\n"),
        ("fails", "the container ended with status 3\nfails starts\n"),
        ("missing", "could not run the image missing\nno such image\n"),
    ] {
        let task = engine.queue(image);
        engine.openkat.wait_history(&task, &FAILED);
        let text = engine.openkat.error_of(&task);
        assert!(text.ends_with(words), "{image}: {text}");
    }
}

#[test]
fn what_a_container_says_of_its_end_counts() {
    let engine = Engine::old();
    let failed = engine.queue("says-failed");
    engine.openkat.wait_history(&failed, &FAILED);
    let completed = engine.queue("reports-and-fails");
    engine.openkat.wait_history(&completed, &DONE);
    engine.workers.log().wait("the container ended with status 3");
    let next = engine.queue("reports");
    engine.openkat.wait_history(&next, &DONE);
    for (task, history) in [(failed, FAILED), (completed, DONE)] {
        assert_eq!(engine.openkat.books().tasks[&task].history, history, "told once");
    }
}

#[test]
fn much_that_a_container_writes_is_kept_from_its_end_on() {
    let engine = Engine::old();
    let task = engine.queue("talks");
    engine.openkat.wait_history(&task, &FAILED);
    let text = engine.openkat.error_of(&task);
    assert!(text.ends_with("...\nthe end\n"), "{}", text.len());
    assert!(text.len() <= (1 << 20) + 100, "{}", text.len());
}

#[test]
fn an_engine_that_is_not_there_fails_the_task() {
    let engine = Engine::new(OpenKatVersion::V1_15, |settings| {
        settings.set("Containers", "engine", "/nowhere/engine")
    });
    let task = engine.queue("reports");
    engine.openkat.wait_history(&task, &FAILED);
    let text = engine.openkat.error_of(&task);
    assert!(text.contains("/nowhere/engine"), "{text}");
}

#[test]
fn a_container_that_takes_too_long_is_removed() {
    let engine =
        Engine::new(OpenKatVersion::V1_15, |settings| settings.set("Global", "job_deadline", "1"));
    wait_for("a container that has said something takes too long", || {
        let task = engine.queue("hangs");
        engine.openkat.wait_history(&task, &FAILED);
        assert!(engine.was_removed(&task), "{:?}", engine.calls());
        let text = engine.openkat.error_of(&task);
        assert!(text.starts_with("the container did not end in time"), "{text}");
        // On a busy machine there may have been no time to say a word.
        text == "the container did not end in time\nhangs starts\n"
    });
}

#[test]
fn an_engine_that_is_killed_fails_the_task_and_leaves_no_container() {
    let mut engine = Engine::old();
    let task = engine.queue("hangs");
    engine.hangs(&task);
    let pid = fs::read_to_string(engine.running_file(&task)).unwrap().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL)
        .unwrap();
    engine.openkat.wait_history(&task, &FAILED);
    let text = engine.openkat.error_of(&task);
    assert!(text.starts_with("the container engine's command was killed by signal 9"), "{text}");
    assert!(engine.was_removed(&task), "{:?}", engine.calls());
    assert!(engine.workers.runs());
}

#[test]
fn the_end_of_the_daemon_ends_its_containers() {
    until_told(|| {
        let mut engine =
            Engine::new(OpenKatVersion::V1_15, |settings| settings.set("Global", "drain", "0.5"));
        let task = engine.queue("hangs");
        engine.hangs(&task);
        engine.workers.signal(Signal::TERM);
        assert!(engine.workers.ended().success());
        wait_for("the container is removed", || engine.was_removed(&task));
        engine.openkat.was_told(&engine.workers, &task, &FAILED)
    });
}

#[test]
fn a_hurried_end_leaves_the_removal_to_the_engine() {
    let mut engine = Engine::old();
    let task = engine.queue("hangs");
    engine.hangs(&task);
    let slow = engine.folder.path().join("slow");
    fs::write(&slow, "").unwrap();
    engine.workers.signal(Signal::TERM);
    engine.workers.log().wait("stopping");
    engine.workers.signal(Signal::TERM);
    assert!(engine.workers.ended().success());
    wait_for("the removal begins", || engine.was_removed(&task));
    let removed = engine.folder.path().join(format!("kat_boefje_{task}.rm"));
    assert!(!removed.exists());
    fs::remove_file(slow).unwrap();
    wait_for("the removal outlives the daemon", || removed.exists());
    assert_eq!(fs::read_to_string(removed).unwrap(), "in a session of its own");
}

#[test]
fn a_container_of_an_earlier_run_is_removed_and_the_task_run() {
    let engine = Engine::old();
    let task = engine.queue("left");
    engine.openkat.wait_history(&task, &DONE);
    assert!(engine.was_removed(&task), "{:?}", engine.calls());
}

#[test]
fn a_container_that_reports_when_its_task_has_failed_does_not_complete_it() {
    let engine =
        Engine::new(OpenKatVersion::V1_15, |settings| settings.set("Global", "job_deadline", "2"));
    let delay = Trouble::Delay(ostler_tests::PATIENCE);
    engine.openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, delay);
    let task = engine.queue("reports");
    engine.openkat.wait_history(&task, &FAILED);
    engine.openkat.heal(Asked::Bytes);
    wait_for("another is done in time", || {
        let next = engine.queue("reports");
        let ended = |books: &Books| ["completed", "failed"].contains(&books.tasks[&next].status());
        engine.openkat.wait("it has ended", ended);
        engine.openkat.history(&next) == DONE
    });
    assert_eq!(engine.openkat.books().tasks[&task].history, FAILED);
}

#[test]
fn why_a_container_failed_is_saved_though_services_stumble() {
    let engine = Engine::old();
    // Bytes knows the workers from then on.
    engine.openkat.wait_history(&engine.queue("silent"), &FAILED);
    engine.openkat.inject(Asked::Scheduler, "GET /tasks", 1, Trouble::Status(500));
    engine.openkat.inject(Asked::Bytes, "POST /bytes/boefje_meta", 1, Trouble::Lost);
    let task = engine.queue("fails");
    engine.openkat.wait_history(&task, &FAILED);
    let text = engine.openkat.error_of(&task);
    assert!(text.ends_with("the container ended with status 3\nfails starts\n"), "{text}");
}

#[test]
fn nobody_gets_tasks_of_a_daemon_that_stops() {
    let mut engine = Engine::new(OpenKatVersion::V1_19, |settings| {
        settings.set("Containers", "scheduler_proxy", "yes").set("Global", "pool_size", "1")
    });
    let running = engine.queue("hangs");
    engine.hangs(&running);
    let address = address(&engine.workers);
    engine.workers.signal(Signal::TERM);
    engine.workers.log().wait("stopping");
    let task = engine.queue("reports");
    assert_eq!(ask(address, "POST", "/api/v0/scheduler/boefje/pop", None).status, 503);
    assert_eq!(engine.openkat.books().tasks[&task].status(), "queued");
    engine.workers.signal(Signal::TERM);
    assert!(engine.workers.ended().success());
}

#[test]
fn a_port_that_is_taken_matters_where_a_boefje_is_an_image() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut engine =
        Engine::new(OpenKatVersion::V1_15, |settings| settings.set("Containers", "port", &port));
    assert_eq!(engine.workers.ended().code(), Some(69));
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let workers = WorkersSettings::new(&openkat, "boefje").set("Containers", "port", &port).start();
    workers.log().wait("no boefje here is one");
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
}

#[test]
fn without_a_port_no_image_is_run() {
    let engine =
        Engine::new(OpenKatVersion::V1_15, |settings| settings.set("Containers", "port", "off"));
    let task = engine.queue("reports");
    engine.openkat.wait_history(&task, &FAILED);
    assert_eq!(engine.workers.log().count("for containers"), 0);
}
