//! The server as its clients see it, over real sockets of this machine.
//!
//! Clients block with a timeout of [`PATIENCE`], which is for a broken server only: no test
//! depends on how long something takes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use ostler_runtime::Deadline;

use crate::{Address, Answer, Body, Drained, Head, Limits, Listener, Refusal, Reply};
use crate::{Server, Service};

const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const BIG_BYTES: usize = 8 << 20;

/// Says what it is told, and behaves as it is told. Whoever says to be known is.
struct Echo(Sender<Reply>);

impl Service for Echo {
    fn request(&self, body: &[u8], mut reply: Reply) -> Option<(Reply, Answer)> {
        match body {
            b"late" | b"known late" => {
                if body != b"late" {
                    reply.authenticated();
                }
                self.0.send(reply).unwrap();
                return None;
            }
            b"drop" => return None,
            b"panic" => panic!("as told"),
            b"big" => return Some((reply, answer(vec![7; BIG_BYTES]))),
            _ => {}
        }
        if body.starts_with(b"keep") {
            reply.keep();
        }
        if body.ends_with(b"known") {
            reply.authenticated();
        }
        Some((reply, answer(body.to_vec())))
    }

    fn refused(&self, why: Refusal) -> Option<Answer> {
        (why != Refusal::Truncated { got: 1, announced: None })
            .then(|| answer(format!("{why:?}").into_bytes()))
    }
}

pub(crate) fn answer(body: Vec<u8>) -> Answer {
    Answer { head: Head::new((body.len() as u64).to_be_bytes()), body: Body::from(body) }
}

pub(crate) struct Rig {
    pub(crate) server: Server,
    address: SocketAddr,
    late: Receiver<Reply>,
    service: Arc<Echo>,
}

impl Rig {
    pub(crate) fn new(threads: usize, limits: Limits) -> Self {
        let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        let address = listeners[0].inet().unwrap();
        let (sender, late) = unbounded();
        let service = Arc::new(Echo(sender));
        let server = Server::start(listeners, threads, limits, service.clone()).unwrap();
        Self { server, address, late, service }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(self.address).unwrap())
    }

    pub(crate) fn ask(&self, body: &[u8]) -> TcpStream {
        let mut client = self.connect();
        client.write_all(&frame(body)).unwrap();
        client
    }

    pub(crate) fn reply(&self) -> Reply {
        self.late.recv_timeout(PATIENCE).unwrap()
    }
}

fn patient(client: TcpStream) -> TcpStream {
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.set_write_timeout(Some(PATIENCE)).unwrap();
    client
}

pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u64).to_be_bytes(), body].concat()
}

/// One answer, the connection staying open.
pub(crate) fn one(client: &mut impl Read) -> Vec<u8> {
    let mut head = [0; 8];
    client.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::try_from(u64::from_be_bytes(head)).unwrap()];
    client.read_exact(&mut body).unwrap();
    body
}

/// One answer and the end of the connection; an error if it is a reset.
pub(crate) fn last(client: &mut impl Read) -> Vec<u8> {
    let body = one(client);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    body
}

/// Whether the connection ends without a byte more, by whatever way.
pub(crate) fn is_closed(client: &mut TcpStream) -> bool {
    match client.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Waits for what no event tells.
pub(crate) fn until(mut come: impl FnMut() -> bool) {
    let deadline = Deadline::after(PATIENCE);
    while !come() {
        assert!(!deadline.passed(), "it never came");
        std::thread::yield_now();
    }
}

#[test]
fn a_header_may_come_byte_by_byte() {
    let rig = Rig::new(1, Limits::default());
    let mut client = rig.connect();
    client.set_nodelay(true).unwrap();
    for byte in frame(b"hello") {
        client.write_all(&[byte]).unwrap();
    }
    assert_eq!(last(&mut client), b"hello");
    assert_eq!(rig.server.statistics().requests, 1);
}

#[test]
fn a_unix_socket_serves_too_and_its_file_goes() {
    let path = std::env::temp_dir().join(format!("ostler-net-{}.sock", std::process::id()));
    let listeners = Listener::bind(&Address::Unix(path.clone())).unwrap();
    let service = Arc::new(Echo(unbounded().0));
    let server = Server::start(listeners, 1, Limits::default(), service).unwrap();
    let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(&frame(b"hello")).unwrap();
    assert_eq!(last(&mut client), b"hello");
    server.stop();
    assert!(!path.exists());
}

#[test]
fn bytes_behind_the_request_do_not_destroy_its_answer() {
    let rig = Rig::new(1, Limits::default());
    for surplus in [1, 500, 200_000] {
        let mut client = rig.connect();
        client.write_all(&[frame(b"hello"), vec![0; surplus]].concat()).unwrap();
        assert_eq!(last(&mut client), b"hello", "{surplus} bytes more");
    }
}

#[test]
fn silent_clients_hold_no_thread() {
    let rig = Rig::new(1, Limits::default());
    let mut silent: Vec<_> = (0..200).map(|_| rig.connect()).collect();
    for client in silent.iter_mut().take(100) {
        client.write_all(&[0; 3]).unwrap();
    }
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    let mut first = silent.swap_remove(0);
    first.write_all(&[0, 0, 0, 0, 2, b'o', b'k']).unwrap();
    assert_eq!(last(&mut first), b"ok");
}

#[test]
fn a_half_closed_client_reads_its_answer() {
    let rig = Rig::new(1, Limits::default());
    let mut client = rig.ask(b"late");
    let reply = rig.reply();
    assert!(!reply.client_left());
    client.shutdown(Shutdown::Write).unwrap();
    until(|| reply.client_left());
    reply.send(answer(b"still".to_vec()));
    assert_eq!(last(&mut client), b"still");
}

#[test]
fn an_answer_may_come_later_and_by_either_way() {
    let rig = Rig::new(1, Limits::default());
    let mut clients = [rig.ask(b"late"), rig.ask(b"late")];
    let (first, second) = (rig.reply(), rig.reply());
    second.send_here(answer(vec![2; BIG_BYTES]));
    first.send(answer(vec![1; BIG_BYTES]));
    let mut answers = clients.each_mut().map(|client| last(client)[0]);
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);
    assert_eq!(rig.server.statistics().unanswered, 0);
}

#[test]
fn a_dropped_reply_and_a_panic_close_their_connection_only() {
    let rig = Rig::new(1, Limits::default());
    assert!(is_closed(&mut rig.ask(b"drop")));
    assert!(is_closed(&mut rig.ask(b"panic")));
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    // The unwinding closes the connection before the panic is counted.
    until(|| rig.server.statistics().panics == 1);
    assert_eq!(rig.server.statistics().unanswered, 2);
}

#[test]
fn a_slow_reader_of_a_large_answer_holds_nobody_up() {
    let rig = Rig::new(1, Limits::default());
    let mut slow = rig.ask(b"big");
    let mut start = [0; 8];
    slow.read_exact(&mut start).unwrap();
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, vec![7; BIG_BYTES]);
}

#[test]
fn a_kept_connection_carries_further_requests() {
    let rig = Rig::new(1, Limits::default());
    let mut client = rig.ask(b"keep");
    assert_eq!(one(&mut client), b"keep");
    client.write_all(&frame(b"second")).unwrap();
    assert_eq!(one(&mut client), b"second");
    // Two at once, the second in pieces.
    let bytes = [frame(b"third"), frame(b"fourth")].concat();
    client.write_all(&bytes[..20]).unwrap();
    assert_eq!(one(&mut client), b"third");
    client.write_all(&bytes[20..]).unwrap();
    assert_eq!(one(&mut client), b"fourth");
    client.shutdown(Shutdown::Write).unwrap();
    assert!(is_closed(&mut client));
    assert_eq!(rig.server.statistics().accepted, 1);
}

#[test]
fn what_cannot_become_a_request_is_refused_in_the_services_words() {
    let rig = Rig::new(1, Limits { max_request: 100, ..Limits::default() });
    let mut client = rig.connect();
    client.write_all(&101_u64.to_be_bytes()).unwrap();
    client.write_all(&[0; 101]).unwrap();
    assert_eq!(last(&mut client), b"Oversized { announced: 101, limit: 100 }");
    for (bytes, words) in [
        (&frame(b"hello")[..12], "Truncated { got: 12, announced: Some(5) }"),
        (&[0; 3], "Truncated { got: 3, announced: None }"),
    ] {
        let mut client = rig.connect();
        client.write_all(bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(last(&mut client), words.as_bytes());
    }
    // No words of the service, and no request at all: no bytes.
    for bytes in [&[0_u8][..], &[]] {
        let mut client = rig.connect();
        client.write_all(bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert!(is_closed(&mut client));
    }
    let statistics = rig.server.statistics();
    assert_eq!((statistics.oversized, statistics.truncated), (1, 3));
}

#[test]
fn whoever_sends_too_slowly_is_closed() {
    let soon = Duration::from_millis(1);
    let rig = Rig::new(1, Limits { header_deadline: soon, ..Limits::default() });
    assert!(is_closed(&mut rig.connect()));
    assert_eq!(rig.server.statistics().timeouts, 1);

    let rig = Rig::new(1, Limits { request_deadline: soon, ..Limits::default() });
    let mut client = rig.connect();
    client.write_all(&frame(b"hello")[..9]).unwrap();
    assert!(is_closed(&mut client));
    assert_eq!(rig.server.statistics().timeouts, 1);

    let rig = Rig::new(1, Limits { keep_idle: soon, ..Limits::default() });
    let mut client = rig.ask(b"keep");
    assert_eq!(last(&mut client), b"keep");
    assert_eq!(rig.server.statistics().timeouts, 0);
}

#[test]
fn whoever_reads_too_slowly_is_closed() {
    let soon = Duration::from_millis(1);
    let rig = Rig::new(1, Limits { write_deadline: soon, ..Limits::default() });
    let mut client = rig.ask(b"late");
    rig.reply().send(answer(vec![0; BIG_BYTES * 8]));
    // Reading nothing until the server has given up is what makes this reader slow.
    until(|| rig.server.statistics().open == 0);
    let mut some = Vec::new();
    let _ = client.read_to_end(&mut some);
    assert!(some.len() < BIG_BYTES * 8);
    assert_eq!(rig.server.statistics().timeouts, 1);
}

#[test]
fn whoever_sends_on_behind_the_answer_is_left_after_a_while() {
    let limits = Limits { linger: Duration::from_millis(1), ..Limits::default() };
    let rig = Rig::new(1, limits);
    let mut client = rig.connect();
    client.write_all(&[frame(b"hello"), vec![0; 9]].concat()).unwrap();
    assert_eq!(last(&mut client), b"hello");
    until(|| rig.server.statistics().open == 0);
    assert_eq!(rig.server.statistics().timeouts, 0);
}

#[test]
fn draining_answers_what_has_begun_and_closes_what_is_silent() {
    let mut rig = Rig::new(1, Limits::default());
    let (mut silent, mut begun, mut asked) = (rig.connect(), rig.connect(), rig.ask(b"late"));
    let mut kept = rig.ask(b"keep");
    assert_eq!(one(&mut kept), b"keep");
    begun.write_all(&frame(b"hello")[..10]).unwrap();
    let reply = rig.reply();

    rig.server.stop_accepting();
    assert!(TcpStream::connect(rig.address).is_err());
    let finish = std::thread::scope(|scope| {
        let server = &mut rig.server;
        let drained = scope.spawn(move || server.drain(Deadline::after(PATIENCE)));
        assert!(is_closed(&mut silent));
        assert!(is_closed(&mut kept));
        begun.write_all(&frame(b"hello")[10..]).unwrap();
        assert_eq!(last(&mut begun), b"hello");
        reply.send(answer(b"done".to_vec()));
        assert_eq!(last(&mut asked), b"done");
        drained.join().unwrap()
    });
    assert_eq!(finish, Drained::Whole);
}

#[test]
fn a_drain_ends_with_its_deadline_and_a_stop_leaves_nothing() {
    let mut rig = Rig::new(2, Limits::default());
    let mut client = rig.ask(b"late");
    let reply = rig.reply();
    assert_eq!(rig.server.drain(Deadline::after(Duration::ZERO)), Drained::Cut(1));
    rig.server.stop();
    reply.send(answer(b"too late".to_vec()));
    assert!(is_closed(&mut client));
    assert_eq!(Arc::strong_count(&rig.service), 1);
}
