//! The wire protocol against what the original answered, connection by connection.
//!
//! The same bytes are sent, and the same bytes must come back, with these exceptions: of an `ER`
//! only the status is compared, since its text was the wording of Python's exceptions; and what
//! [`DIFFERENT`] lists differs on purpose.

use std::collections::BTreeSet;

use ostler_tests::controller::{Reply, usual};
use ostler_tests::golden::{Act, End, Recording};
use ostler_tests::{Answer, Daemon, FakeBurp, Question, Step};
use serde_json::Value;

/// What is answered instead, to the recordings whose names begin so.
const DIFFERENT: &[(&str, Expected, &str)] = &[
    ("04-func-status", Expected::Ok, "`status` is a function of ours"),
    ("08-huge-length", Expected::Error, "a length over the limit is refused at once"),
    ("08-max-length", Expected::Error, "a length over the limit is refused at once"),
    ("09-split-header", Expected::Bytes(VERSION), "a header may come in pieces"),
    ("10-truncated-body-open", Expected::Error, "the rest is not waited for without end"),
    ("11-nothing-open", Expected::Closed, "silence is not borne without end"),
    ("12-http", Expected::Error, "it reads as a length over the limit"),
    ("20-nonutf8-1", Expected::Ok, "names that are not UTF-8 are passed through"),
    ("20-nonutf8-2", Expected::Ok, "names that are not UTF-8 are passed through"),
    ("20-nonutf8-3", Expected::Ok, "names that are not UTF-8 are passed through"),
    ("20-nonutf8-then-status", Expected::Ok, "no slot is lost"),
    ("24-server-back", Expected::Ok, "no slot is lost"),
    ("24-server-down", Expected::Error, "no slot is lost, so each is told"),
    ("27-timeout", Expected::Error, "the reason is told"),
    ("30-query", Expected::Error, "a query that would harm the child is refused"),
    ("31-empty-query", Expected::Error, "a blank query is refused, and no child sees it"),
    ("32-after", Expected::Ok, "nobody else has changed the child"),
    ("32b-after", Expected::Ok, "nobody else has changed the child"),
    ("32-bigbrowse-pretty", Expected::Ok, "nobody else has changed the child"),
    ("32-", Expected::Error, "commands to the child are refused"),
    ("32b-", Expected::Error, "commands to the child are refused"),
];

/// Recordings that are of another transport.
const ELSEWHERE: &[&str] = &["40-tls", "41-plain-to-tls", "41-tls"];

/// The password of the recordings.
const PASSWORD: &str = "password123456";

const VERSION: &[u8] = b"OK\x00\x00\x00\x00\x00\x00\x00\x051.1.1";

#[derive(Clone, Copy, Debug)]
enum Expected {
    Bytes(&'static [u8]),
    Ok,
    Error,
    Closed,
}

fn different(name: &str) -> Option<Expected> {
    DIFFERENT.iter().find(|(start, ..)| name.starts_with(start)).map(|(_, expected, _)| *expected)
}

#[test]
fn the_recorded_connections_are_answered_as_recorded() {
    let all = Recording::all();
    assert!(all.len() > 90, "the recordings have gone: {}", all.len());
    let groups: BTreeSet<&str> = all.iter().filter_map(|one| one.name.split('-').next()).collect();
    let mut wrong = Vec::new();
    for group in groups {
        let elsewhere = |one: &&Recording| ELSEWHERE.iter().any(|name| one.name.starts_with(name));
        let mut members: Vec<&Recording> = all
            .iter()
            .filter(|one| one.name.split('-').next() == Some(group))
            .filter(|one| !elsewhere(one))
            .collect();
        // What was recorded with burp's server back again comes after what was without it.
        members.sort_by_key(|one| one.name == "24-server-back");
        if members.is_empty() {
            continue;
        }
        let fake = FakeBurp::new();
        let settings = fake.settings().set("password", PASSWORD);
        let daemon = settings.timeout(if group == "27" { 1 } else { 30 }).start();
        daemon.wait_ready(2);
        for recording in members {
            script(&fake, recording);
            if recording.name == "24-server-back" {
                daemon.wait_ready(2);
            }
            wrong.extend(replay(&daemon, recording));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Has the child answer as the recorded burp did.
fn script(fake: &FakeBurp, recording: &Recording) {
    let name = recording.name.as_str();
    let Some(text) = query_of(recording) else {
        return fake.behave();
    };
    let body = match Answer::parse(&recording.received) {
        Answer::Ok(body) => body,
        _ if name.starts_with("20-nonutf8") => b"{\"name\":\"latin1-\xe9\xff\"}".to_vec(),
        _ => b"{\"clients\":[]}".to_vec(),
    };
    let (down, late) = (name.starts_with("24-server-down"), name.starts_with("27-"));
    fake.rule(move |_, question| match question {
        Question::Start if down => Reply::Do(lost("Could not connect to 127.0.0.1:4972.", 4)),
        Question::Query(_) if down => Reply::Do(lost("main socket 3: Peer closed.", 1)),
        _ if !question.is_query(&text) || text.starts_with("c:nosuch") => usual(question),
        _ if late => Reply::Hold,
        _ => Reply::Do(vec![Step::Body(body.clone())]),
    });
}

fn lost(words: &str, status: i32) -> Vec<Step> {
    vec![Step::Logline(words.to_owned()), Step::Exit(status)]
}

/// The line that burp sees, if the recording asks for one.
fn query_of(recording: &Recording) -> Option<String> {
    let sent = recording.sent();
    let request: Value = serde_json::from_slice(sent.get(8..)?).ok()?;
    let text = request.get("query")?.as_str()?;
    Some(text.split('\n').next()?.trim_end().to_owned())
}

fn replay(daemon: &Daemon, recording: &Recording) -> Option<String> {
    let mut wire = daemon.connect();
    let mut received = Vec::new();
    for (index, act) in recording.acts.iter().enumerate() {
        match act {
            Act::Send(bytes) => {
                // The second request came when the first had been answered.
                if recording.name == "12-two-sequential" && index == 1 {
                    received = wire.rest();
                }
                // What is refused is refused before its last byte.
                let _ = wire.try_send(bytes);
            }
            Act::HalfClose => wire.half_close(),
            Act::Close => {
                drop(wire);
                let after = daemon.query("c:client1");
                return (after.status() != "OK")
                    .then(|| format!("{}: afterwards {after:?}", recording.name));
            }
        }
    }
    // The original was silent for seconds. Nobody waits for that here: who has asked for nothing
    // whole says that nothing more will come.
    if recording.end == End::Silent && query_of(recording).is_none() {
        wire.half_close();
    }
    if received.is_empty() {
        received = wire.rest();
    }
    let words = judge(recording, &received)?;
    Some(format!("{}: {words}, not {:?}", recording.name, Answer::parse(&received)))
}

/// What should have come, if something else did.
fn judge(recording: &Recording, received: &[u8]) -> Option<String> {
    let answer = Answer::parse(received);
    let before = Answer::parse(&recording.received);
    let expected = match (different(&recording.name), &before) {
        (Some(expected), _) => expected,
        (None, Answer::Er(_)) => Expected::Error,
        (None, _) => {
            let same = received == recording.received;
            return (!same).then(|| format!("{before:?} was expected"));
        }
    };
    let right = match expected {
        Expected::Bytes(bytes) => received == bytes,
        Expected::Ok => matches!(answer, Answer::Ok(_)),
        Expected::Error => matches!(answer, Answer::Er(_)),
        Expected::Closed => answer == Answer::Closed,
    };
    (!right).then(|| format!("{expected:?} was expected"))
}
