//! `bui-status` in front of a real daemon: what it prints, and the code with which it ends.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;

use ostler_runtime::Thread;
use ostler_tests::binaries::bui_status;
use ostler_tests::certificates::Certificates;
use ostler_tests::controller::usual;
use ostler_tests::process::command;
use ostler_tests::{
    Address, Daemon, FakeBurp, PATIENCE, Process, Question, Reply, Settings, Step, Wire, wait_for,
};
use rustix::process::Signal;

/// An age that the scripted burp's backups never have, whatever the clock says.
const AGES: [&str; 4] = ["--warning-age", "9000w", "--critical-age", "9000w"];

fn ready(fake: &FakeBurp) -> Daemon {
    let daemon = fake.settings().start();
    daemon.wait_ready(2);
    // burp's program is asked for its version beside the first children.
    wait_for("burp's version is known", || daemon.status()["client_version"].is_string());
    daemon
}

/// The client without a word of where the daemon is, in a world of its own.
fn client(arguments: &[&str]) -> Command {
    let mut client = command(bui_status());
    for name in ["BUI_MONITOR_HOST", "BUI_MONITOR_PORT", "BUI_MONITOR_PASSWORD"] {
        client.env_remove(name);
    }
    client.env("TZ", "UTC").args(arguments).stdin(Stdio::null());
    client
}

/// The client with the daemon's own configuration, and the port that the kernel has chosen.
fn client_of(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut client = client(arguments);
    client.arg("-c").arg(daemon.directory().join("buimonitor.cfg"));
    if let Address::Tcp(address) = daemon.address() {
        client.arg("--port").arg(address.port().to_string());
    }
    client
}

fn run(mut client: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = client.output().expect("the client starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// What the client prints when all is well.
fn shown(daemon: &Daemon, arguments: &[&str]) -> String {
    let (code, out, errors) = run(client_of(daemon, arguments));
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{out}");
    out
}

/// The verdict of `check`.
fn judged(daemon: &Daemon, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<&str> = ["check", "--no-cache"].iter().chain(arguments).copied().collect();
    let (code, out, errors) = run(client_of(daemon, &arguments));
    assert_eq!(errors, "");
    (code, out)
}

#[test]
fn clients_are_a_table() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let table = shown(&daemon, &[]);
    assert_eq!(table, shown(&daemon, &["clients", "--no-cache"]));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[0].starts_with("CLIENT   STATE  BACKUP  FINISHED          AGE"), "{table}");
    assert!(lines[3].starts_with("client3  idle   2       2026-11-22 08:46  "), "{table}");
}

#[test]
fn queries_are_shown_as_json() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let raw = shown(&daemon, &["query", "--json", "c:client1"]);
    assert_eq!(raw.trim_end(), daemon.query("c:client1").text());
    let indented = shown(&daemon, &["query", "c:client1"]);
    assert!(indented.starts_with("{\n  \"clients\": [\n    {\n"), "{indented}");
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&raw), value(&indented));
    let (code, out, errors) = run(client_of(&daemon, &["query", "c:nosuch"]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(errors.contains("burp has nothing for \"c:nosuch\""), "{errors}");
    for (query, words) in [
        ("", "The query is empty"),
        ("c:\nc:client1", "more than one line"),
        ("c:client1:j:pretty-print-on", "The query is a setting"),
    ] {
        let (code, _, errors) = run(client_of(&daemon, &["query", query]));
        assert_eq!(code, Some(64), "{query:?}");
        assert!(errors.contains(words), "{errors}");
    }
}

#[test]
fn the_daemon_and_burp_are_described() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let versions = shown(&daemon, &["versions"]);
    assert!(versions.contains("\nprotocol        1.1.1\nburp server     3.1.4\n"), "{versions}");
    let versions = shown(&daemon, &["versions", "--json"]);
    assert!(versions.contains("\"client_version\":\"3.1.4\""), "{versions}");
    let statistics = shown(&daemon, &["statistics"]);
    assert!(statistics.starts_with("burp answers    yes\n"), "{statistics}");
    let raw = shown(&daemon, &["statistics", "--json"]);
    assert_eq!(raw.trim_end(), daemon.call("statistics").text());
    let status = shown(&daemon, &["status"]);
    assert!(status.contains("\nmonitors ready  2 of 2\n"), "{status}");
    assert!(status.contains("\ntransport       plain\n"), "{status}");
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let name = r#"{"clients":[{"name":"a\u001b[2J\u0007b","run_status":"idle","backups":[]}]}"#;
    fake.at_query("c:", vec![Step::body(name)]);
    let table = shown(&daemon, &["--no-cache"]);
    assert!(table.contains("\na\\x1b[2J\\x07b  idle   -       never"), "{table}");
    let (code, line) = judged(&daemon, &[]);
    assert_eq!(code, Some(2));
    assert!(line.starts_with("BURP CRITICAL - a\\x1b[2J\\x07b has no backup | "), "{line}");
    // Bytes that are no text come through as they are when nobody looks.
    fake.at_query("c:client1", vec![Step::Body(b"{\"name\":\"\xe9\"}".to_vec())]);
    let mut raw = client_of(&daemon, &["query", "--json", "--no-cache", "c:client1"]);
    assert_eq!(raw.output().unwrap().stdout, b"{\"name\":\"\xe9\"}\n");
}

#[test]
fn the_environment_and_a_password_file_need_no_configuration() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().set("password", "a, b").start();
    daemon.wait_log("listening");
    let Address::Tcp(address) = daemon.address() else { panic!("a port") };
    let (port, file) = (address.port().to_string(), daemon.directory().join("password"));
    // The list that a comma makes is known from the configuration only.
    assert_eq!(shown(&daemon, &["query", "--json", "c:client1"]).lines().count(), 1);

    let daemon = ready(&fake);
    let Address::Tcp(other) = daemon.address() else { panic!("a port") };
    let place = |client: &mut Command, port: &str| {
        client.env("BUI_MONITOR_HOST", "127.0.0.1").env("BUI_MONITOR_PORT", port);
    };
    let mut told = client(&["versions"]);
    place(&mut told, &other.port().to_string());
    told.env("BUI_MONITOR_PASSWORD", ostler_tests::wire::PASSWORD);
    assert_eq!(run(told).0, Some(0));
    fs::write(&file, format!("{}\n", ostler_tests::wire::PASSWORD)).unwrap();
    let mut told = client(&["versions", "--password-file"]);
    place(&mut told, &other.port().to_string());
    assert_eq!(run_with(told, &file).0, Some(0));
    // The same password is wrong at the first daemon.
    let mut told = client(&["versions", "--password-file"]);
    place(&mut told, &port);
    let (code, _, errors) = run_with(told, &file);
    assert_eq!(code, Some(77));
    assert!(errors.contains("refuses the password"), "{errors}");
}

fn run_with(mut client: Command, file: &Path) -> (Option<i32>, String, String) {
    client.arg(file);
    run(client)
}

#[test]
fn a_unix_socket_is_found_in_the_configuration() {
    let fake = FakeBurp::new();
    let directory = tempfile::tempdir().unwrap();
    let bind = format!("unix:{}", directory.path().join("s").display());
    let daemon = fake.settings().set("bind", &bind).start();
    daemon.wait_ready(2);
    assert!(shown(&daemon, &[]).contains("\nclient1  "));
}

#[test]
fn each_failure_has_its_code_and_its_words() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let wrong = |arguments: &[&str]| {
        let mut client = client_of(&daemon, arguments);
        client.env("BUI_MONITOR_PASSWORD", "not this one");
        run(client)
    };
    for arguments in [&["clients"][..], &["query", "c:client1"], &["status"], &["--watch=1"]] {
        let (code, out, errors) = wrong(arguments);
        assert_eq!((code, out.as_str()), (Some(77), ""), "{arguments:?}");
        assert!(errors.contains("refuses the password (BUI_MONITOR_PASSWORD)"), "{errors}");
        assert!(!errors.contains("not this one"), "{errors}");
    }
    let (code, out, _) = wrong(&["check"]);
    assert_eq!(code, Some(3));
    assert!(out.starts_with("BURP UNKNOWN - "), "{out}");

    assert_eq!(run(client(&["nonsense"])).0, Some(64));
    assert_eq!(run(client(&["check", "--nonsense"])).0, Some(3));
    assert_eq!(run(client(&["--help"])).0, Some(0));
    let (code, _, errors) = run(client(&["-c", "/nowhere/x.cfg"]));
    assert_eq!(code, Some(78));
    assert!(errors.contains("/nowhere/x.cfg"), "{errors}");
    assert_eq!(run(client(&["check", "-c", "/nowhere/x.cfg"])).0, Some(3));
}

/// A client of something that is no daemon: it reads the request and answers with `bytes`.
fn against(bytes: &'static [u8], arguments: &[&str]) -> (Option<i32>, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let server = Thread::spawn("no daemon", move || {
        let (mut stream, _) = listener.accept().unwrap();
        answer_once(&mut stream, bytes);
    });
    // Only silence takes as long as the time-out.
    let timeout = if bytes.is_empty() { "0.5" } else { "60" };
    let mut client = client(&["--host", "127.0.0.1", "--port", &port, "--timeout", timeout]);
    client.args(arguments).env("BUI_MONITOR_PASSWORD", "x");
    let result = run(client);
    server.unwrap().join();
    result
}

fn answer_once(stream: &mut TcpStream, bytes: &[u8]) {
    let mut head = [0; 8];
    stream.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::try_from(u64::from_be_bytes(head)).unwrap()];
    stream.read_exact(&mut body).unwrap();
    stream.write_all(bytes).unwrap();
    if bytes.is_empty() {
        // Silent until the client gives up.
        assert_eq!(stream.read(&mut head).unwrap_or(0), 0);
    }
}

#[test]
fn what_is_no_daemon_is_told_apart() {
    for (bytes, words) in [
        (&b""[..], "nothing within 0.5 seconds"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no answer of a bui-monitor"),
        (b"OK\0\0\0\0\0\0\0\x09{}", "the connection ended after 12 bytes"),
        (b"OK\0\0\x01\0\0\0\0\0{}", "it announces 1099511627776 bytes"),
        (b"OK\0\0\0\0\0\0\0\x02{}", "is no summary"),
        (b"ER\0\0\0\0\0\0\0\x03\x1b[m", "answers: \\x1b[m"),
    ] {
        let (code, out, errors) = against(bytes, &[]);
        assert_eq!((code, out.as_str()), (Some(69), ""), "{words}: {errors}");
        assert!(errors.contains(words), "{words}: {errors}");
    }
    let (code, out, _) = against(b"", &["check"]);
    assert_eq!(code, Some(2));
    assert!(out.starts_with("BURP CRITICAL - no answer from bui-monitor at 127.0.0.1:"), "{out}");
}

#[test]
fn a_check_judges_ages() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let (code, line) = judged(&daemon, &AGES);
    assert_eq!(code, Some(0), "{line}");
    assert!(line.starts_with("BURP OK - 3 clients | clients=3 running=0 never=0 "), "{line}");
    let old = r#"{"clients":[{"name":"a","backups":[{"number":1,"timestamp":0}]},
        {"name":"monitor","backups":[]}]}"#;
    fake.at_query("c:", vec![Step::body(&old.replace('\n', ""))]);
    // The scripted burp's own name, from its configuration.
    let (code, line) = judged(&daemon, &["--critical-age", "9000w"]);
    assert_eq!(code, Some(1), "{line}");
    assert!(line.starts_with("BURP WARNING - a ") && line.contains(" | clients=1 "), "{line}");
    assert_eq!(judged(&daemon, &[]).0, Some(2));
    assert_eq!(judged(&daemon, &["--client", "monitor"]).0, Some(2));
    assert_eq!(judged(&daemon, &["--client", "b"]).0, Some(2));
    assert_eq!(judged(&daemon, &["--ignore", "a"]).0, Some(3));
}

#[test]
fn a_check_sees_a_pool_that_is_not_whole_and_a_burp_that_is_down() {
    let fake = FakeBurp::new();
    let mut starts = 0;
    fake.rule(move |_, question| match question {
        Question::Start => {
            starts += 1;
            if starts == 1 { usual(question) } else { Reply::Hold }
        }
        _ => usual(question),
    });
    let daemon = fake.settings().start();
    daemon.wait_ready(1);
    let (code, line) = judged(&daemon, &AGES);
    assert_eq!(code, Some(1), "{line}");
    assert!(line.contains("1 of 2 burp monitors ready"), "{line}");

    let mut fake = FakeBurp::new();
    let words = Step::Logline("Could not connect to x".to_owned());
    fake.at_start(vec![words, Step::Exit(4)]);
    let daemon = fake.settings().start();
    let pid = fake.wait_start();
    fake.wait_end(pid);
    let (code, line) = judged(&daemon, &AGES);
    assert_eq!(code, Some(2), "{line}");
    assert!(line.starts_with("BURP CRITICAL - ") && line.contains("ould not connect"), "{line}");
    let shown = shown(&daemon, &["statistics"]);
    assert!(shown.starts_with("burp answers    no\n"), "{shown}");
    assert!(shown.contains("\nlast error      Could not connect to x\n"), "{shown}");
}

/// A client whose lines are read as they come.
struct Watching {
    process: Process,
    lines: BufReader<std::process::ChildStdout>,
}

impl Watching {
    fn start(mut client: Command) -> Self {
        client.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut client);
        let lines = BufReader::new(process.streams().stdout.take().unwrap());
        Self { process, lines }
    }

    /// Reads until a line that has `words` in it.
    fn wait_line(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "not shown: {words}");
        }
    }

    /// Ends it as Ctrl-C does: its code, and what it complained of.
    fn interrupt(mut self) -> (Option<i32>, String) {
        self.process.signal(Signal::INT);
        let code = self.process.ended().code();
        let mut errors = String::new();
        self.process.streams().stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (code, errors)
    }
}

#[test]
fn a_live_table_goes_on_until_it_is_interrupted() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let mut watching = Watching::start(client_of(&daemon, &["--watch", "0.1", "--no-cache"]));
    watching.wait_line("client3");
    let running = r#"{"clients":[{"name":"busy","run_status":"running","backups":[],"children":[
        {"backup":3,"action":"backup","phase":"backup","counters":[
        {"name":"bytes_estimated","count":8},{"name":"bytes","count":2}]}]}]}"#;
    fake.at_query("c:", vec![Step::body(&running.replace('\n', ""))]);
    watching.wait_line("backup 3: backup 25 %");
    assert_eq!(watching.interrupt(), (Some(0), String::new()));

    let mut watching = Watching::start(client_of(&daemon, &["--watch=0.1", "--json"]));
    for round in 0..3 {
        watching.wait_line("{\"clients\":[");
        fake.at_query("c:", vec![Step::body(&format!("{{\"clients\":[{{\"n\":{round}}}]}}"))]);
    }
    assert_eq!(watching.interrupt(), (Some(0), String::new()));
}

#[test]
fn a_live_table_outlives_its_connections_and_its_daemon() {
    let fake = FakeBurp::new();
    let directory = tempfile::tempdir().unwrap();
    let bind = format!("unix:{}", directory.path().join("s").display());
    let settings: Settings = fake.settings().set("bind", &bind).set("keep_idle", "0.05");
    let daemon = settings.clone().start();
    daemon.wait_ready(2);
    let file = directory.path().join("buimonitor.cfg");
    fs::copy(daemon.directory().join("buimonitor.cfg"), &file).unwrap();
    let mut client = client(&["--watch=0.2", "-c"]);
    client.arg(&file);
    let mut watching = Watching::start(client);
    // Each round finds its connection closed.
    watching.wait_line("client3");
    for name in ["one", "two"] {
        let summary = format!(r#"{{"clients":[{{"name":"{name}","backups":[]}}]}}"#);
        fake.at_query("c:", vec![Step::body(&summary)]);
        watching.wait_line(name);
    }
    drop(daemon);
    let daemon = settings.start();
    daemon.wait_ready(2);
    fake.at_query("c:", vec![Step::body(r#"{"clients":[{"name":"new","backups":[]}]}"#)]);
    watching.wait_line("new");
    assert_eq!(watching.interrupt().0, Some(0));
}

#[test]
fn an_interrupt_does_not_wait_for_a_slow_daemon() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake);
    let mut watching = Watching::start(client_of(&daemon, &["--watch=0.1", "--no-cache"]));
    watching.wait_line("client3");
    let (held, is_held) = channel();
    fake.rule(move |_, question| {
        if question.is_query("c:") {
            // The test may have failed meanwhile.
            let _ = held.send(());
            return Reply::Hold;
        }
        usual(question)
    });
    is_held.recv_timeout(PATIENCE).unwrap();
    assert_eq!(watching.interrupt(), (Some(0), String::new()));
    // The daemon goes on without it.
    fake.behave();
    assert!(Wire::try_connect(daemon.address()).is_ok());
}

#[test]
fn tls_is_spoken_as_the_configuration_says() {
    let certificates = Certificates::new();
    let [own, other] = ["own", "other"].map(|name| certificates.own(name));
    let signed = certificates.signed("signed", &other, 2);
    // The key may stand in the certificate's file.
    let signed = certificates.joined("both", &[&signed.certificate, &signed.key]);
    let (key, signed) = (own.key.display().to_string(), signed.display().to_string());
    let [own, other] = [own, other].map(|pair| pair.certificate.display().to_string());
    let fake = FakeBurp::new();
    let secure = || fake.settings().set("ssl", "true").set("sslcert", &own).set("sslkey", &key);
    let daemon = secure().start();
    let refused = |daemon: &Daemon, arguments: &[&str], words: &str| {
        let (code, out, errors) = run(client_of(daemon, arguments));
        assert_eq!((code, out.as_str()), (Some(69), ""), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
    };
    wait_for("all versions are known", || run(client_of(&daemon, &["versions"])).0 == Some(0));
    // Three answers on one connection; whose certificate it is does not matter, unless told.
    assert!(shown(&daemon, &["versions"]).contains("\nburp server     3.1.4\n"));
    assert!(shown(&daemon, &["versions", "--ca", &own]).contains("\nprotocol        1.1.1\n"));
    refused(&daemon, &["versions", "--ca", &other], "TLS: ");
    refused(&daemon, &["versions", "--plain"], "no answer from bui-monitor");
    refused(&ready(&fake), &["versions", "--tls"], "cannot reach bui-monitor");

    // An answer of many records.
    fake.at_query("c:client1", vec![Step::Filler(3_000_000)]);
    let raw = shown(&daemon, &["query", "--json", "--no-cache", "c:client1"]);
    assert_eq!(raw.trim_end().len(), 3_000_000);

    let daemon = secure().set("sslca", &other).start();
    assert!(shown(&daemon, &["clients", "--cert", &signed]).contains("\nclient1  "));
    refused(&daemon, &["clients"], "TLS: ");
    let (code, _, errors) = run(client_of(&daemon, &["versions", "--ca", "/nowhere.pem"]));
    assert_eq!(code, Some(78));
    assert!(errors.contains("/nowhere.pem: "), "{errors}");
}
