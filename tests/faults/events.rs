//! EVT: `bui-monitor` with `[Events]` and a broker that is not as it should be. Nothing that a broker
//! does may hold up those who ask the daemon.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::haproxy::Site;
use ostler_tests::{Daemon, FakeBurp, Fault, PATIENCE};

/// Questions that are asked meanwhile.
const QUESTIONS: usize = 100;
/// How long one may take, in seconds.
const BOUND: f64 = 0.25;

/// A daemon that would publish to who listens here, and looks for changes as often as it may.
fn daemon(fake: &FakeBurp, broker: SocketAddr) -> Daemon {
    let settings = fake.settings().events("peers", &broker.to_string());
    let daemon = settings.events("retry", "1").events("interval", "0.25").start();
    daemon.wait_ready(2);
    daemon
}

fn listening() -> (TcpListener, SocketAddr) {
    // At an address of its own: a port there is nobody else's while nobody listens on it.
    let listener = TcpListener::bind((Site::new().daemon(0), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The daemon has connected.
fn called(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Whoever asks is answered.
fn answers(daemon: &Daemon, fault: &mut Fault) {
    let mut slowest = Duration::ZERO;
    for _ in 0..QUESTIONS {
        let began = now();
        assert_eq!(daemon.query("c:client1").status(), "OK");
        slowest = slowest.max(now().duration_since(began));
    }
    fault.within("the slowest of 100 answers", slowest, BOUND);
}

#[test]
fn evt_n01_a_broker_that_is_away() {
    let fake = FakeBurp::new();
    let (listener, broker) = listening();
    drop(listener);
    let daemon = daemon(&fake, broker);
    let mut fault = Fault::begin("EVT-N01");
    answers(&daemon, &mut fault);
    let listener = TcpListener::bind(broker).unwrap();
    let mut hello = [0; 4];
    called(&listener).read_exact(&mut hello).unwrap();
    answers(&daemon, &mut fault);
}

#[test]
fn evt_n02_a_broker_that_never_says_a_word() {
    let fake = FakeBurp::new();
    let (listener, broker) = listening();
    let daemon = daemon(&fake, broker);
    let mut fault = Fault::begin("EVT-N02");
    let mut silent = called(&listener);
    answers(&daemon, &mut fault);
    // It is given up, and called again.
    let mut said = Vec::new();
    silent.read_to_end(&mut said).unwrap();
    assert!(said.windows(4).any(|word| word == b"ZEEK"), "{said:?}");
    drop(called(&listener));
}

#[test]
fn evt_n03_a_broker_that_says_garbage() {
    let fake = FakeBurp::new();
    let (listener, broker) = listening();
    let daemon = daemon(&fake, broker);
    let mut fault = Fault::begin("EVT-N03");
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\0\0\0\0", b"\0\0\0\x05\x07XXXX"] {
        let mut stream = called(&listener);
        // It may be gone before all of it is written.
        let _ = stream.write_all(garbage);
        answers(&daemon, &mut fault);
    }
    drop(called(&listener));
}
