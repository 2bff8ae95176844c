//! Children that say what they must not, or too much.

use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::process::{Identity, memory, wait_gone};
use ostler_tests::step::Step;
use ostler_tests::{Daemon, FakeBurp, Fault, Question, wait_for};
use rustix::process::Signal;

use super::{QUERY, healed, standard, total, whole};

/// Bytes between the markers of [`QUERY`].
fn marked(text: &str) -> String {
    format!("{{\"response-start\":\"{QUERY}\"}}\n{text}{{\"response-end\":\"{QUERY}\"}}\n")
}

/// Whoever is asked [`QUERY`] does `step`: nothing of it reaches the client, neither from the first
/// child nor from the second one. Both are destroyed, and the next request is answered correctly.
fn is_no_answer(burp: &mut FakeBurp, daemon: &Daemon, what: &str, step: Step) {
    let losses = total(&daemon.status(), "losses");
    burp.forget();
    burp.at_query(QUERY, vec![step]);
    let answer = daemon.query(QUERY);
    assert_eq!(answer.status(), "ER", "{what}: {answer:?}");
    for _ in 0..2 {
        let pid = burp.wait_query(QUERY);
        burp.wait_end(pid);
    }
    burp.behave();
    healed(daemon, losses + 2);
    assert_eq!(daemon.query(QUERY).json()["clients"][0]["backups"][0]["number"], 1, "{what}");
}

#[test]
fn c10_a_child_says_what_is_no_answer() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut fault = Fault::begin("C10");
    let cases = [
        ("noise", Step::Raw(b"\xff\x00\n\n}{\n".to_vec())),
        ("no JSON", Step::raw(&marked("nonsense\n"))),
        ("no markers", Step::raw("{\"clients\":[]}\n")),
        ("two bodies", Step::raw(&marked("{\"a\":1}\n{\"b\":2}\n"))),
    ];
    for (what, step) in cases {
        is_no_answer(&mut burp, &daemon, what, step);
        fault.saw(format!("{what}: ER, both children destroyed, the next answer right"));
    }
}

#[test]
fn c12_a_child_answers_another_query() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut fault = Fault::begin("C12");
    let swapped = || Step::Marked("c:client2:b:1".to_owned(), b"{\"clients\":[]}".to_vec());
    let mut swaps = 1;
    burp.rule(move |_, question| match question {
        _ if question.is_query(QUERY) && swaps > 0 => {
            swaps -= 1;
            Reply::Do(vec![swapped()])
        }
        _ => usual(question),
    });
    let answer = daemon.query(QUERY).json();
    assert_eq!(answer["clients"][0]["name"], "client1", "{answer}");
    let (liar, honest) = (burp.wait_query(QUERY), burp.wait_query(QUERY));
    assert_ne!(liar, honest);
    burp.wait_end(liar);
    fault.saw("the retry gave the right answer");
    healed(&daemon, 1);
    let cases = [
        ("another query's markers", swapped()),
        ("an end without a start", Step::raw(&format!("{{\"response-end\":\"{QUERY}\"}}\n"))),
        ("no body", Step::raw(&marked(""))),
    ];
    for (what, step) in cases {
        is_no_answer(&mut burp, &daemon, what, step);
    }
    fault.saw("two wrong answers in a row gave ER");
}

#[test]
fn c11_a_child_says_more_than_the_cap_allows() {
    const CAP: u64 = 16 << 20;
    let mut burp = FakeBurp::new();
    // Few threads, since each of them takes some memory with its first request.
    let settings = standard(&burp).set("threads", "2").timeout(30);
    let mut daemon = settings.clone().set("max_answer", "65536").start();
    daemon.wait_ready(3);
    // What no text holds is delivered as burp sent it, since a file's name may be any bytes.
    let odd = b"{\"name\":\"\xff\xfe\x00\"}";
    burp.at_query(QUERY, vec![Step::Body(odd.to_vec())]);
    assert_eq!(daemon.query(QUERY).body(), odd);
    // What a daemon touches for the first time is not what is measured.
    floods(&mut burp, &daemon, 65_536);
    daemon.configure(&settings.set("max_answer", &CAP.to_string()));
    daemon.signal(Signal::HUP);
    daemon.wait_log("the configuration was read again");
    let mut fault = Fault::begin("C11");
    let before = memory(daemon.pid(), "VmRSS");
    floods(&mut burp, &daemon, CAP);
    let grown = memory(daemon.pid(), "VmHWM").saturating_sub(before);
    let bound = CAP + (1 << 20);
    fault
        .figure(format!("resident memory grew by {} KiB at its peak", grown >> 10), grown <= bound);
    fault.saw("ER, the child destroyed");
    assert_eq!(daemon.query(QUERY).status(), "OK");
}

/// A child says a gigabyte in one line: the client is told, and the child destroyed.
fn floods(burp: &mut FakeBurp, daemon: &Daemon, cap: u64) {
    let losses = total(&daemon.status(), "losses");
    burp.forget();
    burp.at_query(QUERY, vec![Step::Flood(1 << 30)]);
    let told = daemon.query(QUERY).error();
    assert!(told.contains(&format!("longer than {cap} bytes")), "{told}");
    let child = burp.wait_query(QUERY);
    burp.wait_end(child);
    burp.behave();
    let status = healed(daemon, losses + 1);
    assert_eq!(total(&status, "retries"), 0, "it is not asked twice");
}

#[test]
fn c13_a_child_says_more_than_its_answer() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut fault = Fault::begin("C13");
    for (number, extra) in (1..).zip(["{\"clients\":[]}\n", "{\"unfinished", "\n"]) {
        burp.forget();
        let said = vec![Step::raw(&format!("{}{extra}", marked("{\"right\":1}\n"))), Step::Ask];
        burp.rule(move |_, question| match question {
            Question::Again => Reply::Hold,
            _ if question.is_query(QUERY) => Reply::Do(said.clone()),
            _ => usual(question),
        });
        assert_eq!(daemon.query(QUERY).text(), "{\"right\":1}");
        let dirty = burp.wait_query(QUERY);
        // What comes later than the next question is another matter: it is with its markers that an
        // answer belongs to a question.
        burp.wait("it has said all, or was killed over it", |event| {
            let all = [Event::Asked(dirty, Question::Again), Event::Ended(dirty)];
            all.contains(event).then_some(())
        });
        burp.behave();
        assert_eq!(daemon.query("c:client2:b:1").json()["clients"][0]["name"], "client2");
        assert_ne!(burp.wait_query("c:client2:b:1"), dirty, "not asked again after {extra:?}");
        wait_for("it is gone", || !burp.alive().contains(&dirty));
        healed(&daemon, number);
    }
    fault.saw("destroyed before the next checkout, the next answer right");
}

#[test]
fn c14_a_child_logs_when_nobody_has_asked() {
    let mut burp = FakeBurp::new();
    let line = |text: &str| Step::Logline(text.to_owned());
    let greeting = vec![line("first of all"), Step::greet(), line("and now"), line("")];
    burp.at_start(greeting);
    let daemon = standard(&burp).start();
    let mut fault = Fault::begin("C14");
    daemon.wait_ready(3);
    assert_eq!(daemon.call("server_version").text(), "3.1.4");
    assert_eq!(daemon.call("client_version").text(), "3.1.4");
    fault.saw("versions learnt");
    burp.rule(move |_, question| match question {
        _ if question.is_query(QUERY) => {
            let noise = || Step::Logline("on the way".to_owned());
            Reply::Do(vec![noise(), Step::Answer, noise(), Step::Ask])
        }
        Question::Again => Reply::Hold,
        _ => usual(question),
    });
    assert_eq!(daemon.query(QUERY).status(), "OK");
    let pid = burp.wait("it has answered", |event| match event {
        Event::Asked(pid, Question::Again) => Some(*pid),
        _ => None,
    });
    let halves = [Step::raw("{ \"logline\": \"cut "), Step::Ask, Step::raw("in two\" }\n")];
    burp.release(pid, &halves[..2]);
    burp.wait("half a line is out", |event| {
        (*event == Event::Asked(pid, Question::Again)).then_some(())
    });
    burp.release(pid, &halves[2..]);
    burp.behave();
    for _ in 0..6 {
        assert_eq!(daemon.query(QUERY).json()["clients"][0]["name"], "client1");
    }
    let status = daemon.status();
    assert_eq!((total(&status, "losses"), total(&status, "retries")), (0, 0), "{status}");
    assert_eq!(burp.alive().len(), 3);
    fault.saw("lines around, within and between answers changed nothing");
}

#[test]
fn c15_a_child_floods_its_standard_error() {
    const MIB: usize = 1 << 20;
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut fault = Fault::begin("C15");
    burp.at_query(QUERY, vec![Step::Stderr(MIB), Step::Answer, Step::Stderr(MIB)]);
    for _ in 0..5 {
        assert_eq!(daemon.query(QUERY).json()["clients"][0]["name"], "client1");
    }
    burp.behave();
    let flooding = Identity::of(burp.wait_query(QUERY)).unwrap();
    // The last flood may still be under way, and is drained while nobody asks.
    assert_eq!(daemon.query("c:client2:b:1").status(), "OK");
    let status = daemon.status();
    assert_eq!((total(&status, "losses"), total(&status, "late")), (0, 0), "{status}");
    let complaints = |line: &&String| line.contains("complains");
    let shown: usize = daemon.log().iter().filter(complaints).map(String::len).sum();
    assert!(shown > 0);
    fault.figure(format!("10 MiB came, {shown} bytes of the log tell of it"), shown <= 3 * 5000);
    fault.saw("every answer right");
    drop(daemon);
    wait_gone(&[flooding]);
}
