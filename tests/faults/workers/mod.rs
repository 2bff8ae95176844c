//! The workers: their hosts and jobs, signals, and what they may use.

mod children;
mod resources;
mod signals;
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
