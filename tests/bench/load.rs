//! The load: clients that connect, send one request, read the whole answer and close, over and
//! over. It shares two cores with the daemon that it measures, so a request costs it six system
//! calls and no allocation.
//!
//! A client closes when it has the answer by its length and does not wait for the daemon's close,
//! as Burp-UI does. No option keeps closed connections from resting in `TIME_WAIT`: the kernel takes
//! such a port again on loopback, and the runs at full speed have shown no refused connection.

use std::io;
use std::net::SocketAddrV4;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ostler_runtime::now;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
};

use crate::interrupt;
use crate::tls::Session;

/// How long a client waits for the next bytes of an answer.
///
/// The original serves 32 browses one by one in more than a minute.
const SILENCE: Duration = Duration::from_secs(180);
/// The bytes that a client reads at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// A client that met this many failures in a round gives up, lest it only makes noise.
const MAX_FAILURES: u64 = 200;

/// How a connection is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As it is.
    Plain,
    /// TLS 1.3, a whole handshake for each connection.
    Tls,
}

impl Wire {
    /// Both.
    pub(crate) const ALL: &[Self] = &[Self::Plain, Self::Tls];

    /// The name in the table and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
    }

    /// The wire called `name`.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|wire| wire.name() == name);
        found.copied().ok_or_else(|| "there are plain and tls".to_owned())
    }
}

/// Where the requests go, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// The daemon's address.
    pub(crate) address: SocketAddrV4,
    /// How a connection is spoken.
    pub(crate) wire: Wire,
    /// Header and body in two writes.
    pub(crate) two_writes: bool,
}

/// One request and the only right answer, both as they stand on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What is sent.
    pub(crate) frame: Vec<u8>,
    /// What must come back.
    pub(crate) answer: Vec<u8>,
}

/// When a round ends: at the first of both. Requests under way are still finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The time for new requests.
    pub(crate) time: Duration,
    /// Requests a client.
    pub(crate) count: usize,
}

/// What came of a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Requests that got the right answer.
    pub(crate) right: u64,
    /// Other answers with the status OK.
    pub(crate) wrong: u64,
    /// Refused or broken connections, and answers of another status.
    pub(crate) errors: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// The time of each right answer, in units of 100 ns, not in order.
    pub(crate) latencies: Vec<u32>,
    /// The first thing that was not right.
    pub(crate) complaint: Option<String>,
}

impl Outcome {
    /// Right answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.right as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The latency in milliseconds that `share` (0 to 1) of the answers did not exceed,
    /// once they are in order.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts far below 2^52"
    )]
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let sorted = &self.latencies;
        let last = sorted.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        sorted.get(at).map_or(0.0, |&units| f64::from(units) / 10_000.0)
    }

    /// A time as a part for each right answer, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn for_each_ms(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1000.0 / self.right.max(1) as f64
    }

    /// Adds what another client or round has seen; the elapsed time stays.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.errors += other.errors;
        self.latencies.append(&mut other.latencies);
        self.complaint = self.complaint.take().or(other.complaint);
    }
}

/// Runs `clients` clients, who are spread over the targets in turn; client `i` sends the requests of
/// `plan(i)` in turn.
pub(crate) fn run<'a>(
    targets: &[Target],
    clients: usize,
    bounds: Bounds,
    plan: impl Fn(usize) -> Vec<&'a Request>,
) -> Outcome {
    let targets = targets.iter().cycle().take(clients);
    let all: Vec<_> = targets.enumerate().map(|(number, &target)| (target, plan(number))).collect();
    together(all.into_iter(), |(target, plan), barrier| client(target, bounds, &plan, barrier))
}

/// Has each of these worked through on a thread of its own; all begin at the barrier, and what came
/// of them is one.
pub(crate) fn together<T: Send>(
    all: impl ExactSizeIterator<Item = T>,
    work: impl Fn(T, &Barrier) -> Outcome + Sync,
) -> Outcome {
    let barrier = Barrier::new(all.len() + 1);
    thread::scope(|scope| {
        let (work, barrier) = (&work, &barrier);
        let running: Vec<_> = all.map(|one| scope.spawn(move || work(one, barrier))).collect();
        barrier.wait();
        let start = now();
        let mut all = Outcome::default();
        for handle in running {
            match handle.join() {
                Ok(one) => all.absorb(one),
                Err(_) => all.errors += 1,
            }
        }
        all.elapsed = start.elapsed();
        all
    })
}

/// One request, outside of any measurement. `Err` says what was not right.
pub(crate) fn once(target: Target, request: &Request) -> Result<(), String> {
    let mut chunk = vec![0; CHUNK_BYTES];
    match exchange(target, request, &mut chunk) {
        Ok(Verdict::Right) => Ok(()),
        Ok(Verdict::Wrong(why) | Verdict::Refused(why)) => Err(why),
        Err(error) => Err(error.to_string()),
    }
}

enum Verdict {
    Right,
    Wrong(String),
    Refused(String),
}

fn client(target: Target, bounds: Bounds, plan: &[&Request], barrier: &Barrier) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.latencies.reserve(1 << 17);
    let mut chunk = vec![0; CHUNK_BYTES];
    barrier.wait();
    let mut last = now();
    let end = last + bounds.time;
    for request in plan.iter().cycle().take(bounds.count) {
        if last >= end || interrupt::asked() || outcome.errors + outcome.wrong > MAX_FAILURES {
            break;
        }
        let verdict = exchange(target, request, &mut chunk);
        let answered = now();
        match verdict {
            Ok(Verdict::Right) => {
                outcome.right += 1;
                outcome.latencies.push(units(last, answered));
            }
            Ok(Verdict::Wrong(why)) => {
                outcome.wrong += 1;
                outcome.complaint.get_or_insert(why);
            }
            Ok(Verdict::Refused(why)) => {
                outcome.errors += 1;
                outcome.complaint.get_or_insert(why);
            }
            Err(error) => {
                outcome.errors += 1;
                outcome.complaint.get_or_insert_with(|| error.to_string());
            }
        }
        // The close lies between two requests and belongs to the next one's time.
        last = answered;
    }
    outcome
}

/// The time between two moments in units of 100 ns, as [`Outcome::latencies`] has them.
pub(crate) fn units(from: Instant, to: Instant) -> u32 {
    u32::try_from(to.saturating_duration_since(from).as_nanos() / 100).unwrap_or(u32::MAX)
}

fn exchange(target: Target, request: &Request, chunk: &mut [u8]) -> io::Result<Verdict> {
    let socket = dial(target.address)?;
    let header = if target.two_writes { 8.min(request.frame.len()) } else { 0 };
    let (header, body) = request.frame.split_at(header);
    match target.wire {
        Wire::Plain => {
            write(&socket, header)?;
            write(&socket, body)?;
            read(|chunk| receive(&socket, chunk), &request.answer, chunk)
        }
        Wire::Tls => {
            let mut session = Session::open(socket)?;
            session.write(header)?;
            session.write(body)?;
            read(|chunk| session.read(chunk), &request.answer, chunk)
        }
    }
}

fn dial(address: SocketAddrV4) -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(SILENCE))?;
    connect(&socket, &address)?;
    Ok(socket)
}

fn write(socket: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match send(socket, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn receive(socket: &OwnedFd, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match recv(socket, &mut *chunk, RecvFlags::empty()) {
            Ok((got, _)) => return Ok(got),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads until as many bytes have come as are expected, and compares them on the way.
fn read(
    mut receive: impl FnMut(&mut [u8]) -> io::Result<usize>,
    mut expected: &[u8],
    chunk: &mut [u8],
) -> io::Result<Verdict> {
    let mut first = true;
    while !expected.is_empty() {
        let got = receive(chunk)?;
        let bytes = chunk.get(..got).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(Verdict::Refused(format!("closed, {} bytes missing", expected.len())));
        }
        let Some(rest) = expected.strip_prefix(bytes) else {
            let text: String = String::from_utf8_lossy(bytes).chars().take(300).collect();
            let refused = first && (bytes.starts_with(b"ER") || bytes.starts_with(b"KO"));
            return Ok(if refused { Verdict::Refused(text) } else { Verdict::Wrong(text) });
        };
        expected = rest;
        first = false;
    }
    Ok(Verdict::Right)
}
