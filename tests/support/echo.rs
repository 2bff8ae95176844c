//! A server of `ostler-net` in this process, whose service says what it is told.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use ostler_net::tls::{Identity, LiveIdentity, Settings};
use ostler_net::{
    Address, Answer, Body, Drained, Head, Limits, Listener, Refusal, Reply, Server, Service,
    Statistics,
};

use ostler_runtime::Deadline;

use crate::certificates::Pair;
use crate::wait::{PATIENCE, wait_for};
use crate::wire::frame;

/// Bytes of the answer to `big`.
pub const BIG_BYTES: usize = 8 << 20;

/// A server on a port of its own, with one connection thread.
pub struct Echo {
    server: Server,
    address: SocketAddr,
    late: Receiver<Reply>,
}

impl Echo {
    /// Speaks TLS with what `identity` holds, or plain.
    pub fn new(identity: Option<&Arc<LiveIdentity>>, limits: Limits) -> Self {
        let address = Address::parse("127.0.0.1", 0).expect("an address");
        let listener = Listener::bind(&address).expect("a port").remove(0);
        let address = listener.inet().expect("a port");
        let listener = match identity {
            Some(identity) => listener.secured(Arc::clone(identity)),
            None => listener,
        };
        let (sender, late) = channel();
        let service = Arc::new(Told(Mutex::new(sender)));
        let server = Server::start(vec![listener], 1, limits, service).expect("a server");
        Self { server, address, late }
    }

    /// Speaks TLS with this certificate.
    pub fn secured(pair: &Pair, limits: Limits) -> Self {
        Self::new(Some(&Arc::new(LiveIdentity::new(identity(pair)))), limits)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has counted.
    pub fn statistics(&self) -> Statistics {
        self.server.statistics()
    }

    /// Waits until it has counted `wanted`.
    pub fn counts(&self, what: &str, wanted: impl Fn(&Statistics) -> bool) {
        wait_for(what, || wanted(&self.server.statistics()));
    }

    /// Lets all come to their end.
    pub fn drain(&mut self) -> Drained {
        self.server.drain(Deadline::after(PATIENCE))
    }

    /// The next request that said `late`, to be answered by the test.
    pub fn reply(&self) -> Reply {
        self.late.recv_timeout(PATIENCE).expect("a request that said late")
    }
}

/// An identity of this pair that demands nothing of clients.
pub fn identity(pair: &Pair) -> Identity {
    let Pair { certificate, key } = pair.clone();
    Identity::load(&Settings { certificate, key, client_ca: None }).expect("an identity")
}

/// A body in the form of the service's answers, which is that of its requests.
pub fn answer(body: Vec<u8>) -> Answer {
    Answer { head: Head::new((body.len() as u64).to_be_bytes()), body: Body::from(body) }
}

/// Sends `body` and reads its answer, the connection staying open.
pub fn ask(stream: &mut (impl Read + Write), body: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(&frame(body))?;
    one(stream)
}

/// Reads one answer, the connection staying open.
pub fn one(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let mut body = vec![0; usize::try_from(u64::from_be_bytes(head)).expect("a length")];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// Reads one answer and the end of the connection, which must be in order.
pub fn last(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let body = one(stream)?;
    let surplus = stream.read(&mut [0; 1])?;
    assert_eq!(surplus, 0, "more than an answer");
    Ok(body)
}

struct Told(Mutex<Sender<Reply>>);

impl Service for Told {
    fn request(&self, body: &[u8], mut reply: Reply) -> Option<(Reply, Answer)> {
        match body {
            b"late" => {
                // A test that has ended does not want it any more.
                let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(reply);
                return None;
            }
            b"big" => return Some((reply, answer(vec![7; BIG_BYTES]))),
            b"who" => {
                let origin =
                    reply.origin().map_or("exempt".to_owned(), |origin| origin.to_string());
                let who = format!("{}, {origin}", reply.peer());
                return Some((reply, answer(who.into_bytes())));
            }
            _ => {}
        }
        if body.starts_with(b"keep") {
            reply.keep();
        }
        Some((reply, answer(body.to_vec())))
    }

    fn refused(&self, why: Refusal) -> Option<Answer> {
        Some(answer(format!("{why:?}").into_bytes()))
    }
}
