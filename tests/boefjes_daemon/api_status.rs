//! What is told of running workers: figures, health, and the live view.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Output, Stdio};

use ostler_tests::binaries::boefjes;
use ostler_tests::http::ask_under_names;
use ostler_tests::process::{command, descendants, kill};
use ostler_tests::{OpenKat, Process, Workers, WorkersSettings, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::api::ask;
use crate::openkat;

/// A daemon of one worker with a status listener, and where that is.
fn told(openkat: &OpenKat) -> (Workers, SocketAddr) {
    told_by(WorkersSettings::new(openkat, "boefje"))
}

fn told_by(settings: WorkersSettings) -> (Workers, SocketAddr) {
    let workers = settings.set("Status", "port", "0").set("Global", "pool_size", "1").start();
    let line = workers.log().wait("status on ");
    let (_, address) = line.split_once("status on ").unwrap();
    (workers, address.parse().unwrap())
}

fn status(address: SocketAddr) -> Value {
    ask(address, "GET", "/v1/status", None).json()
}

fn top(arguments: &[&str]) -> Output {
    command(boefjes()).arg("top").args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_running_job_is_told_with_its_worker_its_age_and_its_memory() {
    let openkat = openkat();
    let (mut workers, address) = told(&openkat);
    let task = openkat.queue_faulty("wait");
    wait_for("the job runs", || status(address)["workers"][0]["memory"].is_u64());
    let told = status(address);
    let worker = &told["workers"][0];
    assert_eq!((&worker["id"], &worker["plugin"]), (&json!(task[..8]), &json!("faulty")));
    assert!(worker["age"].is_u64() && worker["memory"].as_u64() > Some(1 << 20), "{worker}");
    let host = &told["hosts"]["each"][0];
    assert_eq!(host["job"]["id"], json!(task[..8]));
    assert!(host["pid"].is_u64() && host["memory"].as_u64() > Some(1 << 20), "{host}");
    assert_eq!(told["scheduler"]["answers"], true);
    assert_eq!(told["tasks"]["held"], 1);
    let shown = top(&["--once", "--address", &address.to_string()]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success(), "{text}");
    let words = ["workers of    boefjes", "faulty  wait", &task[..8], "busy"];
    for words in words {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Who knows the whole id is taken for the task's container.
    assert!(!told.to_string().contains(&task) && !text.contains(&task), "{told} {text}");
    workers.signal(Signal::USR1);
    let dumped = workers.log().wait("\"running\":");
    assert!(dumped.contains(&task[..8]) && !dumped.contains(&task), "{dumped}");
}

#[test]
fn workers_tell_of_themselves_under_names_of_this_machine() {
    let openkat = openkat();
    let (workers, address) = told(&openkat);
    for path in ["/v1/status", "/metrics"] {
        ask_under_names(address, path, 421);
    }
    ask_under_names(address, "/healthz", 200);
    drop(workers);
    let far = WorkersSettings::new(&openkat, "boefje").set("Status", "bind", "0.0.0.0");
    let (_workers, address) = told_by(far);
    ask_under_names(SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())), "/metrics", 200);
}

#[test]
fn tasks_are_counted_by_their_ends() {
    let openkat = openkat();
    let (_workers, address) = told(&openkat);
    for (boefje, end) in [("trivial", "completed"), ("no-such-boefje", "failed")] {
        let task = openkat.queue_boefje(boefje);
        openkat.wait_status(&task, end);
    }
    wait_for("all is counted", || status(address)["tasks"]["failed"] == 1);
    let figures = ask(address, "GET", "/metrics", None);
    let text = figures.text();
    for line in [
        "boefjes_tasks_popped_total 2",
        r#"boefjes_tasks_settled_total{outcome="completed"} 1"#,
        r#"boefjes_tasks_settled_total{outcome="failed"} 1"#,
        "boefjes_workers 1",
        "boefjes_workers_busy 0",
        "boefjes_hosts 1",
        "boefjes_scheduler_up 1",
        r#"kind="boefje"} 1"#,
        "boefjes_connections_open ",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn readiness_needs_a_scheduler_that_answers() {
    let openkat = openkat();
    openkat.refuse(ostler_tests::openkat::Asked::Scheduler);
    let (_workers, address) = told(&openkat);
    assert_eq!(ask(address, "GET", "/healthz", None).status, 200);
    let unready = ask(address, "GET", "/readyz", None);
    assert_eq!((unready.status, unready.text()), (503, "the scheduler does not answer\n"));
    assert_eq!(status(address)["scheduler"]["answers"], false);
}

#[test]
fn a_scheduler_that_goes_and_comes_back_is_told() {
    let openkat = openkat();
    let (_workers, address) = told(&openkat);
    let ready = || ask(address, "GET", "/readyz", None).status;
    wait_for("all is ready", || ready() == 200);
    openkat.refuse(ostler_tests::openkat::Asked::Scheduler);
    wait_for("it is told that it has gone", || ready() == 503);
    assert!(status(address)["scheduler"]["error"].is_string());
    openkat.accept(ostler_tests::openkat::Asked::Scheduler);
    wait_for("it is told that it is back", || ready() == 200);
}

#[test]
fn the_view_is_drawn_again_and_again_and_finds_its_daemon_by_the_configuration() {
    let openkat = openkat();
    let (workers, address) = told(&openkat);
    let port = address.port().to_string();
    workers.write(&format!("[Status]\nport = {port}\n"));
    let file = workers.file();
    // A terminal of its own, on which it may draw.
    let mut start = command("script");
    let shown = workers.directory().join("shown");
    let line = format!("{} top --interval 0.1 -c {}", boefjes().display(), file.display());
    start.args(["-q", "-e", "-f", "-c", &line]).arg(&shown).stdin(Stdio::null());
    let mut process = Process::start(start.stdout(Stdio::null()));
    let text = || std::fs::read(&shown).map(|it| String::from_utf8_lossy(&it).into_owned());
    wait_for("three pictures", || {
        text().is_ok_and(|text| text.matches("workers of    boefjes").count() >= 3)
    });
    let inner = descendants(process.pid());
    for one in &inner {
        kill(one.pid, Signal::TERM);
    }
    process.ended();
    let text = text().unwrap();
    assert!(text.contains("\u{1b}[?1049h") && text.contains("\u{1b}[?1049l"), "{text:?}");
}

#[test]
fn on_a_narrow_terminal_the_view_has_what_matters_and_outlives_its_daemon() {
    let openkat = openkat();
    let (mut workers, address) = told(&openkat);
    let task = openkat.queue_faulty("wait");
    wait_for("the job runs", || status(address)["workers"][0]["memory"].is_u64());
    let shown = workers.directory().join("narrow");
    let top = format!("{} top --interval 0.1 -a {address}", boefjes().display());
    let mut start = command("script");
    start.args(["-q", "-e", "-f", "-c", &format!("stty cols 40 rows 20; exec {top}")]).arg(&shown);
    let mut process = Process::start(start.stdin(Stdio::null()).stdout(Stdio::null()));
    // What was drawn since it was looked at last; a frame begins at the first place of the screen.
    let last = || {
        let text = std::fs::read(&shown).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let (before, _) = text.rsplit_once("\u{1b}[H")?;
        before
            .rsplit_once("\u{1b}[H")
            .map(|(_, frame)| frame.replace("\u{1b}[K", "").replace("\u{1b}[J", ""))
    };
    wait_for("its job is drawn", || {
        last().is_some_and(|frame| {
            let mut lines = frame.lines();
            lines.any(|line| line.starts_with("1  ") && line.contains("MiB"))
                && frame.lines().all(|line| line.trim_end().chars().count() <= 40)
        })
    });
    workers.signal(Signal::KILL);
    workers.ended();
    wait_for("that it is away is told, above what was seen last", || {
        last().is_some_and(|frame| frame.contains("/v1/status") && frame.contains("faulty"))
    });
    for one in &descendants(process.pid()) {
        kill(one.pid, Signal::TERM);
    }
    process.ended();
    assert_eq!(openkat.history(&task).last().map(String::as_str), Some("running"));
}

#[test]
fn a_daemon_that_is_away_is_told() {
    let nobody = top(&["--once", "-a", "127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(69));
    let text = String::from_utf8(nobody.stderr).unwrap();
    assert!(text.contains("http://127.0.0.1:1/v1/status"), "{text}");
    let empty = tempfile::NamedTempFile::new().unwrap();
    let unknown = top(&["--once", "-c", empty.path().to_str().unwrap()]);
    assert_eq!(unknown.status.code(), Some(78));
    let text = String::from_utf8(unknown.stderr).unwrap();
    assert!(text.contains("--address"), "{text}");
}
