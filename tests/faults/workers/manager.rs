//! What the service manager is told of the workers.

use std::net::TcpStream;

use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::{Fault, Manager, OpenKat, Workers, WorkersSettings};
use rustix::process::Signal;

use super::openkat;
use crate::signals::manager::{ROOT_ONLY, SILENCE, stuck};

fn watched(openkat: &OpenKat, manager: &Manager) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje")
        .environment("NOTIFY_SOCKET", manager.path())
        .environment("WATCHDOG_USEC", "100000")
}

#[test]
fn wrk_s11_they_are_ready_once_tasks_were_asked_for() {
    let (openkat, manager) = (openkat(), Manager::new());
    openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Silent);
    let mut fault = Fault::begin("WRK-S11");
    let mut workers = watched(&openkat, &manager).start();
    let listening = workers.log().wait("listening on");
    let address = listening.split("listening on ").nth(1).unwrap().split(' ').next().unwrap();
    drop(TcpStream::connect(address).unwrap());
    openkat.wait("tasks are asked for", |books| !books.calls.is_empty());
    manager.lives(3);
    fault.saw("it listens and lives, and is not ready before its scheduler has answered");
    fault.injected();
    openkat.heal(Asked::Scheduler);
    manager.wait("READY=1");
    fault.within("READY=1", fault.elapsed(), 1.0);
    assert!(workers.reload());
    manager.wait("RELOADING=1");
    manager.wait("READY=1");
    workers.signal(Signal::TERM);
    manager.wait("STOPPING=1");
    assert_eq!(workers.ended().code(), Some(0));
    fault.saw("RELOADING=1 and READY=1 around a reload, STOPPING=1 at the end");
}

#[test]
fn wrk_s12_a_supervisor_that_is_stuck_gives_no_sign_of_life() {
    if !rustix::process::getuid().is_root() {
        return Fault::begin("WRK-S12").explain(ROOT_ONLY);
    }
    let (openkat, manager) = (openkat(), Manager::new());
    let workers: Workers = watched(&openkat, &manager).start();
    manager.wait("READY=1");
    manager.lives(1);
    let mut fault = Fault::begin("WRK-S12");
    let mut tracer = stuck(workers.pid());
    manager.passed();
    assert!(manager.is_silent(SILENCE), "a sign of life from a supervisor that is stuck");
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
    fault.saw("no WATCHDOG=1 for 1 s (due every 0.05 s) while tasks are still done");
    // Without its tracer the thread goes on.
    tracer.signal(Signal::KILL);
    tracer.ended();
    manager.lives(3);
    fault.saw("they come again when it goes on");
}
