//! The plugin hosts from outside: what a plugin finds around it, what becomes of what it returns,
//! and that nothing it does reaches further than its own job.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod around;
mod deaths;
mod faults;
mod hosts;
mod interpreters;
mod limits;
mod models;
mod normalizers;
mod programs;
mod returned;
mod thousands;

use ostler_tests::plugin_hosts::Report;
use ostler_tests::process::Identity;
use ostler_tests::{PluginHosts, wait_for};
use serde_json::{Value, json};

/// An order for the boefje that does what no plugin should.
fn faulty(how: &str) -> Value {
    json!({"boefje": "faulty", "environment": {"HOW": how}})
}

/// The pids of all hosts.
fn pids(statistics: &Value) -> Vec<u64> {
    let hosts = statistics["hosts"].as_array().expect("hosts").iter();
    hosts.filter_map(|host| host["pid"].as_u64()).collect()
}

/// Another job ends well, on the same hosts as before: nothing was left behind.
fn works_on(hosts: &mut PluginHosts, before: &Value) {
    assert_eq!(hosts.boefje("trivial").output(), "1");
    let now = hosts.statistics();
    assert_eq!(pids(&now), pids(before), "the hosts are the same");
    assert_eq!(now["losses"], 0);
}

/// Waits until a job has started what it starts, or has ended.
fn all_there(hosts: &PluginHosts, id: &str, job: Identity) {
    let words = format!("job {id}: all there");
    wait_for(&words, || hosts.log().contains(&words) || !job.runs());
}

fn is_traceback(report: &Report, last: &str) {
    assert_eq!(report.outcome(), "failed", "{report:?}");
    let text = report.text();
    assert!(text.starts_with("Traceback (most recent call last):\n"), "{text}");
    assert!(text.contains(last), "{text}");
    assert!(
        text.ends_with("boefjes.runtime_interfaces.JobRuntimeError: Boefje failed\n"),
        "{text}"
    );
}
