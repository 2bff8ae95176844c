//! A service on a port of its own that can be away, slow or broken as a test wants.
//!
//! It shares no code with what it is asked by: heads are read and answers are written here, a
//! thread a connection.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};
use rustix::net::sockopt::set_socket_reuseport;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use serde_json::Value;

use crate::openkat_books::Call;

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// It is answered with this status, and nothing is done.
    Status(u16),
    /// It is done and answered after so long, or as soon as the service is
    /// [healed](crate::OpenKat::heal).
    Delay(Duration),
    /// It is done at once, and answered after so long, or as soon as the service is
    /// [healed](crate::OpenKat::heal).
    Late(Duration),
    /// The connection is closed without an answer, and nothing is done.
    Dropped,
    /// Nothing is done and nothing said until the service is [healed](crate::OpenKat::heal); then the
    /// connection is closed.
    Silent,
    /// It is done, and the answer comes in so many pieces, with a pause between them.
    Pieces(usize, Duration),
    /// It is done, but the connection is closed without an answer.
    Lost,
    /// It is done, but the answer ends in its middle.
    Cut,
    /// Nothing is done, and the answer is a success with this body.
    Body(Vec<u8>),
    /// Nothing is done, and the answer has this status and asks for so many seconds of patience.
    Later(u16, u64),
    /// Nothing is done, and the answer has this status and this body.
    Answer(u16, Vec<u8>),
}

/// What a service answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, json: &Value) -> Self {
        Self { status, body: json.to_string().into_bytes() }
    }
}

/// Does what a call asks for.
pub(crate) type Answer = Box<dyn Fn(&Call) -> Reply + Send + Sync>;
/// Enters a call in the books, and what it was answered under the number that this gave.
pub(crate) type Enter = Box<dyn Fn(&Entry<'_>) -> usize + Send + Sync>;

/// What there is to enter.
pub(crate) enum Entry<'a> {
    Call(&'a Call),
    Status(usize, u16),
}

/// A running service.
pub(crate) struct Site {
    shared: Arc<Shared>,
    acceptor: Option<Thread>,
}

struct Shared {
    address: SocketAddr,
    /// Keeps the port while nobody listens.
    _reserved: OwnedFd,
    name: &'static str,
    answer: Answer,
    enter: Enter,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// `None` while the service is away.
    listener: Option<Arc<TcpListener>>,
    is_over: bool,
    healed: u64,
    troubles: Vec<Injected>,
    connections: Vec<TcpStream>,
    threads: Vec<Thread>,
}

struct Injected {
    on: String,
    times: usize,
    trouble: Trouble,
}

impl Site {
    pub(crate) fn new(name: &'static str, answer: Answer, enter: Enter) -> Self {
        let reserved = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let reserved = TcpListener::from(reserved);
        let address = reserved.local_addr().expect("an address");
        let (state, changed) = (Mutex::default(), Condvar::new());
        let reserved = reserved.into();
        let shared =
            Arc::new(Shared { address, _reserved: reserved, name, answer, enter, state, changed });
        let accepting = Arc::clone(&shared);
        let acceptor = Thread::spawn(name, move || accepting.accept()).expect("a thread");
        let site = Self { shared, acceptor: Some(acceptor) };
        site.accept();
        site
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Refuses connections, and closes those that there are. The port stays its own.
    pub(crate) fn refuse(&self) {
        self.shared.state().close();
    }

    /// Accepts connections again.
    pub(crate) fn accept(&self) {
        let listener = bound(self.shared.address);
        listen(&listener, 128).expect("to listen");
        self.shared.state().listener = Some(Arc::new(listener.into()));
        self.shared.changed.notify_all();
    }

    pub(crate) fn inject(&self, on: &str, times: usize, trouble: Trouble) {
        self.shared.state().troubles.push(Injected { on: on.to_owned(), times, trouble });
    }

    pub(crate) fn heal(&self) {
        let mut state = self.shared.state();
        state.troubles.clear();
        state.healed += 1;
        self.shared.changed.notify_all();
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections.len()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let threads = {
            let mut state = self.shared.state();
            state.is_over = true;
            state.close();
            self.shared.changed.notify_all();
            std::mem::take(&mut state.threads)
        };
        self.acceptor = None;
        drop(threads);
    }
}

impl State {
    fn close(&mut self) {
        if let Some(listener) = self.listener.take() {
            // This ends the wait for the next connection.
            rustix::net::shutdown(&*listener, rustix::net::Shutdown::Both).expect("an end");
        }
        for connection in &self.connections {
            // Its client may have gone.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a state")
    }

    fn accept(self: Arc<Self>) {
        while let Some(listener) = self.listener() {
            let accepted = listener.accept();
            let mut state = self.state();
            // Whoever was accepted just before the service went is sent away like all others.
            let is_here = state.listener.as_ref().is_some_and(|now| Arc::ptr_eq(now, &listener));
            let Some((stream, peer)) = accepted.ok().filter(|_| is_here) else { continue };
            state.threads.retain(|thread| !thread.has_ended());
            state.connections.push(stream.try_clone().expect("a descriptor"));
            let serving = Arc::clone(&self);
            let thread = Thread::spawn(&format!("{}:{}", self.name, peer.port()), move || {
                // A client may leave whenever it likes.
                let _ = serving.serve(&stream);
                let mut state = serving.state();
                state.connections.retain(|one| one.peer_addr().is_ok_and(|other| other != peer));
                let _ = stream.shutdown(Shutdown::Both);
            });
            state.threads.push(thread.expect("a thread"));
        }
    }

    /// Who listens, as soon as somebody does; `None` at the end.
    fn listener(&self) -> Option<Arc<TcpListener>> {
        let mut state = self.state();
        while state.listener.is_none() && !state.is_over {
            state = self.changed.wait(state).expect("a state");
        }
        state.listener.clone()
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(call) = read(&mut reader, self.name)? {
            let number = (self.enter)(&Entry::Call(&call));
            let (trouble, healed) = self.trouble(&call);
            match trouble {
                Some(Trouble::Delay(delay)) => self.wait(delay, healed),
                Some(Trouble::Silent) => self.wait(Duration::MAX, healed),
                _ => {}
            }
            let reply = match &trouble {
                Some(Trouble::Dropped | Trouble::Silent) => return Ok(()),
                Some(Trouble::Status(status) | Trouble::Later(status, _)) => {
                    Reply::json(*status, &serde_json::json!({"detail": "as the test wants"}))
                }
                Some(Trouble::Body(body)) => Reply { status: 200, body: body.clone() },
                Some(Trouble::Answer(status, body)) => {
                    Reply { status: *status, body: body.clone() }
                }
                _ => (self.answer)(&call),
            };
            if let Some(Trouble::Late(delay)) = trouble {
                self.wait(delay, healed);
            }
            (self.enter)(&Entry::Status(number, reply.status));
            let later = match trouble {
                Some(Trouble::Later(_, seconds)) => format!("Retry-After: {seconds}\r\n"),
                _ => String::new(),
            };
            let mut bytes = format!(
                "HTTP/1.1 {} As It Is\r\nContent-Type: application/json\r\n{later}Content-Length: {}\r\n\r\n",
                reply.status,
                reply.body.len()
            )
            .into_bytes();
            bytes.extend(reply.body);
            match trouble {
                Some(Trouble::Lost) => return Ok(()),
                Some(Trouble::Pieces(pieces, pause)) => {
                    self.dole_out(stream, &bytes, bytes.len().div_ceil(pieces), pause, healed)?;
                }
                Some(Trouble::Cut) => {
                    let (first, _) = bytes.split_at(bytes.len() - 1);
                    return (&*stream).write_all(first);
                }
                _ => (&*stream).write_all(&bytes)?,
            }
        }
        Ok(())
    }

    /// Sends pieces of this size, with a pause after each until the service is healed.
    fn dole_out(
        &self,
        mut stream: &TcpStream,
        bytes: &[u8],
        size: usize,
        pause: Duration,
        healed: u64,
    ) -> io::Result<()> {
        for piece in bytes.chunks(size) {
            stream.write_all(piece)?;
            self.wait(pause, healed);
        }
        Ok(())
    }

    /// What is to go wrong with this call, and how often the service was healed before: whoever
    /// heals it after that ends the trouble.
    fn trouble(&self, call: &Call) -> (Option<Trouble>, u64) {
        let mut state = self.state();
        let healed = state.healed;
        let line = format!("{} {}", call.method, call.target);
        let fits = |one: &&mut Injected| one.times > 0 && line.contains(&one.on);
        let Some(found) = state.troubles.iter_mut().find(fits) else { return (None, healed) };
        found.times -= 1;
        (Some(found.trouble.clone()), healed)
    }

    /// Waits so long, or until the service is healed, as it was so many times, or at its end.
    fn wait(&self, delay: Duration, healed: u64) {
        let deadline = Deadline::after(delay);
        let mut state = self.state();
        while !state.is_over && state.healed == healed && !deadline.passed() {
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            state = self.changed.wait_timeout(state, left).expect("a state").0;
        }
    }
}

/// A socket at this address that may share it with others of its kind.
fn bound(address: SocketAddr) -> OwnedFd {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
    let socket = socket.expect("a socket");
    set_socket_reuseport(&socket, true).expect("an option");
    bind(&socket, &address).expect("a port");
    socket
}

/// The next call on a connection, if there is one.
fn read(reader: &mut impl BufRead, service: &'static str) -> io::Result<Option<Call>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (method, target) = (words.next().expect("a method"), words.next().expect("a target"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut call = Call { service, method, target, headers, body: Vec::new(), status: None };
    assert_eq!(call.header("transfer-encoding"), None, "bodies have a length here");
    let length = call.header("content-length").map_or(0, |text| text.parse().expect("a length"));
    call.body = vec![0; length];
    reader.read_exact(&mut call.body)?;
    Ok(Some(call))
}
