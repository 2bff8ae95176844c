//! The scripted burp itself: it must be like the real one where the other tests rely on it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};

use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::process::{Process, command};
use ostler_tests::{FakeBurp, Question, Step};

struct Monitor {
    process: Process,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Monitor {
    fn start(fake: &FakeBurp) -> Self {
        let mut process = Process::start(
            command(fake.program())
                .arg("-c")
                .arg(fake.conf())
                .args(["-a", "m"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let input = process.streams().stdin.take();
        let output = BufReader::new(process.streams().stdout.take().unwrap());
        Self { process, input, output }
    }

    fn greeted(fake: &FakeBurp) -> Self {
        let mut monitor = Self::start(fake);
        monitor.until("{ \"logline\": \"in monitor.\" }");
        monitor
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    fn until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "ended before {last}: {lines:?}");
            lines.push(line);
            if lines.last().is_some_and(|line| line == last) {
                return lines;
            }
        }
    }

    fn rest(&mut self) -> String {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        text
    }
}

#[test]
fn it_is_pretty_until_told_and_marks_when_told() {
    let fake = FakeBurp::new();
    let mut child = Monitor::greeted(&fake);
    child.say("c:client1");
    assert!(child.until("}").len() > 10);
    child.say("j:pretty-print-off");
    assert_eq!(child.line(), r#"{"warning":"Pretty print off"}"#);
    child.say("c:nosuch  ");
    assert_eq!(child.line(), r#"{"warning":"Could not find client: nosuch"}"#);
    child.say("j:response-markers-on");
    assert_eq!(child.line(), r#"{"response-start":"j:response-markers-on"}"#);
    assert_eq!(child.line(), r#"{"warning":"Response markers on"}"#);
    assert_eq!(child.line(), r#"{"response-end":"j:response-markers-on"}"#);
    child.say("");
    child.say("c:\"\\");
    assert_eq!(child.line(), r#"{"response-start":"c:\"\\"}"#);
    assert!(child.line().starts_with(r#"{"warning":"#));
    assert_eq!(child.line(), r#"{"response-end":"c:\"\\"}"#);
    child.input.take();
    let end =
        "{ \"logline\": \"stdin 0: end of data.\" }\n{ \"logline\": \"Exiting main loop.\" }\n";
    assert_eq!(child.rest(), end);
    assert_eq!(child.process.ended().code(), Some(1));
}

#[test]
fn an_old_server_knows_no_markers() {
    let fake = FakeBurp::version("2.2.9");
    fake.at_start(vec![Step::greet_as("2.2.9", "2.2.9")]);
    let said = command(fake.program()).arg("-V").output().unwrap();
    assert_eq!(said.stdout, b"burp-2.2.9\n");
    let mut child = Monitor::greeted(&fake);
    child.say("j:response-markers-on");
    assert_eq!(child.line(), r#"{"warning":"Unknown command"}"#);
}

#[test]
fn a_held_child_goes_on_when_it_is_released() {
    let mut fake = FakeBurp::new();
    fake.at_query("c:big", vec![Step::raw("{\"half\":"), Step::Ask]);
    let mut child = Monitor::greeted(&fake);
    child.say("c:big");
    let pid = fake.wait_query("c:big");
    assert_eq!(pid, child.process.pid());
    let mut half = [0; 8];
    child.output.read_exact(&mut half).unwrap();
    fake.wait("it stands", |event| (*event == Event::Asked(pid, Question::Again)).then_some(()));
}

#[test]
fn a_rule_holds_and_a_release_gives_the_answer() {
    let mut fake = FakeBurp::new();
    fake.hold_at("c:");
    let mut child = Monitor::greeted(&fake);
    child.say("j:pretty-print-off");
    child.line();
    child.say("c:");
    let pid = fake.wait_query("c:");
    fake.behave();
    fake.release(pid, &[Step::Filler(100), Step::raw("more\n"), Step::Exit(4)]);
    assert_eq!(child.line().len(), 100);
    assert_eq!(child.rest(), "more\n");
    assert_eq!(child.process.ended().code(), Some(4));
    fake.wait_end(pid);
}

#[test]
fn it_dies_as_burp_dies() {
    use std::os::unix::process::ExitStatusExt;
    for signal in [9, 13, 15] {
        let fake = FakeBurp::new();
        fake.at_start(vec![Step::Logline("Connecting to \"x\".".to_owned()), Step::Die(signal)]);
        let mut child = Monitor::start(&fake);
        assert_eq!(child.rest(), "{ \"logline\": \"Connecting to 'x'.\" }\n");
        assert_eq!(child.process.ended().signal(), Some(signal));
    }
}

#[test]
fn its_fork_outlives_it_until_the_test_ends_it() {
    let mut fake = FakeBurp::new();
    fake.rule(|_, question| match question {
        Question::Query(_) => Reply::Do(vec![Step::Fork, Step::Ask]),
        Question::Again => Reply::Do(vec![Step::Exit(1)]),
        _ => usual(question),
    });
    let mut child = Monitor::greeted(&fake);
    child.say("c:");
    let forked = fake.wait("a process is left behind", |event| match event {
        Event::Asked(pid, Question::Forked) => Some(*pid),
        _ => None,
    });
    child.process.ended();
    assert_eq!(fake.alive(), [forked]);
    ostler_tests::process::kill(forked, rustix::process::Signal::KILL);
    fake.wait_end(forked);
    assert_eq!(child.rest(), "", "the pipe is closed at last");
}
