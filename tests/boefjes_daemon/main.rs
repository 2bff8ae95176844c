//! The program `boefjes` as a process, among services that this process plays.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod api_containers;
mod api_document;
mod api_exchanges;
mod api_recorded;
mod api_status;
mod api_strangers;
mod resolver;
mod tools;
mod tools_alone;
mod tools_disks;
mod tools_dns;
mod tools_images;
mod tools_launcher;
mod tools_machine;
mod tools_requirements;
mod tools_run;
mod tools_services;
mod tools_terminal;
mod workers_again;
mod workers_check;
mod workers_deaths;
mod workers_equal;
mod workers_jobs;
mod workers_limits;
mod workers_memory;
mod workers_services;
mod workers_start;
mod workers_stop;

use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::{OpenKat, Workers, WorkersSettings};

fn openkat() -> OpenKat {
    OpenKat::new(OpenKatVersion::V1_15)
}

fn workers(openkat: &OpenKat) -> Workers {
    WorkersSettings::new(openkat, "boefje").start()
}
