//! The program `boefjes` as a process, among services that this process plays.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod api_containers;
mod api_exchanges;
mod api_recorded;
mod api_status;
mod resolver;
mod tools;
mod tools_disks;
mod tools_dns;
mod tools_launcher;
mod tools_machine;
mod tools_requirements;
mod tools_run;
mod tools_services;
mod tools_terminal;
mod workers_check;
mod workers_deaths;
mod workers_equal;
mod workers_jobs;
mod workers_services;
mod workers_stop;
mod workers_thousands;

use ostler_tests::openkat::{OpenKatVersion, boefje_job};
use ostler_tests::{OpenKat, Workers, WorkersSettings};

/// What becomes of a task that is done.
const DONE: [&str; 4] = ["queued", "dispatched", "running", "completed"];
/// What becomes of one that comes to nothing.
const FAILED: [&str; 4] = ["queued", "dispatched", "running", "failed"];

fn openkat() -> OpenKat {
    OpenKat::new(OpenKatVersion::V1_15)
}

fn workers(openkat: &OpenKat) -> Workers {
    WorkersSettings::new(openkat, "boefje").start()
}

/// Queues a boefje that needs nothing.
fn queue(openkat: &OpenKat, boefje: &str) -> String {
    openkat.queue(&boefje_job("acme", boefje, ""))
}

/// Queues the boefje that does what no plugin should.
fn queue_faulty(openkat: &OpenKat, how: &str) -> String {
    openkat.put_settings(how, "faulty", &serde_json::json!({ "HOW": how }));
    openkat.queue(&boefje_job(how, "faulty", ""))
}

/// Waits until a task has this history.
fn wait_history(openkat: &OpenKat, task: &str, history: &[&str]) {
    openkat.wait(&format!("{task} is {history:?}"), |books| books.tasks[task].history == history);
}

/// Waits until a job says that it runs.
fn wait_running(workers: &Workers, task: &str) {
    workers.log().wait(&format!("job {task}: running"));
}

/// Waits until a task has this status.
fn wait_status(openkat: &OpenKat, task: &str, status: &str) {
    openkat.wait(&format!("{task} is {status}"), |books| books.tasks[task].status() == status);
}

/// The raw files of a run: media types and text.
fn raws(openkat: &OpenKat, run: &str) -> Vec<(Vec<String>, String)> {
    let books = openkat.books();
    let own = books.raws.iter().filter(|raw| raw.run == run);
    own.map(|raw| (raw.mime_types.clone(), raw.text().to_owned())).collect()
}

/// The only raw file of a run that came to nothing.
fn error(openkat: &OpenKat, run: &str) -> String {
    let mut raws = raws(openkat, run);
    assert_eq!(raws.len(), 1, "{raws:?}");
    let (mut mime_types, text) = raws.remove(0);
    mime_types.sort();
    assert_eq!(mime_types[1], "error/boefje", "{mime_types:?}");
    text
}
