//! What a job may use and return, as it is configured, and what the raw file of its task says when
//! it wants more.

use ostler_tests::openkat::boefje_job;
use ostler_tests::{OpenKat, WorkersSettings};
use serde_json::json;

use super::openkat;

/// Workers of jobs with this limit.
fn limited(openkat: &OpenKat, key: &str, value: &str) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje").set("Limits", key, value)
}

/// Queues a boefje that returns this, in this size.
fn queue_returned(openkat: &OpenKat, what: &str, size: usize) -> String {
    let organization = format!("{what}-{size}");
    let settings = json!({"WHAT": what, "SIZE": size.to_string()});
    openkat.put_settings(&organization, "returns", &settings);
    openkat.queue(&boefje_job(&organization, "returns", ""))
}

fn is_told(openkat: &OpenKat, task: &str, words: &str) {
    openkat.wait_status(task, "failed");
    let error = openkat.error_of(task);
    assert!(error.contains(words), "{words}: {error}");
    assert!(error.ends_with("JobRuntimeError: Boefje failed\n"), "{error}");
}

#[test]
fn what_a_job_used_too_much_of_is_told_in_its_raw_file() {
    for (key, value, how, words) in [
        ("memory", "200 MiB", "use-memory", "MemoryError"),
        ("cpu", "1", "use-processor", "the job used more than 1 s of processor time"),
        ("file_size", "1 MiB", "write-file", "File too large"),
        ("files", "256", "open-files", "Too many open files"),
    ] {
        let openkat = openkat();
        let _workers = limited(&openkat, key, value).start();
        is_told(&openkat, &openkat.queue_faulty(how), words);
        let task = openkat.queue_boefje("trivial");
        openkat.wait_status(&task, "completed");
    }
}

#[test]
fn too_many_processes_are_told_in_the_raw_file_of_their_job() {
    let openkat = openkat();
    let mut settings = limited(&openkat, "processes", "1");
    if rustix::process::getuid().is_root() {
        // The limit is none for root.
        settings = settings.set("Global", "user", "nobody");
    }
    let _workers = settings.start();
    is_told(&openkat, &openkat.queue_faulty("use-processes"), "Resource temporarily unavailable");
    let task = openkat.queue_boefje("trivial");
    openkat.wait_status(&task, "completed");
}

#[test]
fn what_a_job_returned_too_much_of_is_told_in_its_raw_file() {
    for (key, value, what, size, words) in [
        ("outputs", "5", "many", 6, "more than 5 outputs"),
        ("output_size", "1 MiB", "large", 1_048_577, "an output of more than 1048576 bytes"),
        ("output", "1 MiB", "many", 11, "outputs of more than 1048576 bytes together"),
    ] {
        let openkat = openkat();
        let _workers = limited(&openkat, key, value).start();
        is_told(&openkat, &queue_returned(&openkat, what, size), words);
        let most = queue_returned(&openkat, what, size - 1);
        openkat.wait_status(&most, "completed");
    }
}
