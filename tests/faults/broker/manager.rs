//! What the service manager is told of a node.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use ostler_tests::broker_program::Setup;
use ostler_tests::process::command;
use ostler_tests::{Fault, Manager};
use rustix::process::Signal;

use super::{PLAIN, Through, local};
use crate::signals::manager::{ROOT_ONLY, SILENCE, stuck, wait_stopped};

fn watched(setup: Setup, manager: &Manager) -> Setup {
    setup
        .arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0"])
        .variable("NOTIFY_SOCKET", manager.path().to_str().unwrap())
        .variable("WATCHDOG_USEC", "100000")
}

/// Notes in the file `trace` when it listens and when it tells the manager something.
fn traced(node: &Path) -> Command {
    let mut strace = command("strace");
    let calls = "trace=listen,sendto,sendmsg";
    strace.args(["-D", "-f", "-qq", "-e", "signal=none", "-e", calls, "-o", "trace"]).arg(node);
    strace
}

#[test]
fn brk_s11_it_is_ready_once_it_listens_and_tells_what_becomes_of_it() {
    let manager = Manager::new();
    let mut fault = Fault::begin("BRK-S11");
    let mut node = watched(Setup::new(PLAIN).through(traced), &manager).start();
    manager.wait("READY=1");
    for what in ["peers", "WebSocket clients", "figures"] {
        drop(TcpStream::connect(local(node.port(what))).unwrap());
    }
    let trace = fs::read_to_string(node.directory().join("trace")).unwrap();
    let place = |words: &str| trace.find(words).unwrap_or_else(|| panic!("{words}: {trace}"));
    let ready = place("READY=1");
    let listens = trace[..ready].matches("listen(").count();
    assert!(listens >= 3 && !trace[ready..].contains("listen("), "{trace}");
    fault.saw(format_args!("READY=1 comes behind each of {listens} listen(2)"));
    fs::write(node.config(), PLAIN).unwrap();
    node.signal(Signal::HUP);
    manager.wait("RELOADING=1\nMONOTONIC_USEC=");
    manager.wait("READY=1");
    fs::write(node.config(), "topics = [\n").unwrap();
    node.signal(Signal::HUP);
    manager.wait("RELOADING=1\nMONOTONIC_USEC=");
    manager.wait("READY=1");
    manager.lives(3);
    node.signal(Signal::TERM);
    manager.wait("STOPPING=1");
    node.ended();
    fault.saw("RELOADING=1 and READY=1 around a right and a wrong reload, STOPPING=1 at the end");

    let manager = Manager::new();
    let mut node = watched(Setup::new(PLAIN), &manager).start();
    manager.wait("READY=1");
    node.signal(Signal::STOP);
    wait_stopped(node.pid());
    manager.passed();
    assert!(manager.is_silent(SILENCE), "a sign of life without life");
    node.signal(Signal::CONT);
    manager.lives(3);
    fault.saw("no WATCHDOG=1 for 1 s from a process that is stopped, and again when it goes on");
}

#[test]
fn brk_s12_a_supervisor_that_is_stuck_gives_no_sign_of_life() {
    if !rustix::process::getuid().is_root() {
        return Fault::begin("BRK-S12").explain(ROOT_ONLY);
    }
    let manager = Manager::new();
    let node = watched(Setup::new(PLAIN), &manager).start();
    manager.wait("READY=1");
    manager.lives(1);
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-S12");
    let mut tracer = stuck(node.pid());
    manager.passed();
    assert!(manager.is_silent(SILENCE), "a sign of life from a supervisor that is stuck");
    through.goes();
    fault.saw("no WATCHDOG=1 for 1 s (due every 0.05 s) while messages still go through");
    // Without its tracer the thread goes on.
    tracer.signal(Signal::KILL);
    tracer.ended();
    manager.lives(3);
    fault.saw("they come again when it goes on");
}
