//! The wire protocol of `bui-monitor` from the client's side, byte by byte where a test wants it.
//!
//! Every read and write is under one deadline for the connection, so that a test of a silent
//! daemon fails instead of hanging.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use ostler_runtime::Deadline;
use serde_json::{Value, json};

use crate::clients::{connect_from, port};
use crate::wait::PATIENCE;

/// The password of every daemon under test that was given no other.
pub const PASSWORD: &str = "only for tests";

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A path.
    Unix(PathBuf),
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// `OK` with this body.
    Ok(Vec<u8>),
    /// `KO`, and nothing else.
    Ko,
    /// `ER` with this text.
    Er(String),
    /// The daemon closed without a byte.
    Closed,
    /// Anything else, and all of it.
    Strange(Vec<u8>),
}

impl Answer {
    /// Reads an answer that came whole.
    pub fn parse(bytes: &[u8]) -> Self {
        let strange = || Self::Strange(bytes.to_vec());
        let Some((status, rest)) = bytes.split_at_checked(2) else {
            return if bytes.is_empty() { Self::Closed } else { strange() };
        };
        if status == b"KO" && rest.is_empty() {
            return Self::Ko;
        }
        let Some((head, body)) = rest.split_first_chunk::<8>() else {
            return strange();
        };
        if u64::try_from(body.len()) != Ok(u64::from_be_bytes(*head)) {
            return strange();
        }
        match (status, std::str::from_utf8(body)) {
            (b"OK", _) => Self::Ok(body.to_vec()),
            (b"ER", Ok(text)) => Self::Er(text.to_owned()),
            _ => strange(),
        }
    }

    /// The body of an `OK`.
    pub fn body(self) -> Vec<u8> {
        match self {
            Self::Ok(body) => body,
            other => panic!("OK was expected, not {other:?}"),
        }
    }

    /// The body of an `OK` as text.
    pub fn text(self) -> String {
        String::from_utf8(self.body()).expect("UTF-8")
    }

    /// The body of an `OK` as JSON.
    pub fn json(self) -> Value {
        serde_json::from_slice(&self.body()).expect("JSON")
    }

    /// The text of an `ER`.
    pub fn error(self) -> String {
        match self {
            Self::Er(text) => text,
            other => panic!("ER was expected, not {other:?}"),
        }
    }

    /// The first two letters, as a test's table names them.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Ok(_) => "OK",
            Self::Ko => "KO",
            Self::Er(_) => "ER",
            Self::Closed => "closed",
            Self::Strange(_) => "strange",
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |bytes: &[u8]| {
            let start = bytes.get(..bytes.len().min(300)).unwrap_or_default();
            format!("{} bytes: {}", bytes.len(), start.escape_ascii())
        };
        match self {
            Self::Ok(body) => write!(out, "OK {}", shown(body)),
            Self::Er(text) => write!(out, "ER {text:?}"),
            Self::Strange(bytes) => write!(out, "strange {}", shown(bytes)),
            Self::Ko | Self::Closed => write!(out, "{}", self.status()),
        }
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// One connection to a daemon.
pub struct Wire {
    stream: Stream,
    deadline: Deadline,
    /// What came beyond the last answer.
    pending: Vec<u8>,
}

impl Wire {
    /// Connects.
    pub fn connect(address: &Address) -> Self {
        Self::try_connect(address).unwrap_or_else(|error| panic!("connect to {address:?}: {error}"))
    }

    /// Connects to an IPv4 address from another one. All of 127/8 is this machine's, so that a test
    /// can be many.
    pub fn connect_from(source: Ipv4Addr, address: &Address) -> Self {
        let stream = Stream::Tcp(connect_from(source, port(address)));
        Self { stream, deadline: Deadline::after(PATIENCE), pending: Vec::new() }
    }

    /// Connects, or says why not.
    pub fn try_connect(address: &Address) -> io::Result<Self> {
        let stream = match address {
            Address::Tcp(address) => Stream::Tcp(TcpStream::connect_timeout(address, PATIENCE)?),
            Address::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        if let Stream::Tcp(stream) = &stream {
            // A test that writes in pieces means pieces.
            stream.set_nodelay(true)?;
        }
        Ok(Self { stream, deadline: Deadline::after(PATIENCE), pending: Vec::new() })
    }

    /// Writes bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("write to the daemon");
    }

    /// Writes bytes as they are, or says why not.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write_all(bytes),
            Stream::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// Writes a length and the body, in one write.
    pub fn frame(&mut self, body: &[u8]) {
        self.send(&frame(body));
    }

    /// Says that nothing more will be written.
    pub fn half_close(&mut self) {
        let done = match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        };
        done.expect("half-close");
    }

    /// Reads once; empty at the end of the stream.
    pub fn read_some(&mut self) -> io::Result<Vec<u8>> {
        let left = self.deadline.remaining().unwrap_or(PATIENCE).max(Duration::from_millis(1));
        let mut buffer = vec![0; 64 * 1024];
        let read = match &mut self.stream {
            Stream::Tcp(stream) => {
                stream.set_read_timeout(Some(left))?;
                stream.read(&mut buffer)?
            }
            Stream::Unix(stream) => {
                stream.set_read_timeout(Some(left))?;
                stream.read(&mut buffer)?
            }
        };
        buffer.truncate(read);
        Ok(buffer)
    }

    /// Reads until the daemon closes. A reset fails the test, since it could have destroyed the
    /// answer.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.pending);
        loop {
            let some = self.read_some().unwrap_or_else(|error| {
                panic!("after {} bytes: {error}", all.len());
            });
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    /// Reads one answer, until the daemon closes.
    pub fn answer(&mut self) -> Answer {
        Answer::parse(&self.rest())
    }

    /// Reads one answer of a connection that the daemon keeps open; more may have come with it.
    pub fn kept_answer(&mut self) -> Answer {
        loop {
            if let Some(size) = whole(&self.pending) {
                let rest = self.pending.split_off(size);
                return Answer::parse(&std::mem::replace(&mut self.pending, rest));
            }
            let some = self.read_some().expect("read from the daemon");
            assert!(!some.is_empty(), "closed within {:?}", Answer::parse(&self.pending));
            self.pending.extend(some);
        }
    }
}

/// The size of the answer that `bytes` begin with, if it has come whole.
fn whole(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"KO") {
        return Some(2);
    }
    let head = bytes.get(2..)?.first_chunk()?;
    let size = usize::try_from(u64::from_be_bytes(*head)).ok()?.checked_add(10)?;
    (bytes.len() >= size).then_some(size)
}

/// A length and the body.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut all = u64::try_from(body.len()).expect("a length").to_be_bytes().to_vec();
    all.extend(body);
    all
}

/// Asks with one connection of its own, as Burp-UI does; adds the password.
pub fn ask(address: &Address, request: &Value) -> Answer {
    let mut request = request.clone();
    if let Some(fields) = request.as_object_mut() {
        fields.entry("password").or_insert_with(|| json!(PASSWORD));
    }
    let mut wire = Wire::connect(address);
    wire.frame(request.to_string().as_bytes());
    wire.answer()
}

/// Asks an uncached query.
pub fn query(address: &Address, text: &str) -> Answer {
    ask(address, &json!({ "query": text, "cache": false }))
}
