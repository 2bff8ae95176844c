//! What `boefjes` tells: what becomes of tasks.

use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::{OpenKat, Workers, WorkersSettings};
use serde_json::Value;

use crate::heard::{listen, next, port_in};

/// Workers that publish to WebSocket clients, with nothing to do yet.
fn start(openkat: &OpenKat) -> (Workers, std::net::SocketAddr) {
    let settings = WorkersSettings::new(openkat, "boefje").set("Events", "source", "here");
    let workers = settings.set("Events", "websocket_port", "0").start();
    let port = port_in(&workers.log().wait("waiting for WebSocket clients"));
    (workers, ([127, 0, 0, 1], port).into())
}

#[test]
fn what_becomes_of_a_task_is_told_and_who_tells_it_ends_when_it_is_told_to() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let (mut workers, at) = start(&openkat);
    let mut all = listen(at, &["boefje/"]);
    let mut others = listen(at, &["boefje/task/elsewhere/"]);
    for (plugin, state, status) in
        [("trivial", "completed", &DONE[..]), ("broken", "failed", &FAILED[..])]
    {
        let task = openkat.queue_boefje(plugin);
        openkat.wait_history(&task, status);
        for state in ["running", state] {
            let event = next(&mut all);
            assert_eq!(event.topic, format!("boefje/task/acme/{plugin}"));
            assert_eq!(event.name, "Boefje::task_state");
            assert_eq!(event.types, ["string"; 6]);
            let said = ["here", &task, "boefje", "acme", plugin, state];
            assert_eq!(event.arguments, said.map(Value::from));
        }
    }
    others.hears_nothing();
    workers.signal(rustix::process::Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
}
