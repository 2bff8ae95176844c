//! What is scarce, and what nobody may see.

use std::fs;
use std::process::Stdio;

use ostler_tests::binaries::boefjes;
use ostler_tests::openkat::PASSWORD;
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::{Process, command};
use ostler_tests::{Fault, WorkersSettings};
use serde_json::json;

use super::{openkat, whole};

#[test]
fn wrk_r03_a_job_uses_more_memory_than_it_may() {
    let openkat = openkat();
    let settings = WorkersSettings::new(&openkat, "boefje");
    let workers = whole(settings.set("Limits", "memory", "256 MiB"));
    let hosts = workers.hosts();
    let mut fault = Fault::begin("WRK-R03");
    let task = openkat.queue_faulty("use-memory");
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).contains("MemoryError"));
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    assert_eq!(workers.hosts(), hosts);
    fault.within("failed with MemoryError, and another done", fault.elapsed(), 30.0);
}

#[test]
fn wrk_r04_nobody_reads_the_log() {
    let openkat = openkat();
    let mut fault = Fault::begin("WRK-R04");
    let tasks: Vec<String> = (0..600).map(|_| openkat.queue_boefje("trivial")).collect();
    let mut start = command(boefjes());
    start.arg("boefje").arg("--plugins").arg(ostler_tests::plugin_hosts::plugins());
    start.envs(openkat.variables()).env("BOEFJES_API_PORT", "0");
    let process = Process::start(start.stdin(Stdio::null()).stderr(Stdio::piped()));
    for task in &tasks {
        openkat.wait_status(task, "completed");
    }
    fault.within("600 tasks were done", fault.elapsed(), 60.0);
    drop(process);
}

#[test]
fn wrk_a03_no_secret_is_told() {
    const SECRET: &str = "setting-that-nobody-sees";
    let openkat = openkat();
    openkat.put_settings("acme", "faulty", &json!({ "HOW": SECRET }));
    let settings = WorkersSettings::new(&openkat, "boefje");
    let mut workers = whole(settings.arguments(["boefje", "--log-level", "DEBUG"]));
    let mut fault = Fault::begin("WRK-A03");
    let task = openkat.queue_boefje("faulty");
    openkat.wait_history(&task, &FAILED);
    openkat.expire_tokens();
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    assert!(workers.reload());
    let hosts = workers.hosts();
    let mut told = workers.log().lines().join("\n");
    let mut look = |pid: u32, file: &str| {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap();
        told.push_str(&String::from_utf8_lossy(&text));
    };
    look(workers.pid(), "cmdline");
    for host in hosts {
        look(host.pid, "cmdline");
        look(host.pid, "environ");
    }
    let tokens = (1..=openkat.books().logins).map(|number| format!("tok{number}"));
    for secret in [PASSWORD, SECRET].map(str::to_owned).into_iter().chain(tokens) {
        assert!(!told.contains(&secret), "{secret}\n{told}");
    }
    fault.saw("0 hits in the log, the arguments, and the hosts' environment");
}
