//! The start: what it waits for, and what it does not wait for.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use ostler_tests::openkat::Asked;
use ostler_tests::{Manager, WorkersSettings};
use rustix::process::Signal;

use super::openkat;
use crate::tools::Machine;

#[test]
fn a_stop_is_heard_while_another_process_holds_a_database() {
    let machine = Machine::new();
    drop(machine.services());
    for file in ["boefjes.db", "katalogus.db"] {
        let path = machine.folder().join(file);
        let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        other.batch_execute("BEGIN EXCLUSIVE").unwrap();
        let mut workers = machine.workers("boefje").start();
        workers.log().wait("plugins: ");
        workers.signal(Signal::TERM);
        assert_eq!(workers.ended().code(), Some(0), "{file}");
        assert_eq!(workers.log().count("stopped before all was open"), 1, "{file}");
    }
}

#[test]
fn only_boefjes_are_containers_that_are_answered() {
    let openkat = openkat();
    for (kind, listeners) in [("boefje", 1), ("normalizer", 0)] {
        let workers = WorkersSettings::new(&openkat, kind).start();
        workers.log().wait(&format!("2 workers take tasks of {kind}s"));
        assert_eq!(workers.log().count("listening on"), listeners, "{kind}");
    }
}

#[test]
fn readiness_is_told_without_a_scheduler() {
    let openkat = openkat();
    openkat.refuse(Asked::Scheduler);
    let manager = Manager::new();
    let settings = WorkersSettings::new(&openkat, "boefje");
    let _workers = settings.environment("NOTIFY_SOCKET", manager.path()).start();
    manager.wait("READY=1");
}

#[test]
fn readiness_is_told_though_a_scheduler_is_silent() {
    let openkat = openkat();
    let long = std::time::Duration::from_secs(3600);
    openkat.inject(Asked::Scheduler, "", usize::MAX, ostler_tests::openkat::Trouble::Delay(long));
    let manager = Manager::new();
    let settings = WorkersSettings::new(&openkat, "boefje");
    let _workers = settings
        .environment("BOEFJES_OUTGOING_REQUEST_TIMEOUT", "3600")
        .environment("NOTIFY_SOCKET", manager.path())
        .start();
    manager.wait("READY=1");
    openkat.heal(Asked::Scheduler);
}
