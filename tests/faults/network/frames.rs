//! Frames that are too long, too short, or hold what nobody asks.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;

use ostler_tests::clients::{connect_to, port};
use ostler_tests::golden::Recording;
use ostler_tests::process::memory;
use ostler_tests::wire::frame;
use ostler_tests::{Answer, Event, FakeBurp, Fault, Question, Step, wait_for};
use serde_json::{Value, json};

use super::{POOL, body, counted, query, standard, strace};

/// The default of `max_request`, in bytes.
const CAP: u64 = 64 << 10;

#[test]
fn n03_an_absurd_length_is_refused_unread() {
    let burp = FakeBurp::new();
    let daemon = standard(&burp).through(|daemon| strace(daemon, "trace=recvfrom")).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N03");
    // How much it has read so far, in sum.
    let read = || {
        let trace = fs::read_to_string(daemon.directory().join("trace")).unwrap();
        let counts =
            trace.lines().filter_map(|line| line.rsplit_once(" = ")?.1.parse::<u64>().ok());
        counts.sum::<u64>()
    };
    let settled = || {
        wait_for("it has closed them", || counted(&daemon, "open") == 1);
        read()
    };
    for (what, announced) in [("2^64-1", u64::MAX), ("2^40", 1 << 40), ("cap + 1", CAP + 1)] {
        let before = settled();
        let held = memory(daemon.pid(), "VmHWM");
        let mut stream = connect_to(port(daemon.address()));
        stream.write_all(&announced.to_be_bytes()).unwrap();
        let mut start = [0; 2];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"ER", "{what}");
        // It sends what it has announced, as long as that is taken.
        let mut left = if announced > CAP + 1 { 64 << 20 } else { 0 };
        let some = [b'x'; 4096];
        while left > 0 && stream.write_all(&some).is_ok() {
            left -= some.len();
        }
        // A reset is as good as an end.
        let _ = stream.read_to_end(&mut Vec::new());
        drop(stream);
        // The report that was asked for in between is not of this client.
        let taken = settled() - before;
        let more = memory(daemon.pid(), "VmHWM") - held;
        fault.figure(format!("{what}: ER, {taken} bytes read"), taken <= CAP);
        fault.figure(format!("{} KiB of memory", more >> 10), more <= 1 << 20);
    }
    assert_eq!(counted(&daemon, "oversized"), 3);
    assert_eq!(daemon.query("c:client1").status(), "OK");
}

#[test]
fn n04_an_empty_frame_or_half_a_header_is_closed_and_counted() {
    let burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N04");
    let mut wire = daemon.connect();
    wire.frame(b"");
    assert_eq!(wire.answer().status(), "ER", "as the original");
    for count in 0..8 {
        let mut stream = connect_to(port(daemon.address()));
        stream.write_all(&[0; 8][..count]).unwrap();
        drop(stream);
    }
    wait_for("seven are counted", || counted(&daemon, "truncated") == 7);
    wait_for("all are closed", || counted(&daemon, "open") == 1);
    let loud = |line: &&String| line.contains(" ERROR ") || line.contains("127.0.0.1:");
    let told: Vec<String> = daemon.log().iter().filter(loud).cloned().collect();
    // One says where it listens, and one that a request was refused.
    assert!(told.len() <= 2, "{told:?}");
    fault.saw("length 0: ER, as the original; 1 to 7 bytes: closed without a line, 7 counted");
}

#[test]
fn n05_a_body_that_ends_too_early_reaches_no_child() {
    let mut burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N05");
    burp.forget();
    let whole = frame(&query("c:client1"));
    for count in [8, 9, whole.len() - 1] {
        let mut wire = daemon.connect();
        wire.send(&whole[..count]);
        wire.half_close();
        let words = wire.answer().error();
        let lacks = format!("after {} of {} bytes", count - 8, whole.len() - 8);
        assert!(words.contains(&lacks), "{words}");
    }
    assert_eq!(counted(&daemon, "truncated"), 3);
    assert!(asked(&mut burp).is_empty(), "a child was asked");
    fault.saw("3 times ER, no child asked");
}

/// What children were asked and the test has not waited for.
fn asked(burp: &mut FakeBurp) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Asked(_, Question::Query(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    burp.untaken().iter().filter_map(text).collect()
}

#[test]
fn n13_of_two_requests_at_once_only_who_keeps_the_connection_gets_both_answered() {
    let mut burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N13");
    burp.forget();
    let version = frame(&body(&json!({ "func": "monitor_version" })));
    for surplus in [frame(&query("c:client2")), b"c:client2\n".to_vec(), vec![b'c'; 300_000]] {
        let mut wire = daemon.connect();
        // It may have been let go before all is written.
        let _ = wire.try_send(&[frame(&query("c:client1")), surplus].concat());
        assert_eq!(wire.answer().json()["clients"][0]["name"], "client1");
    }
    assert_eq!(asked(&mut burp), ["c:client1"; 3], "and nothing else");

    let keep = frame(&body(&json!({ "func": "monitor_version", "keep": true })));
    let kept = frame(&body(&json!({ "query": "c:client1", "keep": true, "cache": false })));
    let mut wire = daemon.connect();
    wire.send(&[keep, kept, version].concat());
    assert_eq!(wire.kept_answer().text(), "1.1.1", "requests are answered in their order");
    assert_eq!(wire.kept_answer().json()["clients"][0]["name"], "client1");
    assert_eq!(wire.kept_answer().text(), "1.1.1");
    wire.half_close();
    assert_eq!(wire.answer(), Answer::Closed, "who says that nothing more comes is let go");
    fault.saw("the second of two is never read; three of one that keeps are answered in order");
}

/// Messages of the original's recordings that ask for something odd.
const ODD: [&str; 5] = ["04-func-", "05-", "06-", "07-", "13-query-int"];

/// The line that burp sees, if the recording asks for one.
fn query_of(recording: &Recording) -> Option<String> {
    let sent = recording.sent();
    let request: Value = serde_json::from_slice(sent.get(8..)?).ok()?;
    Some(request.get("query")?.as_str()?.split('\n').next()?.trim_end().to_owned())
}

#[test]
fn n17_odd_messages_are_answered_as_the_original_does_and_deep_ones_do_no_harm() {
    let burp = FakeBurp::new();
    // So that depth is what is met first.
    let settings = standard(&burp).set("max_request", "4 MiB");
    let daemon = settings.set("password", "password123456").start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N17");
    let (mut same, mut errors) = (0, 0);
    for recording in Recording::all() {
        // A function of ours, by that name.
        let ours = recording.name == "04-func-status";
        if ours || !ODD.iter().any(|start| recording.name.starts_with(start)) {
            continue;
        }
        let before = Answer::parse(&recording.received);
        if let (Answer::Ok(body), Some(text)) = (&before, query_of(&recording)) {
            burp.at_query(&text, vec![Step::Body(body.clone())]);
        }
        let mut stream = connect_to(port(daemon.address()));
        stream.write_all(&recording.sent()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        if matches!(before, Answer::Er(_)) {
            // Those are the words of Python's exceptions.
            assert_eq!(Answer::parse(&received).status(), "ER", "{}", recording.name);
            errors += 1;
        } else {
            assert_eq!(Answer::parse(&received), before, "{}", recording.name);
            same += 1;
        }
    }
    assert!(same > 5 && errors > 10, "the recordings have gone: {same}, {errors}");

    let deep = |open: &str| open.repeat(100_000);
    let within = |value: String| format!("{{\"password\": \"password123456\", \"query\": {value}");
    for text in [deep("["), deep("{\"a\":"), within(deep("[")), within(deep("{\"a\":"))] {
        let mut wire = daemon.connect();
        wire.frame(text.as_bytes());
        assert_eq!(wire.answer().status(), "ER");
    }
    let status = daemon.wait_ready(POOL);
    assert_eq!(status["connections"]["panics"], 0);
    fault.saw(format!("{same} odd messages: the same bytes, {errors}: ER as well"));
    fault.saw("100,000 levels: ER, no harm");
}
