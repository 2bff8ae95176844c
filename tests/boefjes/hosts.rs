//! A host that dies, hangs or does not start.

use ostler_tests::process::{descendants, kill, wait_gone};
use ostler_tests::{PluginHosts, ScriptedHost};
use rustix::process::Signal;
use serde_json::json;

use crate::{all_there, faulty, pids};

/// Tells the end of its job while that still runs, as a job would that has its host's pipes.
const FORGER: &str = r#"
job = subprocess.Popen(["/bin/sleep", "1000"], stdout=subprocess.DEVNULL, start_new_session=True)
tell(type="started", id=order["id"], pid=job.pid)
end(0)
job.wait()
"#;

#[test]
fn a_killed_host_takes_its_jobs_processes_along_and_is_replaced() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    let id = hosts.give(faulty("processes-and-wait"));
    let (host, job) = hosts.wait_running(&id);
    hosts.wait_log("all there");
    let mut all = descendants(host.pid);
    assert_eq!(all.len(), 3, "{all:?}");
    all.extend([host, job]);
    kill(host.pid, Signal::KILL);
    let report = hosts.report(&id);
    assert_eq!(report.outcome(), "lost");
    assert_eq!(
        report.text(),
        "the job's plugin host was lost: killed by signal 9 (SIGKILL)",
        "{report:?}"
    );
    wait_gone(&all);
    let after = hosts.wait_ready(2);
    assert_ne!(pids(&after), pids(&before));
    assert_eq!(hosts.boefje("trivial").output(), "1");
}

#[test]
fn a_host_that_is_killed_while_it_is_idle_costs_no_job() {
    let mut hosts = PluginHosts::new();
    let before = hosts.wait_ready(2);
    for pid in pids(&before) {
        kill(u32::try_from(pid).unwrap(), Signal::KILL);
    }
    hosts.wait("both are replaced", |now| {
        now["losses"] == 2 && pids(now).iter().all(|pid| !pids(&before).contains(pid))
    });
    assert_eq!(hosts.boefje("trivial").output(), "1");
}

#[test]
fn a_host_that_stands_still_is_killed_when_its_job_is_called_off() {
    let mut hosts = PluginHosts::with(&json!({"hosts": 1}));
    hosts.wait_ready(1);
    let order = json!({"boefje": "slow", "deadline": 2000});
    // Where the job still runs afterwards, its host cannot have noticed its end.
    let (id, (host, job)) = hosts.give_until_seen(&order, |_, _, host, job| {
        kill(host.pid, Signal::STOP);
        (host, job)
    });
    assert_eq!(hosts.report(&id).text(), "the job did not end in time");
    wait_gone(&[host, job]);
    assert_eq!(hosts.boefje("trivial").output(), "1");
}

#[test]
fn an_interpreter_that_cannot_be_started_is_told_at_once() {
    for (python, words) in [
        ("/no/such/python", "the Python interpreter /no/such/python cannot be started"),
        ("/bin/false", "it ended with status 1"),
    ] {
        let mut hosts = PluginHosts::with(&json!({ "python": python }));
        let report = hosts.boefje("trivial");
        assert_eq!(report.outcome(), "lost");
        assert_eq!(report.text(), format!("no plugin host can be had: {words}"));
    }
    let mut hosts = PluginHosts::with(&json!({"root": "/no/such/folder"}));
    let report = hosts.boefje("trivial");
    let words = "no plugin host can be had: NotADirectoryError: /no/such/folder";
    assert_eq!(report.text(), words);
}

#[test]
fn stopping_waits_for_jobs_as_long_as_it_may_and_leaves_nothing() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let quick = hosts.give(faulty("nap"));
    assert!(hosts.stop(60_000));
    assert_eq!(hosts.report(&quick).output(), "done");

    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let id = hosts.give(faulty("processes-and-wait"));
    let _ = hosts.wait_running(&id);
    hosts.wait_log("all there");
    let all = descendants(hosts.pid());
    assert_eq!(all.len(), 5, "two hosts, a job, and its two children: {all:?}");
    assert!(!hosts.stop(0));
    let report = hosts.report(&id);
    assert_eq!((report.outcome(), report.text()), ("lost", "the plugin hosts are being stopped"));
    wait_gone(&all);
    let late = hosts.boefje("trivial");
    assert_eq!(late.text(), "the plugin hosts are being stopped");
}

#[test]
fn what_has_left_its_jobs_group_ends_with_the_hosts_too() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let mut order = faulty("wait-with-daemon-outside");
    order["deadline"] = json!(2000);
    let (id, at_deadline) = hosts.give_until_seen(&order, |hosts, id, _, job| {
        all_there(hosts, id, job);
        descendants(hosts.pid())
    });
    assert_eq!(at_deadline.len(), 4, "two hosts, a job, and its child: {at_deadline:?}");
    assert_eq!(hosts.report(&id).text(), "the job did not end in time");
    hosts.wait_ready(2);
    assert_eq!(descendants(hosts.pid()).len(), 2);

    order["deadline"] = json!(null);
    let id = hosts.give(order);
    let _ = hosts.wait_running(&id);
    hosts.wait_log(&format!("job {id}: all there"));
    let at_end = descendants(hosts.pid());
    assert_eq!(at_end.len(), 4, "{at_end:?}");
    assert!(!hosts.stop(0));
    wait_gone(&at_end);
}

#[test]
fn a_daemon_that_is_killed_leaves_no_host_and_no_job() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let id = hosts.give(json!({"boefje": "slow"}));
    let _ = hosts.wait_running(&id);
    let all = descendants(hosts.pid());
    assert_eq!(all.len(), 3, "{all:?}");
    kill(hosts.pid(), Signal::KILL);
    wait_gone(&all);
}

#[test]
fn what_jobs_have_started_ends_with_a_daemon_that_is_killed() {
    for (how, count) in [("processes-and-wait", 5), ("wait-with-daemon-outside", 4)] {
        let mut hosts = PluginHosts::new();
        hosts.wait_ready(2);
        let id = hosts.give(faulty(how));
        let _ = hosts.wait_running(&id);
        hosts.wait_log("all there");
        let all = descendants(hosts.pid());
        assert_eq!(all.len(), count, "{all:?}");
        kill(hosts.pid(), Signal::KILL);
        wait_gone(&all);
    }
}

#[test]
fn a_host_that_tells_the_end_of_a_job_that_lives_is_not_believed() {
    let host = ScriptedHost::new();
    host.at_job(FORGER);
    let mut hosts = PluginHosts::with(&json!({"hosts": 1, "python": host.python()}));
    hosts.wait_ready(1);
    let report = hosts.boefje("trivial");
    assert_eq!(report.outcome(), "lost", "{report:?}");
    assert!(report.text().contains("the end of a job that still runs"), "{report:?}");
}

#[test]
fn the_statistics_show_hosts_and_what_they_are_at() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    let id = hosts.give(json!({"boefje": "slow"}));
    let (host, job) = hosts.wait_running(&id);
    let now = hosts.statistics();
    let busy = now["hosts"].as_array().unwrap().iter().find(|h| h["state"] == "busy").unwrap();
    assert_eq!((busy["pid"].as_u64(), &busy["running"]["id"]), (Some(host.pid.into()), &json!(id)));
    assert!(busy["memory"].as_u64().unwrap() < 45 << 20, "{busy}");
    assert!(busy["running"]["memory"].as_u64().unwrap() > 1 << 20, "{busy}");
    kill(job.pid, Signal::KILL);
    let report = hosts.report(&id);
    assert!(report.0["usage"]["memory"].as_u64().unwrap() > 1 << 20, "{report:?}");
    let now = hosts.wait_ready(2);
    assert!(now["hosts"].as_array().unwrap().iter().all(|host| host["running"].is_null()));
}
