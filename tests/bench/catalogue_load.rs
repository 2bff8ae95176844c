//! Clients of the catalogue: each keeps one connection and sends one request after another over it,
//! as Rocky's and Mula's do.

use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::sync::Barrier;
use std::time::Duration;

use ostler_runtime::now;

use crate::interrupt;
use crate::load::{Bounds, Outcome, together, units};

/// How long a client waits for the next bytes.
const SILENCE: Duration = Duration::from_secs(20);
/// The bytes that a client reads at once, more than any answer here has.
const CHUNK_BYTES: usize = 128 * 1024;

/// One request, and the only right answer to it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    status: u16,
    body: Option<Vec<u8>>,
}

impl Request {
    /// One whose answer has this status and any body, until [`Request::learn`] is told one.
    pub(crate) fn new(method: &str, path: &str, body: &str, status: u16) -> Self {
        let length = body.len();
        let bytes = format!(
            "{method} {path} HTTP/1.1\r\nHost: katalogus\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        Self { bytes: bytes.into_bytes(), status, body: None }
    }

    /// Sends it once; from now on the body that came is the only right one. Its length.
    pub(crate) fn learn(&mut self, address: SocketAddrV4) -> io::Result<usize> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let (status, body) = exchange(&mut connect(address)?, self, &mut chunk)?;
        if status != self.status {
            let words = String::from_utf8_lossy(body).into_owned();
            return Err(io::Error::other(format!("status {status}: {words}")));
        }
        self.body = Some(body.to_vec());
        Ok(body.len())
    }
}

/// Runs `clients` clients; client `i` sends `plan(i)` again and again.
pub(crate) fn run(
    address: SocketAddrV4,
    clients: usize,
    bounds: Bounds,
    plan: impl Fn(usize) -> Request,
) -> Outcome {
    let plans = (0..clients).map(plan);
    together(plans, |request, barrier| client(address, bounds, &request, barrier))
}

fn client(address: SocketAddrV4, bounds: Bounds, request: &Request, barrier: &Barrier) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.latencies.reserve(1 << 17);
    let mut chunk = vec![0; CHUNK_BYTES];
    let connected = connect(address);
    barrier.wait();
    let ask = || -> io::Result<()> {
        let mut stream = connected?;
        let mut last = now();
        let end = last + bounds.time;
        for _ in 0..bounds.count {
            if last >= end || interrupt::asked() {
                break;
            }
            let (status, body) = exchange(&mut stream, request, &mut chunk)?;
            let answered = now();
            if status == request.status && request.body.as_ref().is_none_or(|known| known == body) {
                outcome.right += 1;
                outcome.latencies.push(units(last, answered));
            } else {
                outcome.wrong += 1;
                let text: String = String::from_utf8_lossy(body).chars().take(300).collect();
                outcome.complaint.get_or_insert(format!("status {status}: {text}"));
            }
            last = answered;
        }
        Ok(())
    };
    if let Err(error) = ask() {
        outcome.errors += 1;
        outcome.complaint.get_or_insert(error.to_string());
    }
    outcome
}

fn connect(address: SocketAddrV4) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    Ok(stream)
}

/// Sends a request and reads its whole answer into `chunk`: the status and the body.
fn exchange<'a>(
    stream: &mut TcpStream,
    request: &Request,
    chunk: &'a mut [u8],
) -> io::Result<(u16, &'a [u8])> {
    stream.write_all(&request.bytes)?;
    let mut got = 0;
    let (status, head, length) = loop {
        let space = chunk.get_mut(got..).filter(|space| !space.is_empty());
        let read = stream.read(space.ok_or_else(|| io::Error::other("too long an answer"))?)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        got += read;
        if let Some(found) = head(chunk.get(..got).unwrap_or_default()) {
            break found;
        }
    };
    let end = head + length;
    let rest = chunk.get_mut(got..end).ok_or_else(|| io::Error::other("too long an answer"))?;
    stream.read_exact(rest)?;
    Ok((status, chunk.get(head..end).unwrap_or_default()))
}

/// The status, the bytes of the head and those of the body, once the head is whole.
fn head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let (first, lines) = text.split_once("\r\n").unwrap_or((text, ""));
    let status = first.split(' ').nth(1)?.parse().ok()?;
    let length = lines.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((status, end + 4, length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_its_body_is() {
        let bytes = b"HTTP/1.1 201 Created\r\nDate: x\r\ncontent-length: 4\r\n\r\nnull";
        assert_eq!(head(bytes), Some((201, bytes.len() - 4, 4)));
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n"), Some((204, 27, 0)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"), None);
    }
}
