//! A job whose process dies by itself or by another's hand: its host lives on and says how.

use ostler_tests::PluginHosts;
use ostler_tests::process::{kill, wait_gone};
use rustix::process::Signal;
use serde_json::json;

use crate::{faulty, works_on};

#[test]
fn a_job_that_dies_is_told_with_its_signal_or_status() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for (how, words) in [
        ("segfault", "the job's process was killed by signal 11 (SIGSEGV)"),
        ("abort", "the job's process was killed by signal 6 (SIGABRT)"),
        ("kill-self", "the job's process was killed by signal 9 (SIGKILL)"),
        ("exit-3", "the job's process ended with status 3 and without a result"),
        ("exit-0", "the job's process ended with status 0 and without a result"),
    ] {
        let report = hosts.run(faulty(how));
        assert_eq!((report.outcome(), report.text()), ("lost", words), "{report:?}");
        works_on(&mut hosts, &before);
    }
}

#[test]
fn a_crash_in_c_code_says_where_it_happened() {
    let mut hosts = PluginHosts::new();
    let report = hosts.run(faulty("segfault"));
    let words = report.0["last_words"].as_str().unwrap();
    assert!(words.contains("Fatal Python error: Segmentation fault"), "{words}");
    // The function is called like the value of a setting, of which nothing is told.
    assert!(words.contains("faulty/main.py") && words.contains("in ***"), "{words}");
}

#[test]
fn a_killed_job_ends_its_call_and_not_its_host() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for signal in [Signal::KILL, Signal::TERM] {
        let id = hosts.give(json!({"boefje": "slow"}));
        let (_, job) = hosts.wait_running(&id);
        kill(job.pid, signal);
        let report = hosts.report(&id);
        assert_eq!(report.outcome(), "lost");
        let words = format!("killed by signal {}", signal.as_raw());
        assert!(report.text().contains(&words), "{report:?}");
        wait_gone(&[job]);
        works_on(&mut hosts, &before);
    }
}

#[test]
fn a_job_is_never_run_twice() {
    let mut hosts = PluginHosts::with(&json!({"hosts": 1}));
    hosts.wait_ready(1);
    let id = hosts.give(json!({"boefje": "slow"}));
    let (host, _) = hosts.wait_running(&id);
    kill(host.pid, Signal::KILL);
    assert_eq!(hosts.report(&id).outcome(), "lost");
    assert_eq!(hosts.boefje("trivial").output(), "1");
    let runs = hosts.log().matches(&format!("job {id}: running")).count();
    assert!(runs <= 1, "{}", hosts.log());
}
