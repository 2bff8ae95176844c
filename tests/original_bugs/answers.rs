//! What a client is told, and what of burp is understood.

use ostler_tests::aside::{ask_aside, ready};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::{Answer, FakeBurp, PATIENCE, Question, Step, wait_for};
use serde_json::json;

#[test]
fn bug_21_each_failure_is_told_in_words_of_its_own() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "1").set("max_answer", "5000").timeout(5).start();
    daemon.wait_ready(1);
    let mut told = Vec::new();
    let faults = [
        (vec![Step::Hang], "did not answer within 5 seconds"),
        (vec![Step::Logline("no more memory".to_owned()), Step::Die(9)], "no more memory"),
        (vec![Step::raw("noise\n")], "another query"),
        (vec![Step::Filler(10_000)], "longer than 5000 bytes"),
    ];
    for (fault, words) in faults {
        fake.at_query("c:client1", fault);
        let text = daemon.query("c:client1").error();
        assert!(text.contains(words), "{words}: {text}");
        told.push(text);
        fake.behave();
        // The client is told before the child is given up, and children that are lost one after the
        // other without an answer are taken for a burp that is away.
        wait_for("burp answers again", || matches!(daemon.query("c:client1"), Answer::Ok(_)));
    }
    // Nobody is free, and the successor of a child that is given up is held at its start: otherwise it
    // might still serve who has come a moment later than the first.
    fake.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ if question.is_query("c:client2") => Reply::Hold,
        _ => usual(question),
    });
    let (held, client) = ask_aside(&daemon, "c:client2");
    fake.wait_query("c:client2");
    told.push(daemon.query("c:client1").error());
    assert_eq!(held.recv_timeout(PATIENCE).unwrap().status(), "ER");
    client.join();
    // Nobody can start.
    let words = "Could not connect to the server";
    fake.at_start(vec![Step::Logline(words.to_owned()), Step::Exit(4)]);
    wait_for("burp is told to be away", || {
        // One that was just being started is known a moment later.
        for child in fake.alive() {
            fake.release(child, &[Step::Die(9)]);
        }
        matches!(daemon.query("c:client1"), Answer::Er(text) if text.contains(words))
    });
    told.push(daemon.query("c:client1").error());
    let mut different = told.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), told.len(), "{told:?}");
    // `KO` is left to what Burp-UI shows as an empty list: no such client, and no right to ask.
    let stranger = daemon.ask(&json!({ "query": "c:", "password": "another" }));
    assert_eq!(stranger, Answer::Ko);
    fake.behave();
    daemon.wait_ready(1);
    assert_eq!(daemon.query("c:nosuch"), Answer::Ko);
}

#[test]
fn bug_23_versions_are_compared_as_numbers() {
    // As text, 2.10 is older than 2.2, and 10.0 older than 2.
    for (version, marked, batch) in [
        ("2.0.9", false, false),
        ("2.0.48", false, true),
        ("2.1.9", false, true),
        ("2.2.9", false, true),
        ("2.2.10", true, true),
        ("2.10.1", true, true),
        ("10.0.0", true, true),
    ] {
        let mut fake = FakeBurp::version(version);
        fake.rule(move |_, question| match question {
            Question::Start => Reply::Do(vec![Step::greet_as(version, version)]),
            _ => usual(question),
        });
        let daemon = ready(&fake, 1);
        assert_eq!(daemon.call("batch_list_supported").text(), batch.to_string(), "{version}");
        assert_eq!(daemon.query("c:client1").status(), "OK", "{version}");
        assert_eq!(!fake.asked("j:response-markers-on").is_empty(), marked, "{version}");
    }
}

#[test]
fn bug_23_more_than_forty_children_work_at_the_same_time() {
    const POOL: u64 = 48;
    let fake = FakeBurp::new();
    let daemon = ready(&fake, POOL);
    fake.rule(|_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client1:b:1:p:") => Reply::Hold,
        _ => usual(question),
    });
    let clients: Vec<_> =
        (0..POOL).map(|n| ask_aside(&daemon, &format!("c:client1:b:1:p:/{n}"))).collect();
    wait_for("all are busy", || daemon.status()["n_busy"] == POOL);
    for child in fake.alive() {
        fake.release(child, &[Step::Answer]);
    }
    for (number, (answer, client)) in clients.into_iter().enumerate() {
        let shown = answer.recv_timeout(PATIENCE).unwrap().json();
        let backup = &shown["clients"][0]["backups"][0];
        assert_eq!(backup["browse"]["directory"], format!("/{number}"));
        client.join();
    }
}
