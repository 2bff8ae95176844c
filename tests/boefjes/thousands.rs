//! Two thousand jobs while jobs and hosts are killed at random: each ends exactly once.

use std::collections::BTreeMap;

use ostler_tests::process::{Identity, descriptors, kill};
use ostler_tests::random::Random;
use ostler_tests::{PluginHosts, wait_for};
use rustix::process::Signal;

use crate::faulty;

const JOBS: usize = 2000;
/// One job in so many is killed, or its host is.
const KILLED: usize = 20;

#[test]
fn of_two_thousand_jobs_each_ends_once_whoever_is_killed() {
    let mut hosts = PluginHosts::new();
    hosts.wait_ready(2);
    assert_eq!(hosts.boefje("trivial").output(), "1");
    let before = descriptors(hosts.pid());
    let mut random = Random::new(20_261_125);
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut given = Vec::new();
    for _ in 0..JOBS {
        given.push(hosts.give(faulty("nap")));
        while given.len() >= 4 {
            if random.one_in(KILLED) {
                strike(&mut hosts, random.one_in(4));
            }
            let report = hosts.report(&given.remove(0));
            *ends.entry(end(&report)).or_default() += 1;
        }
    }
    for id in given {
        let report = hosts.report(&id);
        *ends.entry(end(&report)).or_default() += 1;
    }
    assert_eq!(ends.values().sum::<usize>(), JOBS, "{ends:?}");
    let ended_well = ends["outputs"];
    assert!(ended_well > JOBS / 2 && ended_well < JOBS, "{ends:?}");
    assert!(ends.keys().any(|end| end.contains("process was killed")), "{ends:?}");
    assert!(ends.keys().any(|end| end.contains("host was lost")), "{ends:?}");
    let now = hosts.wait_ready(2);
    assert_eq!((&now["queued"], &now["lent"]), (&0.into(), &0.into()));
    wait_for("the descriptors are those of before", || descriptors(hosts.pid()) == before);
    wait_for("nobody is left but the hosts", || processes(hosts.pid()).len() == 2);
    for host in processes(hosts.pid()) {
        wait_for("the host has no children, dead or alive", || processes(host).is_empty());
    }
}

/// Kills a job that runs, or its host.
fn strike(hosts: &mut PluginHosts, host: bool) {
    let now = hosts.statistics();
    let busy = now["hosts"].as_array().unwrap().iter().find(|host| host["running"]["pid"].is_u64());
    let Some(busy) = busy else { return };
    let pid = if host { &busy["pid"] } else { &busy["running"]["pid"] };
    let pid = u32::try_from(pid.as_u64().unwrap()).unwrap();
    // It may have ended since.
    if Identity::of(pid).is_some() {
        kill(pid, Signal::KILL);
    }
}

fn end(report: &ostler_tests::plugin_hosts::Report) -> String {
    match report.outcome() {
        "outputs" => "outputs".to_owned(),
        outcome => format!("{outcome}: {}", report.text()),
    }
}

/// The children of a process, those that wait to be reaped included.
fn processes(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
        if parent == Some(&pid.to_string()) {
            found.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
    }
    found
}
