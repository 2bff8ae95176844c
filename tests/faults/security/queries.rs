//! What clients write, on its way to a child and to the log.

use ostler_tests::aside::ask_aside;
use ostler_tests::controller::usual;
use ostler_tests::wire::PASSWORD;
use ostler_tests::{Event, FakeBurp, Fault, PATIENCE, Question, Reply, Step, wait_for};
use serde_json::json;

/// The longest query that is passed on.
const LONGEST: usize = 16_000;

/// What the children were asked, but for the daemon's own questions.
fn asked(fake: &mut FakeBurp) -> Vec<String> {
    let questions = fake.untaken().iter().filter_map(|event| match event {
        Event::Asked(_, Question::Query(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    });
    let asked = questions.filter(|text| text != "c:" && !text.starts_with("j:")).collect();
    fake.forget();
    asked
}

#[test]
fn a04_exactly_one_clean_line_reaches_a_child() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "3").start();
    daemon.wait_ready(3);
    fake.forget();
    let mut fault = Fault::begin("A04");
    let cut = [
        ("c:client1\nc:client2", "c:client1"),
        ("c:client1\n\n\nj:pretty-print-on\n", "c:client1"),
        ("c:client1\n\0", "c:client1"),
        ("c:client1\r\nc:client2\r\n", "c:client1"),
        ("c:client1 \t\r", "c:client1"),
    ];
    for (text, line) in cut {
        assert_eq!(daemon.query(text).status(), "OK", "{text:?}");
        assert_eq!(asked(&mut fake), [line], "{text:?}");
    }
    let controls: Vec<char> = (0..=0x9f).map(char::from).filter(|c| c.is_control()).collect();
    for control in &controls {
        let text = format!("c:client1{control}:b:1");
        let answer = daemon.query(&text);
        if *control == '\n' {
            assert_eq!(answer.status(), "OK", "{text:?}");
            assert_eq!(asked(&mut fake), ["c:client1"], "{text:?}");
        } else {
            assert_eq!(answer.status(), "ER", "{text:?}: {answer:?}");
            assert_eq!(asked(&mut fake), [""; 0], "{text:?}");
        }
    }
    for text in ["", " ", "\n", "\nc:", "\t\n", "j:pretty-print-on", "c:client1:j:peer_version="] {
        assert_eq!(daemon.query(text).status(), "ER", "{text:?}");
        assert_eq!(asked(&mut fake), [""; 0], "{text:?}");
    }
    let status = daemon.status();
    assert_eq!(status["totals"]["losses"], 0, "{status}");
    fault.saw(format!(
        "cut at the first newline; {} other control characters, blank lines and settings refused; \
         one line reached a child for each query that was passed on, no child was lost",
        controls.len() - 1
    ));
}

#[test]
fn a05_a_long_query_is_refused_before_a_child_is_taken() {
    let mut fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "3").start();
    daemon.wait_ready(3);
    let of = |bytes: usize| format!("c:{}", "x".repeat(bytes - 2));
    let mut fault = Fault::begin("A05");
    fake.forget();
    assert_eq!(daemon.query(&of(LONGEST)).status(), "KO", "burp knows no such client");
    assert_eq!(asked(&mut fake).iter().map(String::len).collect::<Vec<_>>(), [LONGEST]);
    // Every child is lent, so what needed one would wait.
    fake.rule(|_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client") => Reply::Hold,
        _ => usual(question),
    });
    let texts = ["c:client1", "c:client2", "c:client3"];
    let clients = texts.map(|text| ask_aside(&daemon, text));
    wait_for("all are lent", || daemon.status()["n_busy"] == 3);
    let held = texts.map(|text| fake.wait_query(text));
    fake.forget();
    for bytes in [LONGEST + 1, 32_030, 60_000] {
        fault.injected();
        let answer = daemon.query(&of(bytes));
        assert_eq!(answer.status(), "ER", "{answer:?}");
        fault.saw(format!("{bytes} bytes refused after {:.4} s", fault.elapsed().as_secs_f64()));
    }
    assert_eq!(daemon.status()["queue"], 0);
    assert_eq!(asked(&mut fake), [""; 0]);
    fault.saw("with every child lent, none waited for or asked");
    for pid in held {
        fake.release(pid, &[Step::Answer]);
    }
    for (answer, client) in clients {
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
}

/// Ends a line, colours a terminal, rings its bell, takes back what was written.
const NASTY: &str = "\n<0>FORGED\r\nFORGED\u{1b}[2J\u{1b}]0;x\u{7}\u{8}\u{0}\u{7f}\u{85}\u{9b}1m\
                     \u{2028}FORGED\u{2029}";

#[test]
fn a06_no_text_of_a_client_or_a_child_forges_a_line_of_the_log() {
    let fake = FakeBurp::new();
    // Everything is logged that ever is.
    let settings = fake.settings().set("pool", "1").timeout(1).arguments(["-vvvvv"]);
    let daemon = settings.start();
    daemon.wait_ready(1);
    let mut fault = Fault::begin("A06");
    let name = format!("c:x\u{2028}FORGED{}", "\u{2029}y");
    for request in [
        json!({ "query": NASTY, "cache": false }),
        json!({ "query": format!("c:x{NASTY}") }),
        json!({ "query": name, "cache": false }),
        json!({ "func": NASTY }),
        json!({ "func": NASTY, "query": format!("c:{NASTY}"), NASTY: NASTY }),
        json!({ "password": NASTY, "query": NASTY }),
        json!([NASTY]),
        json!(NASTY),
    ] {
        daemon.ask(&request);
    }
    for body in [
        format!("{{\"query\": \"{NASTY}"),
        format!("{NASTY}{{\"password\": \"{PASSWORD}\"}}"),
        format!("{{\"password\": \"{PASSWORD}\", \"query\": {NASTY}}}"),
    ] {
        let mut wire = daemon.connect();
        wire.frame(body.as_bytes());
        wire.answer();
    }
    // What burp says is as little to be trusted: names of files, of clients, its own complaints.
    let said = NASTY.replace('\n', "");
    let steps = [
        vec![Step::Logline(said.clone()), Step::Warning(said.clone())],
        vec![Step::raw(&format!("{said}\n"))],
        vec![Step::raw(&format!("{{ \"logline\": \"{said}\" }}\n")), Step::Exit(1)],
        vec![Step::raw(&said), Step::Hang],
    ];
    for steps in steps {
        fake.at_query("c:client1", steps);
        daemon.query("c:client1");
    }
    fake.at_start(vec![Step::Logline(said.clone()), Step::raw(&said), Step::Exit(1)]);
    fake.alive().into_iter().for_each(|pid| ostler_tests::process::kill(pid, KILL));
    daemon.wait_log("next attempt in");
    let log = daemon.log();
    let mentions = log.iter().filter(|line| line.contains("FORGED")).count();
    assert!(mentions > 5, "nothing of it was logged:\n{}", log.join("\n"));
    for line in &log {
        let is_clean = !line.chars().any(|c| c.is_control() || "\u{2028}\u{2029}".contains(c));
        assert!(is_clean && line.starts_with("20"), "{line:?}");
    }
    fault.saw(format!(
        "{} lines at the highest level, {mentions} with the text in them: every one begins with \
         its time, none has a control character",
        log.len()
    ));
}

const KILL: rustix::process::Signal = rustix::process::Signal::KILL;
