//! The Python module `broker`: each program here is a set of tests of its own, in Python.
//!
//! `tests/bindings_python/run` has them run with the wheel, installed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdout, Stdio};

use broker::data::zeek;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::binaries::workspace;
use ostler_tests::broker_program::Setup;
use ostler_tests::markdown::document;
use ostler_tests::python::Python;
use ostler_tests::{Certificates, PATIENCE, Process};

#[test]
fn values_become_those_of_the_other_side_and_come_back() {
    Python::new().run("values.py", &[]);
}

#[test]
fn messages_go_from_one_endpoint_to_another() {
    Python::new().run("messages.py", &[]);
}

#[test]
fn what_becomes_of_peers_is_told() {
    Python::new().run("statuses.py", &[]);
}

#[test]
fn waits_hold_up_no_other_thread_and_can_be_broken_off() {
    Python::new().run("waits.py", &[]);
}

#[test]
fn stores_are_kept_shared_and_refused() {
    Python::new().run("stores.py", &[]);
}

#[test]
fn events_of_zeek_are_made_and_read() {
    Python::new().run("events.py", &[]);
}

#[test]
fn the_stubs_are_as_the_module_is() {
    Python::new().run("stubs.py", &[]);
}

#[test]
fn the_names_of_the_original_are_there_and_called_as_its_are() {
    Python::new().run("original.py", &[]);
}

#[test]
fn peers_authenticate_each_other_by_certificates() {
    let certificates = Certificates::new();
    let authority = certificates.own("ca");
    for name in ["one", "two"] {
        certificates.signed(name, &authority, 1);
    }
    let encrypted = "pkcs8 -topk8 -in one.key -passout pass:12345 -out one.encrypted.key";
    certificates.openssl("one.encrypted.key", encrypted);
    certificates.signed("stranger", &certificates.own("strangers"), 1);
    let folder = certificates.path("");
    Python::new().run("secured.py", &[folder.to_str().unwrap()]);
}

#[test]
fn a_node_in_another_process_is_a_peer() {
    let node = Setup::new("topics = [\"/zeek\"]\nbroker { disable-ssl = true }\n")
        .arguments(&["-m", "pong", "-p", "0"])
        .start();
    let port = node.port("peers").to_string();
    Python::new().run("node.py", &[&port]);
    node.stop();
}

/// The programs in Python of a document that use the module.
fn programs(text: &str) -> impl Iterator<Item = &str> {
    let all = text.split("```python\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    all.filter(|program| program.contains("import broker\n"))
}

#[test]
fn the_examples_of_the_documents_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.py");
    let (python, mut found) = (Python::new(), 0);
    for path in ["README.md", "src/bindings/python/README.md"] {
        for program in programs(&document(path)) {
            fs::write(&file, program).unwrap();
            let mut example = python.command();
            let ended = Process::start(example.arg("-Werror").arg(&file)).ended();
            assert!(ended.success(), "{path}: see what its example says above");
            found += 1;
        }
    }
    assert!(found > 0, "no examples were found");
}

#[test]
fn the_example_of_a_peer_prints_the_events_of_a_broker() {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let port = endpoint.listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap()[0];
    let python = Python::new();
    let mut example = python.command();
    example.arg(workspace().join("packaging/examples/peer.py"));
    example.args(["127.0.0.1", &port.to_string(), "burp/client/"]);
    let mut example = Process::start(example.stdout(Stdio::piped()));

    let topic = Topic::new("burp/client/").unwrap();
    assert!(endpoint.await_filter_entry(&topic, Deadline::after(PATIENCE)));
    let event = zeek::Event::new("Burp::client_state", vec!["here".into(), 7_u64.into()]);
    endpoint.publish(&topic, &event.into()).unwrap();
    let mut line = String::new();
    BufReader::new(example.streams().stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "Burp::client_state here 7\n");
}

/// A script in the style of those for the original.
struct Script {
    process: Process,
    printed: BufReader<ChildStdout>,
}

impl Script {
    fn start(python: &Python, name: &str, arguments: &[&str]) -> Self {
        let mut script = python.command();
        script.arg("-Werror").arg(workspace().join("tests/bindings_python/scripts").join(name));
        let mut process = Process::start(script.args(arguments).stdout(Stdio::piped()));
        let printed = BufReader::new(process.streams().stdout.take().unwrap());
        Self { process, printed }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.printed.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// All that it still prints, to its end.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        assert!(self.process.ended().success(), "{rest}");
        rest
    }
}

#[test]
fn a_script_for_the_original_pings_another_by_events_and_is_seen_to_come_and_go() {
    let python = Python::new();
    let mut answering = Script::start(&python, "pong.py", &[]);
    let port = answering.line();
    let printed = Script::start(&python, "ping.py", &[&port, "3"]).rest();
    assert_eq!(printed, "/test/pong pong XX 0\n/test/pong pong XX 1\n/test/pong pong XX 2\n");
    assert_eq!(answering.rest(), "added 1\nlost 0\n");
}

#[test]
fn scripts_for_the_original_share_a_store() {
    let python = Python::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.sqlite");
    let mut master = Script::start(&python, "master.py", &[file.to_str().unwrap()]);
    let port = master.line();
    let clone = Script::start(&python, "clone.py", &[&port]).rest();
    let expected = [
        "demo True False None",
        "1 (1, 2, 3) {'10.0.0.1': 'web'}",
        "web 2",
        "True False",
        "4 abc (1, 2, 3, 4) ['10.0.0.2', '10.0.0.3']",
        "None ['hosts', 'last', 'log', 'names', 'owner', 'seen']",
    ];
    assert_eq!(clone.lines().collect::<Vec<_>>(), expected);
    let expected = [
        "done",
        "hosts ['10.0.0.2', '10.0.0.3']",
        "last (1, 2, 3, 4)",
        "log abc",
        "names ['10.0.0.1', '10.0.0.2']",
        "owner clone",
        "seen 4",
    ];
    assert_eq!(master.rest().lines().collect::<Vec<_>>(), expected);
}

/// The example of a store.
fn tally(python: &Python, arguments: &[&str]) -> Process {
    let mut example = python.command();
    example.arg(workspace().join("packaging/examples/tally.py")).args(arguments);
    Process::start(example.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

/// What it prints once it has been told this.
fn counted(mut example: Process, input: &str) -> String {
    // The end of what is written ends it, too.
    example.streams().stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let mut printed = String::new();
    example.streams().stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(example.ended().success(), "{printed}");
    printed
}

#[test]
fn the_example_of_a_store_counts_what_comes_to_any_of_those_who_share_it() {
    let (python, folder) = (Python::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("tally.sqlite");
    let begin = || tally(&python, &["master", file.to_str().unwrap()]);
    let mut master = begin();
    let mut line = String::new();
    let mut said = BufReader::new(master.streams().stderr.take().unwrap());
    said.read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().unwrap();
    let clone = tally(&python, &["clone", port]);
    assert_eq!(counted(clone, "a\nb\na\nc d"), "2 a\n1 b\n1 c d\n");
    assert_eq!(counted(master, "b\n"), "2 a\n2 b\n1 c d\n");
    assert_eq!(counted(begin(), ""), "2 a\n2 b\n1 c d\n");
    // Nobody listens at the first port.
    let mut lost = tally(&python, &["clone", "1"]);
    let mut said = String::new();
    lost.streams().stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((said.as_str(), lost.ended().code()), ("nobody listens at port 1\n", Some(1)));
}
