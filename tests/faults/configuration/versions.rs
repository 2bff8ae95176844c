//! Burps of other versions, and what Burp-UI asked them.

use std::collections::HashMap;

use ostler_tests::aside::ready;
use ostler_tests::controller::usual;
use ostler_tests::golden::{Act, Recording};
use ostler_tests::{Answer, FakeBurp, Fault, Question, Reply, Step};
use serde_json::Value;

#[test]
fn k06_burps_with_and_without_markers_are_understood() {
    let mut fault = Fault::begin("K06");
    // The client's version, the server's, and whether that one knows markers.
    let pairs = [
        ("2.1.28", "2.1.28", false),
        ("2.1.32", "2.1.32", false),
        ("2.2.9", "2.2.9", false),
        ("2.2.10", "2.2.10", true),
        ("2.2.18", "2.2.18", true),
        ("2.4.0", "2.4.0", true),
        ("2.10.1", "2.10.1", true),
        ("3.0.0", "3.0.0", true),
        ("3.1.4", "3.1.4", true),
        ("3.1.4", "2.1.32", false),
    ];
    for (client, server, marked) in pairs {
        let mut fake = FakeBurp::version(client);
        let (own, other) = (client.to_owned(), server.to_owned());
        fake.rule(move |_, question| match question {
            Question::Start => Reply::Do(vec![Step::greet_as(&own, &other)]),
            _ => usual(question),
        });
        let daemon = ready(&fake, 1);
        assert_eq!(daemon.query("c:client1").json()["clients"][0]["name"], "client1");
        assert_eq!(daemon.query("c:nosuch"), Answer::Ko);
        assert_eq!(daemon.call("client_version").text(), client);
        assert_eq!(daemon.call("server_version").text(), server);
        let has_asked = !fake.asked("j:response-markers-on").is_empty();
        assert_eq!(has_asked, marked, "{client} and {server}");
    }
    fault.saw(format!(
        "{} pairs of client and server from 2.1.28 to 3.1.4 answer; markers from 2.2.10 on, by the \
         server's version",
        pairs.len()
    ));
}

#[test]
fn k03_recorded_sessions_of_burp_ui_are_answered_with_the_same_bytes() {
    let session = Recording::session("parallel");
    let fake = FakeBurp::new();
    let mut answers = HashMap::new();
    for recording in &session {
        if let (Some(query), Answer::Ok(body)) =
            (query_of(recording), Answer::parse(&recording.received))
        {
            let known = answers.insert(query.clone(), body.clone());
            assert!(known.is_none_or(|known| known == body), "{query} had two answers");
        }
    }
    fake.rule(move |_, question| match question {
        Question::Query(text) => match answers.get(&*String::from_utf8_lossy(text)) {
            Some(body) => Reply::Do(vec![Step::Body(body.clone())]),
            None => usual(question),
        },
        _ => usual(question),
    });
    let daemon = fake.settings().set("password", "password123456").set("pool", "3").start();
    daemon.wait_ready(3);
    let mut fault = Fault::begin("K03");
    for recording in &session {
        let mut wire = daemon.connect();
        for act in &recording.acts {
            match act {
                Act::Send(bytes) => wire.send(bytes),
                Act::HalfClose | Act::Close => panic!("{}: not Burp-UI's way", recording.name),
            }
        }
        let received = wire.rest();
        let (received, before) = (Answer::parse(&received), Answer::parse(&recording.received));
        assert_eq!(received, before, "{}", recording.name);
    }
    let queries = session.iter().filter(|recording| query_of(recording).is_some()).count();
    fault.saw(format!(
        "{} connections of Burp-UI 1.1.1's `parallel` backend, {queries} of them queries, \
         answered with the same bytes",
        session.len()
    ));
}

/// The line that burp sees, if the recording asks for one.
fn query_of(recording: &Recording) -> Option<String> {
    let sent = recording.sent();
    let request: Value = serde_json::from_slice(sent.get(8..)?).ok()?;
    let text = request.get("query")?.as_str()?;
    Some(text.split('\n').next()?.trim_end().to_owned())
}
