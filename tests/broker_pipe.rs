//! `broker-pipe`: what one publishes, the other prints, to the last line; and how each of them ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, Stdio};

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::binaries::broker_pipe;
use ostler_tests::process::{Process, command};
use ostler_tests::wait::{PATIENCE, wait_for};
use rustix::process::Signal;

/// A pipe without TLS, and what it says on standard error.
struct Pipe {
    process: Process,
    errors: BufReader<ChildStderr>,
}

impl Pipe {
    fn start(arguments: &[&str]) -> Self {
        let mut pipe = command(broker_pipe());
        pipe.arg("--disable-ssl").args(arguments);
        pipe.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut pipe);
        let errors = BufReader::new(process.streams().stderr.take().unwrap());
        Self { process, errors }
    }

    /// One that listens, and where.
    fn listening(arguments: &[&str]) -> (Self, String) {
        let here = ["-l", "0", "--local-address", "127.0.0.1"];
        let mut pipe = Self::start(&[&here[..], arguments].concat());
        let port = pipe.said("listening on port ");
        (pipe, format!("127.0.0.1:{port}"))
    }

    /// The end of the next line on standard error that has this in it.
    fn said(&mut self, words: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.errors.read_line(&mut line).unwrap() > 0, "never said: {words}");
            assert!(line.starts_with("*** "), "{line}");
            if let Some((_, rest)) = line.split_once(words) {
                return rest.trim_end().to_owned();
            }
        }
    }

    fn write(&mut self, text: &[u8]) {
        self.process.streams().stdin.take().unwrap().write_all(text).unwrap();
    }

    /// All of standard output.
    fn printed(&mut self) -> Vec<u8> {
        let mut printed = Vec::new();
        self.process.streams().stdout.take().unwrap().read_to_end(&mut printed).unwrap();
        printed
    }

    /// Its exit code, and the rest of what it has said.
    fn ended(mut self) -> (Option<i32>, String) {
        let code = self.process.ended().code();
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).unwrap();
        (code, rest)
    }
}

/// An endpoint that listens, and where.
fn endpoint() -> (Endpoint, String) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let ports = endpoint.listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    let at = format!("127.0.0.1:{}", ports[0]);
    (endpoint, at)
}

#[test]
fn each_way_to_wait_prints_every_line() {
    let lines: Vec<String> = (0..20_000).map(|number| format!("line {number}")).collect();
    let printed: Vec<String> = lines.iter().map(|line| format!("data(/a/b, {line})")).collect();
    let (lines, printed) = (lines.join("\n") + "\n", printed.join("\n") + "\n");
    for how in ["blocking", "select", "stream"] {
        let (mut subscriber, at) =
            Pipe::listening(&["-m", "subscribe", "-t", "/a", "-i", how, "-c", "20000"]);
        let mut publisher = Pipe::start(&["-m", "publish", "-t", "/a/b", "-p", &at, "-i", how]);
        publisher.write(lines.as_bytes());
        // Until it is read, the publisher waits with its farewell.
        assert!(subscriber.printed() == printed.as_bytes(), "{how}: not all, or in another order");
        assert_eq!(publisher.ended().0, Some(0));
        assert_eq!(subscriber.ended().0, Some(0));
    }
}

#[test]
fn bytes_stay_what_they_are() {
    let (mut subscriber, at) = Pipe::listening(&["-m", "subscribe", "-t", "/a", "-c", "3"]);
    let mut publisher = Pipe::start(&["-m", "publish", "-t", "/a", "-p", &at]);
    publisher.write(b"\xff\0\n\nlast");
    assert_eq!(publisher.ended().0, Some(0));
    assert_eq!(subscriber.printed(), b"data(/a, \xff\0)\ndata(/a, )\ndata(/a, last)\n");
}

#[test]
fn only_so_many_are_published() {
    let (endpoint, at) = endpoint();
    let mut subscriber = endpoint.subscribe([Topic::new("/a").unwrap()]);
    let mut publisher = Pipe::start(&["-m", "publish", "-t", "/a", "-p", &at, "-c", "2"]);
    publisher.write(b"1\n2\n3\n");
    assert_eq!(publisher.ended().0, Some(0));
    let texts: Vec<Data> = subscriber.poll().into_iter().map(|received| received.data).collect();
    assert_eq!(texts, [Data::String(b"1".to_vec()), Data::String(b"2".to_vec())]);
}

#[test]
fn nothing_is_published_to_nobody() {
    let mut publisher = Pipe::listening(&["-m", "publish", "-t", "/a", "--wait", "0"]).0;
    publisher.write(b"1\n");
    publisher.said("nobody has wanted the topic");
    assert_eq!(publisher.ended().0, Some(69));
}

#[test]
fn a_port_that_is_taken_ends_it() {
    let (_endpoint, at) = endpoint();
    let (host, port) = at.rsplit_once(':').unwrap();
    for mode in ["publish", "subscribe"] {
        let here = ["-l", port, "--local-address", host, "-t", "/a", "-m", mode];
        let mut pipe = Pipe::start(&here);
        let why = pipe.said(&format!("cannot listen on {at}: "));
        assert_eq!(why, "Address already in use (os error 98)");
        assert_eq!(pipe.ended().0, Some(69));
    }
}

#[test]
fn a_line_that_is_too_long_is_named() {
    let (endpoint, at) = endpoint();
    let mut subscriber = endpoint.subscribe([Topic::new("/a").unwrap()]);
    let mut publisher = Pipe::start(&["-m", "publish", "-t", "/a", "-p", &at]);
    // It need not be read to its end.
    let long = [&b"short\n"[..], &vec![b'x'; (1 << 20) + 1]].concat();
    publisher.write(&long);
    publisher.said("line 2 is longer than 1048576 bytes");
    assert_eq!(publisher.ended().0, Some(65));
    assert_eq!(subscriber.poll().len(), 1);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let (endpoint, at) = endpoint();
    let mut pipe = Pipe::start(&["-m", "subscribe", "-t", "/a", "-p", &at]);
    let topic = Topic::new("/a").unwrap();
    assert!(endpoint.await_filter_entry(&topic, Deadline::after(PATIENCE)));
    drop(pipe.process.streams().stdout.take());
    endpoint.publish(&topic, &Data::Count(1)).unwrap();
    let (code, said) = pipe.ended();
    assert_eq!(code, Some(0));
    assert!(!said.contains("standard output"), "{said}");
}

#[test]
fn a_signal_ends_it_with_a_farewell() {
    for mode in ["publish", "subscribe"] {
        let (endpoint, at) = endpoint();
        let mut pipe = Pipe::start(&["-m", mode, "-t", "/a", "-p", &at]);
        pipe.said("peer_added");
        pipe.process.signal(Signal::TERM);
        pipe.said("peer_removed");
        assert_eq!(pipe.ended().0, Some(0), "{mode}");
        wait_for("the endpoint knows that it has gone", || endpoint.peers().is_empty());
    }
}

#[test]
fn a_signal_ends_it_also_where_nobody_reads_what_it_says() {
    for places in [&[][..], &["-l", "0", "--local-address", "127.0.0.1"]] {
        let (endpoint, at) = endpoint();
        let (_errors, mut full) = std::io::pipe().unwrap();
        let size = rustix::pipe::fcntl_setpipe_size(&full, 4096).unwrap();
        full.write_all(&vec![b'x'; size]).unwrap();
        let mut pipe = command(broker_pipe());
        pipe.args(["--disable-ssl", "-m", "subscribe", "-t", "/a", "-p", &at]).args(places);
        let mut pipe = Process::start(pipe.stderr(full));
        // It goes to its peers once it has said where it listens itself.
        assert!(endpoint.await_filter_entry(&Topic::new("/a").unwrap(), Deadline::after(PATIENCE)));
        pipe.signal(Signal::TERM);
        assert_eq!(pipe.ended().code(), Some(0));
    }
}

#[test]
fn tls_without_certificates_is_refused_in_words() {
    let mut pipe = command(broker_pipe());
    let output = pipe.args(["-m", "publish", "-t", "/a", "-l", "0"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.starts_with("*** command line: broker.disable-ssl: "), "{said}");
}
