//! What a plugin does to its own process reaches no further, and each fault has its outcome.

use ostler_tests::process::{children, descendants, wait_gone};
use ostler_tests::{PluginHosts, wait_for};
use serde_json::json;

use crate::{all_there, faulty, is_traceback, pids, works_on};

#[test]
fn processes_that_a_plugin_leaves_behind_end_with_its_job() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for how in ["daemon-in-group", "daemon-outside", "program-outside", "daemon-that-writes"] {
        assert_eq!(hosts.run(faulty(how)).output(), "done", "{how}");
        for host in pids(&before) {
            assert_eq!(children(u32::try_from(host).unwrap()), [], "{how}");
        }
        works_on(&mut hosts, &before);
    }
}

#[test]
fn threads_forks_and_changes_of_a_plugin_end_with_its_process() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for how in ["threads", "fork-and-return", "change-all"] {
        assert_eq!(hosts.run(faulty(how)).output(), "done", "{how}");
        works_on(&mut hosts, &before);
    }
    let shown = hosts.boefje("shown").json();
    assert_eq!((&shown["umask"], &shown["threads"]), (&json!(0o022), &json!(1)));
    assert_ne!(shown["cwd"], "/");
}

#[test]
fn a_plugin_that_closes_the_pipe_of_its_result_is_told_so() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for how in ["close-all", "replace-result"] {
        let report = hosts.run(faulty(how));
        assert_eq!(report.outcome(), "lost", "{how}: {report:?}");
        assert_eq!(report.text(), "the plugin closed the pipe that its result is written to");
        works_on(&mut hosts, &before);
    }
}

#[test]
fn a_plugin_that_prints_without_end_is_not_held_up_and_the_log_stays_short() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    let report = hosts.run(faulty("fill-output"));
    assert_eq!(report.output(), "done");
    hosts.wait_log("bytes more than go to the log");
    assert!(hosts.log().len() < 200_000, "{}", hosts.log().len());
    works_on(&mut hosts, &before);
}

#[test]
fn whatever_a_plugin_raises_is_a_traceback() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for (how, words) in [
        ("sys-exit", "SystemExit: 4"),
        ("interrupt", "KeyboardInterrupt"),
        ("generator-exit", "GeneratorExit"),
        ("unspeakable", "Unspeakable: <exception str() failed>"),
        ("recurse", "RecursionError: maximum recursion depth exceeded"),
        ("chain", "The above exception was the direct cause of the following exception"),
        ("no-such-fault", "KeyError: 'no-such-fault'"),
    ] {
        is_traceback(&hosts.run(faulty(how)), words);
    }
    is_traceback(&hosts.boefje("broken"), "No module named 'a_package_that_nobody_has'");
    is_traceback(&hosts.boefje("no_run"), "has no function run");
    works_on(&mut hosts, &before);
}

#[test]
fn a_traceback_of_megabytes_is_cut_and_ends_as_all_do() {
    let mut hosts = PluginHosts::new();
    let report = hosts.run(faulty("long-error"));
    is_traceback(&report, "bytes were cut out here");
    assert!(report.text().len() <= 1 << 20);
}

#[test]
fn a_plugin_that_is_deaf_to_signals_ends_with_its_deadline() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    let mut order = faulty("ignore-term");
    order["deadline"] = json!(1000);
    let (id, job) = hosts.give_until_seen(&order, |_, _, _, job| job);
    let report = hosts.report(&id);
    assert_eq!((report.outcome(), report.text()), ("lost", "the job did not end in time"));
    wait_gone(&[job]);
    hosts.wait_ready(2);
    works_on(&mut hosts, &before);
}

#[test]
fn whatever_a_job_has_started_ends_with_its_deadline() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    let mut order = faulty("processes-and-wait");
    order["deadline"] = json!(2000);
    let (id, (host, job, mut all)) = hosts.give_until_seen(&order, |hosts, id, host, job| {
        all_there(hosts, id, job);
        (host, job, descendants(job.pid))
    });
    assert_eq!(all.len(), 2, "{all:?}");
    all.push(job);
    assert_eq!(hosts.report(&id).text(), "the job did not end in time");
    wait_gone(&all);
    wait_for("the host has no children", || children(host.pid).is_empty());
    hosts.wait_ready(2);
    works_on(&mut hosts, &before);
}
