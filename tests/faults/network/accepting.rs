//! What goes wrong where connections are accepted.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ostler_tests::clients::{connect_to, port};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::process::{descriptors, processor_time};
use ostler_tests::wire::frame;
use ostler_tests::{FakeBurp, Fault, Step, Wire};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;

use super::{POOL, body, counted, query, standard, strace};

/// How long it is watched without descriptors.
const WATCHED: Duration = Duration::from_secs(2);

/// Lets the process `pid` have no descriptor that is not below `limit`; what it was before.
fn limit_descriptors(pid: u32, limit: Option<u64>) -> Option<u64> {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap());
    // The hard limit stays what it is for this process, too: lowered, it could not be raised.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    prlimit(pid, Resource::Nofile, Rlimit { current: limit, maximum }).unwrap().current
}

#[test]
fn n09_without_descriptors_accepting_rests_and_goes_on_at_once() {
    let mut burp = FakeBurp::new();
    let daemon = standard(&burp).timeout(60).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N09");
    let busy = ["c:client1", "c:client2", "c:client3"];
    burp.rule(move |_, question| {
        let held = busy.iter().any(|text| question.is_query(text));
        if held { Reply::Hold } else { usual(question) }
    });
    let ask = |text: &str| {
        let mut wire = daemon.connect();
        wire.frame(&query(text));
        wire
    };
    let mut clients: Vec<Wire> = busy.map(ask).into();
    let held = busy.map(|text| burp.wait_query(text));
    let waits = |_| ask("c:client1:b:1");
    clients.extend((0..10).map(waits));
    // As many as are open, but for the few that lie higher and leave room for as many more.
    let limit = descriptors(daemon.pid()) as u64;
    let before = limit_descriptors(daemon.pid(), Some(limit));
    clients.extend((0..20).map(waits));
    daemon.wait_log("cannot accept");
    let used = processor_time(daemon.pid());
    let mut late = connect_to(port(daemon.address()));
    late.write_all(&frame(&body(&json!({ "func": "monitor_version" })))).unwrap();
    late.set_read_timeout(Some(WATCHED)).unwrap();
    let error = late.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    let used = processor_time(daemon.pid()).saturating_sub(used);
    let share = used.as_secs_f64() / WATCHED.as_secs_f64();
    fault.figure(format!("{:.1} % of CPU", share * 100.0), share <= 0.05);

    burp.behave();
    fault.injected();
    for pid in held {
        burp.release(pid, &[Step::Answer]);
    }
    for mut client in clients {
        assert_eq!(client.answer().status(), "OK");
    }
    let mut answer = Vec::new();
    late.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(b"1.1.1"), "{answer:?}");
    fault.within("descriptors return, all that waited are answered", fault.elapsed(), 0.5);
    limit_descriptors(daemon.pid(), before);
    let tries = counted(&daemon, "accept_errors");
    // One in 100 ms, and some at the beginning and the end.
    fault.figure(format!("{tries} tries within {WATCHED:?}"), tries <= 30);
    assert!(tries >= 2, "it has tried again");
    assert_eq!(daemon.logged("cannot accept"), 1);
    fault.saw("one line of log");
}

#[test]
fn n10_a_connection_that_cannot_be_accepted_does_not_end_accepting() {
    const REQUESTS: usize = 10;
    type Runner = fn(&Path) -> Command;
    // Every other call fails.
    let errors: [(&str, Runner); 3] = [
        ("ECONNABORTED", |daemon| strace(daemon, "inject=accept4:error=ECONNABORTED:when=1+2")),
        ("EINTR", |daemon| strace(daemon, "inject=accept4:error=EINTR:when=1+2")),
        ("ENOBUFS", |daemon| strace(daemon, "inject=accept4:error=ENOBUFS:when=1+2")),
    ];
    let mut fault = Fault::begin("N10");
    for (error, runner) in errors {
        let burp = FakeBurp::new();
        let daemon = standard(&burp).through(runner).start();
        daemon.wait_ready(POOL);
        for _ in 0..REQUESTS {
            assert_eq!(daemon.query("c:client1").status(), "OK", "{error}");
        }
        // For lack of memory accepting rests, and that is counted.
        assert_eq!(counted(&daemon, "accept_errors") > 0, error == "ENOBUFS", "{error}");
        let trace = fs::read_to_string(daemon.directory().join("trace")).unwrap();
        let injected = trace.matches("INJECTED").count();
        assert!(injected >= REQUESTS / 2, "{error}: {injected} times");
        fault.saw(format!("{error}, {injected} times: all {REQUESTS} requests answered"));
    }
}
