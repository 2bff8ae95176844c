//! Clients that end their side early, or rudely, or do not take their answer.

use std::io::{Read, Write};
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::clients::{connect_narrow, connect_to, port, reset};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::wire::frame;
use ostler_tests::{Answer, Daemon, FakeBurp, Fault, Step, wait_for};
use serde_json::json;

use super::{POOL, body, counted, query, standard};

#[test]
fn n06_a_client_that_half_closes_gets_its_answer() {
    let mut burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N06");
    burp.hold_at("c:client1");
    // At once with its request, and while a child is at work on it.
    let mut early = daemon.connect();
    early.frame(&body(&json!({ "func": "monitor_version" })));
    early.half_close();
    assert_eq!(early.answer().text(), "1.1.1");
    let mut wire = daemon.connect();
    wire.frame(&query("c:client1"));
    let pid = burp.wait_query("c:client1");
    wire.half_close();
    burp.release(pid, &[Step::body("{\"late\":1}")]);
    assert_eq!(wire.answer().text(), "{\"late\":1}");
    fault.saw("answered when it ended its side with the request, and while a child had it");
}

/// Asks for the version with a new connection, and how long the answer took.
fn serves(daemon: &Daemon) -> Duration {
    let began = now();
    assert_eq!(daemon.call("monitor_version").text(), "1.1.1");
    now().duration_since(began)
}

#[test]
fn n07_a_reset_costs_neither_a_thread_nor_a_child() {
    let mut burp = FakeBurp::new();
    // One thread, so that it would be missed; and time for a child to write a long answer, however
    // slow this machine is.
    let mut daemon = standard(&burp).set("threads", "1").timeout(60).start();
    daemon.wait_ready(POOL);
    let before = daemon.children();
    let to = port(daemon.address());
    let mut fault = Fault::begin("N07");
    let mut longest = Duration::ZERO;

    burp.hold_at("c:client1");
    let mut stream = connect_to(to);
    stream.write_all(&frame(&query("c:client1"))).unwrap();
    let pid = burp.wait_query("c:client1");
    reset(stream);
    longest = longest.max(serves(&daemon));
    burp.release(pid, &[Step::Answer]);

    burp.at_query("c:client2", vec![Step::Filler(12_000_000)]);
    let mut stream = connect_to(to);
    stream.write_all(&frame(&query("c:client2"))).unwrap();
    stream.read_exact(&mut [0; 10_000]).unwrap();
    reset(stream);
    longest = longest.max(serves(&daemon));

    burp.behave();
    let mut stream = connect_to(to);
    let keep = body(&json!({ "func": "monitor_version", "keep": true }));
    stream.write_all(&frame(&keep)).unwrap();
    stream.read_exact(&mut [0; 15]).unwrap();
    reset(stream);
    let mut stream = connect_to(to);
    stream.write_all(&frame(&query("c:client3"))).unwrap();
    // With the answer unread.
    stream.peek(&mut [0; 1]).unwrap();
    reset(stream);
    longest = longest.max(serves(&daemon));

    wait_for("all children are back", || daemon.status()["n_busy"] == 0);
    daemon.wait_ready(POOL);
    assert_eq!(daemon.children(), before, "the same children");
    assert_eq!(daemon.query("c:client1").status(), "OK");
    fault.within("the only thread is free, at most", longest, 0.1);
    fault.saw("before, during and after the answer; the same 3 children");
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0), "no SIGPIPE");
}

#[test]
fn n08_an_answer_that_nobody_reads_holds_no_child_and_ends_at_its_deadline() {
    let burp = FakeBurp::new();
    // A child has time to write, however slow this machine is.
    let daemon = standard(&burp).set("write_deadline", "2").timeout(60).start();
    daemon.wait_ready(POOL);
    // The kernel may take the whole of the first, whoever reads; of the second it does not.
    let sizes = [("c:client1", 1 << 20), ("c:client2", 8 << 20)];
    burp.rule(move |_, question| {
        let long = sizes.iter().find(|(text, _)| question.is_query(text));
        long.map_or_else(|| usual(question), |(_, size)| Reply::Do(vec![Step::Filler(*size)]))
    });
    let mut fault = Fault::begin("N08");
    let streams = sizes.map(|(text, size)| {
        fault.injected();
        let mut stream = connect_narrow(port(daemon.address()));
        stream.write_all(&frame(&query(text))).unwrap();
        // The answer has begun, and no more of it is read.
        stream.peek(&mut [0; 1]).unwrap();
        let began = fault.elapsed();
        assert_eq!(daemon.status()["n_busy"], 0, "its child is back");
        let back = fault.elapsed().saturating_sub(began);
        fault.within(&format!("{} MiB begun: its child is seen back", size >> 20), back, 0.2);
        // Its deadline began a moment ago.
        fault.injected();
        (stream, size)
    });
    wait_for("the longer one is given up", || counted(&daemon, "timeouts") >= 1);
    fault.within("given up, with write_deadline 2 s,", fault.elapsed(), 2.5);
    wait_for("both are closed", || counted(&daemon, "open") == 1);
    let [(first, _), (mut second, size)] = streams;
    let mut all = Vec::new();
    // A reset is as good as an end.
    let _ = second.read_to_end(&mut all);
    assert!(all.len() < size, "{} bytes were taken", all.len());
    assert!(matches!(Answer::parse(&all), Answer::Strange(_)), "seen to be cut short");
    drop(first);
    daemon.wait_ready(POOL);
}
