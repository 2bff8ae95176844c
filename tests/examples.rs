//! The examples of clients, each in front of a real daemon.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use ostler_net::tls::LiveIdentity;
use ostler_net::{Address, Answer, Body, Limits, Listener, Refusal, Reply, Server, Service};
use ostler_runtime::Thread;
use ostler_tests::binaries::{example_client, workspace};
use ostler_tests::clients::port;
use ostler_tests::echo::identity;
use ostler_tests::process::{Process, command, descendants};
use ostler_tests::wire::{PASSWORD, ask, frame};
use ostler_tests::{Certificates, Daemon, FakeBurp, PATIENCE, Step};
use rustix::process::Signal;
use serde_json::json;

/// Longer than what goes through a pipe or a socket at once.
const LONG: usize = 3_000_000;

/// A password with everything that JSON, a shell or the configuration could take for its own.
const HARD: &str = "a \"b\" \\ $c `d` %e # é";

/// An example, and how it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Example {
    Python,
    PythonTls,
    ShellTls,
    Rust,
}

use Example::{Python, PythonTls, Rust, ShellTls};

const ALL: [Example; 4] = [Python, PythonTls, ShellTls, Rust];

impl Example {
    fn is_tls(self) -> bool {
        matches!(self, PythonTls | ShellTls)
    }
}

/// A daemon with TLS or without, and what a client needs to know of it.
struct Rig {
    example: Example,
    certificates: Certificates,
    password_file: PathBuf,
    // Before its burp, so that it ends first.
    daemon: Daemon,
    fake: FakeBurp,
}

impl Rig {
    fn new(example: Example) -> Self {
        Self::with(example, PASSWORD, PASSWORD)
    }

    /// With a password as the configuration and as a client write it.
    fn with(example: Example, configured: &str, written: &str) -> Self {
        let certificates = Certificates::new();
        let own = certificates.own("daemon");
        let password_file =
            certificates.write("password", format!("{written}\nno more\n").as_bytes());
        let fake = FakeBurp::new();
        let mut settings = fake.settings().set("password", configured);
        if example.is_tls() {
            let path = |path: &Path| path.to_str().unwrap().to_owned();
            settings = settings
                .set("ssl", "true")
                .set("sslcert", &path(&own.certificate))
                .set("sslkey", &path(&own.key));
        }
        Self { example, certificates, password_file, daemon: settings.start(), fake }
    }

    fn address(&self) -> SocketAddr {
        port(self.daemon.address())
    }

    /// The example with these questions; a daemon with TLS must have the certificate `ca`.
    fn client(&self, ca: &Path, questions: &[&str]) -> Command {
        let (address, examples) = (self.address(), workspace().join("packaging/examples"));
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let mut client = match self.example {
            Python | PythonTls => {
                let mut client = command("python3");
                client.arg(examples.join("client.py"));
                if self.example == PythonTls {
                    client.arg("--ca").arg(ca);
                }
                client.args([host, port]).arg(&self.password_file);
                client
            }
            ShellTls => {
                let mut client = command(examples.join("client.sh"));
                client.args([host, port]).arg(&self.password_file).arg(ca);
                client
            }
            Rust => {
                let mut client = command(example_client());
                client.arg(address.to_string()).arg(&self.password_file);
                client
            }
        };
        client.args(questions).stdin(Stdio::null());
        client
    }

    /// Its exit code, its output and its complaints.
    fn run(&self, questions: &[&str]) -> (Option<i32>, String, String) {
        self.run_with(&self.certificates.path("daemon.pem"), questions)
    }

    fn run_with(&self, ca: &Path, questions: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.client(ca, questions).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }
}

const KO: &str = "KO: a wrong password, or nothing that burp knows\n";

#[test]
fn burps_answers_and_the_daemons_are_printed_as_they_came() {
    let body = "{\"clients\":[\"é\",\"\\u0001\"]}";
    for example in ALL {
        let rig = Rig::new(example);
        rig.fake.at_query("c:client1", vec![Step::body(body)]);
        let printed = (Some(0), format!("{body}\n"), String::new());
        assert_eq!(rig.run(&["c:client1"]), printed, "{example:?}");
        let printed = (Some(0), "1.1.1\n".to_owned(), String::new());
        assert_eq!(rig.run(&["monitor_version"]), printed, "{example:?}");
    }
}

#[test]
fn a_long_answer_is_printed_whole() {
    for example in ALL {
        let rig = Rig::new(example);
        rig.fake.at_query("c:client1", vec![Step::Filler(LONG)]);
        let (code, printed, told) = rig.run(&["c:client1"]);
        assert_eq!((code, printed.len(), told.as_str()), (Some(0), LONG + 1, ""), "{example:?}");
        assert!(printed.starts_with("{\"clients\":[") && printed.ends_with("\"}]}\n"));
    }
}

#[test]
fn what_is_refused_is_told() {
    for example in ALL {
        let rig = Rig::with(example, PASSWORD, "another one");
        let refused = (Some(1), String::new(), KO.to_owned());
        assert_eq!(rig.run(&["c:client1"]), refused, "{example:?}");

        let rig = Rig::new(example);
        assert_eq!(rig.run(&["c:nobody"]), refused, "{example:?}");
        let words = "ER: The query is a setting (j:), which would change the answers of others\n";
        let refused = (Some(2), String::new(), words.to_owned());
        assert_eq!(rig.run(&["c:client1:j:pretty-print-on"]), refused, "{example:?}");
    }
}

#[test]
fn a_password_may_have_anything_in_it() {
    for example in ALL {
        let rig = Rig::with(example, &format!("'{HARD}'"), HARD);
        let (code, printed, told) = rig.run(&["monitor_version"]);
        assert_eq!((code, printed.as_str()), (Some(0), "1.1.1\n"), "{example:?}: {told}");
    }
}

#[test]
fn the_password_is_in_no_command_line_and_no_environment() {
    for example in ALL {
        let mut rig = Rig::new(example);
        rig.fake.hold_at("c:client1");
        let ca = rig.certificates.path("daemon.pem");
        let mut client = rig.client(&ca, &["c:client1"]);
        let mut client = Process::start(client.stdout(Stdio::null()));
        let child = rig.fake.wait_query("c:client1");
        let family = descendants(client.pid()).into_iter().map(|process| process.pid);
        let family: Vec<u32> = family.chain([client.pid()]).collect();
        for pid in &family {
            for file in ["cmdline", "environ"] {
                let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap();
                let is_shown = String::from_utf8_lossy(&bytes).contains(PASSWORD);
                assert!(!is_shown, "{example:?}: {file} of {pid}");
            }
        }
        assert_eq!(family.len() > 1, example == ShellTls, "{example:?}: {family:?}");
        rig.fake.release(child, &[Step::Answer]);
        assert_eq!(client.ended().code(), Some(0), "{example:?}");
    }
}

#[test]
fn a_daemon_with_another_certificate_is_not_told_the_password() {
    for example in [PythonTls, ShellTls] {
        let mut rig = Rig::new(example);
        let other = rig.certificates.own("other").certificate;
        let (code, printed, told) = rig.run_with(&other, &["c:client1"]);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{example:?}: {told}");
        assert!(told.contains("no answer") && told.contains("certificate"), "{example:?}: {told}");
        assert!(rig.fake.asked("c:client1").is_empty(), "{example:?}");
    }
}

#[test]
fn without_a_daemon_there_is_no_answer() {
    for example in ALL {
        let mut rig = Rig::new(example);
        rig.daemon.address();
        rig.daemon.signal(Signal::TERM);
        rig.daemon.ended();
        let (code, printed, told) = rig.run(&["c:client1"]);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{example:?}");
        assert!(told.contains("no answer"), "{example:?}: {told}");
    }
}

#[test]
fn one_question_follows_the_other() {
    for (example, connections) in [(Python, 3), (Rust, 1)] {
        let rig = Rig::new(example);
        rig.daemon.wait_ready(2);
        let accepted =
            || rig.daemon.status()["connections"]["accepted"].as_u64().expect("a number");
        let before = accepted();
        let questions = ["c:client1", "c:client2", "batch_list_supported"];
        let (code, printed, told) = rig.run(&questions);
        // One of them is that of the second look.
        assert_eq!(accepted() - before - 1, connections, "{example:?}");
        let request = |question: &&str| {
            let kind = if question.contains(':') { "query" } else { "func" };
            let answer = ask(rig.daemon.address(), &json!({ kind: question }));
            format!("{}\n", answer.text())
        };
        let expected: String = questions.iter().map(request).collect();
        assert_eq!((code, printed, told), (Some(0), expected, String::new()), "{example:?}");
    }
}

#[test]
fn a_connection_that_was_not_kept_is_made_anew() {
    let rig = Rig::new(Rust);
    // As the original does, whatever it is asked for.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let daemon = Thread::spawn("original", move || {
        for answer in [&b"one"[..], b"two"] {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut length = [0; 8];
            stream.read_exact(&mut length).unwrap();
            let mut body = vec![0; usize::try_from(u64::from_be_bytes(length)).unwrap()];
            stream.read_exact(&mut body).unwrap();
            stream.write_all(&[b"OK", &frame(answer)[..]].concat()).unwrap();
        }
    });
    let mut client = command(example_client());
    client.arg(address.to_string()).arg(&rig.password_file).args(["status", "c:"]);
    let output = client.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"one\ntwo\n"[..]), "{told}");
    daemon.unwrap().join();
}

/// Answers with its head and body, and keeps the connection open.
struct Rude(Vec<u8>, usize);

impl Service for Rude {
    fn request(&self, _: &[u8], mut reply: Reply) -> Option<(Reply, Answer)> {
        let Self(head, length) = self;
        if *length > 0 {
            reply.keep();
        }
        Some((reply, Answer { head: head.clone().into(), body: Body::from(vec![b'x'; *length]) }))
    }

    fn refused(&self, _: Refusal) -> Option<Answer> {
        None
    }
}

#[test]
fn a_broken_answer_is_none_for_the_shell_either() {
    let made = Certificates::new();
    let own = made.own("rude");
    let password_file = made.write("password", b"secret\n");
    let limit = 64 << 20;
    let endless = [b"OK", &u64::MAX.to_be_bytes()[..]].concat();
    let whole = b"OK\0\0\0\0\0\0\0\x02{}".to_vec();
    let too_long = format!("the answer is longer than {limit} bytes\n");
    let cut = "the answer is not whole\n";
    for (head, length, code, printed, told) in [
        (whole.clone(), 0, 0, "{}\n", ""),
        (b"OK".to_vec(), 0, 2, "", cut),
        (b"ER\0\0\0\0\0\0\0".to_vec(), 0, 2, "", cut),
        (whole[..11].to_vec(), 0, 2, "", cut),
        (endless[..10].to_vec(), 0, 2, "", cut),
        (endless, limit + (8 << 20), 2, "", too_long.as_str()),
    ] {
        let identity = Arc::new(LiveIdentity::new(identity(&own)));
        let listener = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap().remove(0);
        let port = listener.inet().unwrap().port().to_string();
        let service = Arc::new(Rude(head.clone(), length));
        let listeners = vec![listener.secured(identity)];
        let _server = Server::start(listeners, 1, Limits::default(), service).unwrap();
        let mut client = command(workspace().join("packaging/examples/client.sh"));
        client.args(["127.0.0.1", &port]).arg(&password_file).arg(&own.certificate).arg("c:");
        let Output { status, stdout, stderr } = client.stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let found = (status.code(), text(stdout), text(stderr));
        assert_eq!(found, (Some(code), printed.into(), told.into()), "{}", head.escape_ascii());
    }
}
