//! The workers: their hosts and jobs, signals, and what they may use.

mod children;
mod containers;
mod floods;
mod hosts;
mod journal;
mod limits;
mod local;
mod manager;
mod resources;
mod services;
mod signals;
mod steps;
mod thousands;

use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::{OpenKat, Workers, WorkersSettings, wait_for};

fn openkat() -> OpenKat {
    OpenKat::new(OpenKatVersion::V1_15)
}

/// Workers whose two hosts are ready.
fn whole(settings: WorkersSettings) -> Workers {
    let workers = settings.start();
    workers.wait_hosts(2);
    workers
}

fn workers(openkat: &OpenKat) -> Workers {
    whole(WorkersSettings::new(openkat, "boefje"))
}

/// Waits until so many hosts have been started in place of others.
fn healed(workers: &Workers, replaced: usize) {
    workers.wait_hosts(2 + replaced);
    wait_for("there are two hosts", || workers.hosts().len() == 2);
}

/// The dead among the children of a process that nobody has reaped.
fn zombies(pid: u32) -> usize {
    let stats = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let is_one = |stat: String| {
        let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
        let mut fields = fields.split(' ');
        fields.next() == Some("Z") && fields.next() == Some(pid.to_string().as_str())
    };
    stats.filter(|stat| is_one(stat.clone())).count()
}

/// The descriptors of a process that are no sockets: those come and go with connections.
fn pipes(pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let targets = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.filter(|target| !target.to_string_lossy().starts_with("socket:")).count()
}
