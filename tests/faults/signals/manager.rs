//! What the service manager is told, and when it is told nothing any more.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use ostler_tests::controller::usual;
use ostler_tests::process::{Process, command};
use ostler_tests::{FakeBurp, Fault, Manager, Question, Reply, Step, Wire, wait_for};
use rustix::process::Signal;

/// Ten times the time after which the service manager takes a service for dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(1);

/// Why nobody else can hold up a supervisor.
pub(crate) const ROOT_ONLY: &str =
    "only root can hold up a single thread of a process whose memory is closed";

#[test]
fn s11_it_is_ready_when_it_listens_and_a_child_is_or_had_its_time() {
    let mut fault = Fault::begin("S11");
    ready_with_a_child();
    fault.saw("READY=1 comes after the listener's first connection and with the first child");
    ready_without_a_child();
    fault.saw("without one it comes at the start deadline");
    ready_with_no_child_to_come();
    fault.saw("where all children fail it comes at once");
    silent_while_stopped();
    fault.saw("no WATCHDOG=1 for 1 s from a process that is stopped, and again when it goes on");
}

fn ready_with_a_child() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    let manager = Manager::new();
    // After this time it would be ready in any case.
    let settings = fake.settings().set("pool", "3").set("start_deadline", "3600");
    let mut daemon = manager.watched(settings).start();
    let starts = [(); 3].map(|()| fake.wait_start());
    manager.lives(3);
    // It listens, and says that it lives, but not that it is ready; a reload changes nothing.
    drop(Wire::connect(daemon.address()));
    daemon.reload();
    manager.lives(3);
    fake.release(starts[0], &[Step::greet()]);
    manager.wait("READY=1");
    daemon.wait_ready(1);
    manager.lives(2);
    for pid in &starts[1..] {
        fake.release(*pid, &[Step::greet()]);
    }
    daemon.wait_ready(3);
}

fn ready_without_a_child() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Hang]);
    let manager = Manager::new();
    let daemon = manager.watched(fake.settings().set("start_deadline", "0.3")).start();
    manager.wait("READY=1");
    assert_eq!(daemon.status()["n_ready"], 0);
    assert_eq!(daemon.call("monitor_version").status(), "OK");
}

fn ready_with_no_child_to_come() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Die(9)]);
    let manager = Manager::new();
    let daemon = manager.watched(fake.settings().set("start_deadline", "3600")).start();
    manager.wait("READY=1");
    assert_eq!(daemon.status()["n_ready"], 0);
}

fn silent_while_stopped() {
    let fake = FakeBurp::new();
    let manager = Manager::new();
    let mut daemon = manager.watched(fake.settings()).start();
    manager.wait("READY=1");
    daemon.signal(Signal::STOP);
    wait_stopped(daemon.pid());
    manager.passed();
    assert!(manager.is_silent(SILENCE), "a sign of life without life");
    daemon.signal(Signal::CONT);
    manager.lives(3);
}

#[test]
fn s12_a_supervisor_that_is_stuck_gives_no_sign_of_life() {
    if !rustix::process::getuid().is_root() {
        return Fault::begin("S12").explain(ROOT_ONLY);
    }
    let fake = FakeBurp::new();
    let manager = Manager::new();
    let daemon = manager.watched(fake.settings().set("pool", "3")).start();
    daemon.wait_ready(3);
    manager.wait("READY=1");
    manager.lives(1);
    let mut fault = Fault::begin("S12");
    let mut tracer = stuck(daemon.pid());
    manager.passed();
    assert!(manager.is_silent(SILENCE), "a sign of life from a supervisor that is stuck");
    assert_eq!(daemon.query("c:client1").status(), "OK", "only the supervisor is stuck");
    fault.saw("no WATCHDOG=1 for 1 s (due every 0.05 s) while requests are still answered");
    // Without its tracer the thread goes on.
    tracer.signal(Signal::KILL);
    tracer.ended();
    manager.lives(3);
    fault.saw("they come again when it goes on");
}

/// Holds up the thread that has the number of `pid`, and no other, until what is given back is killed.
pub(crate) fn stuck(pid: u32) -> Process {
    // Each of its system calls takes an hour.
    let tracer = Process::start(
        command("strace")
            .args(["-p", &pid.to_string(), "-o", "/dev/null"])
            .args(["-e", "trace=all", "-e", "inject=all:delay_enter=3600000000"])
            .stdin(Stdio::null())
            .stderr(Stdio::null()),
    );
    wait_for("the main thread is stuck", || state(pid) == Some('t'));
    tracer
}

/// Waits until a process that was told to pause does.
pub(crate) fn wait_stopped(pid: u32) {
    wait_for("it is stopped", || state(pid) == Some('T'));
}

/// The state of the main thread of `pid`: a letter, as `ps` has it.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/task/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}
