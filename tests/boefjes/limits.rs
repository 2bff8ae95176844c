//! What a job may use, and how it ends when it wants more.

use ostler_tests::PluginHosts;
use ostler_tests::process::children;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use crate::{faulty, is_traceback, works_on};

#[test]
fn the_limits_of_a_job_are_those_of_the_options() {
    let limits = json!({"memory": 300 << 20, "cpu": 77, "file_size": 1 << 20, "files": 300,
        "processes": 2000});
    let mut hosts = PluginHosts::with(&json!({ "limits": limits }));
    let shown = hosts.boefje("shown").json();
    assert_eq!(shown["limits"]["CPU"], json!([77, 78]));
    assert_eq!(shown["limits"]["FSIZE"], json!([1 << 20, 1 << 20]));
    assert_eq!(shown["limits"]["NOFILE"], json!([300, 300]));
    assert_eq!(shown["limits"]["NPROC"], json!([2000, 2000]));
    assert_eq!(shown["limits"]["CORE"], json!([0, 0]));
    assert_eq!(shown["limits"]["DATA"][0], 300 << 20);
}

#[test]
fn jobs_leave_a_quarter_of_the_daemons_processes_to_it() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    for host in children(hosts.pid()) {
        let host = Pid::from_raw(i32::try_from(host.pid).unwrap());
        let granted = Rlimit { current: Some(1000), maximum: Some(1000) };
        prlimit(host, Resource::Nproc, granted).unwrap();
    }
    let shown = hosts.boefje("shown").json();
    assert_eq!(shown["limits"]["NPROC"], json!([750, 750]));
}

#[test]
fn hosts_and_jobs_are_killed_for_want_of_memory_before_the_daemon() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let host = children(hosts.pid())[0].pid;
    let score = |pid: u32| -> i32 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
        text.trim().parse().unwrap()
    };
    assert!(score(host) >= 500 && score(host) > score(hosts.pid()), "{}", score(host));
}

#[test]
fn memory_descriptors_and_files_beyond_the_limit_are_errors_in_the_plugin() {
    let limits = json!({"memory": 200 << 20, "file_size": 1 << 20, "files": 256});
    let mut hosts = PluginHosts::with(&json!({ "limits": limits }));
    let before = hosts.wait_ready(2);
    is_traceback(&hosts.run(faulty("use-memory")), "MemoryError");
    is_traceback(&hosts.run(faulty("open-files")), "Too many open files");
    let directory = tempfile::tempdir().unwrap();
    let mut order = faulty("write-file");
    order["environment"]["FILE"] = json!(directory.path().join("file"));
    is_traceback(&hosts.run(order), "File too large");
    works_on(&mut hosts, &before);
}

#[test]
fn processor_time_beyond_the_limit_ends_the_job() {
    let mut hosts = PluginHosts::with(&json!({"limits": {"cpu": 1}}));
    let before = hosts.wait_ready(2);
    let report = hosts.run(faulty("use-processor"));
    assert_eq!(report.outcome(), "lost");
    assert_eq!(report.text(), "the job used more than 1 s of processor time");
    works_on(&mut hosts, &before);
}
