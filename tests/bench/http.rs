//! As much of an HTTP client as Burp-UI under gunicorn needs: one request a connection, and the
//! server closes. It refuses answers above [`MAX_REPLY_BYTES`] and waits [`SILENCE`] for bytes.

use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

/// The longest answer that is read, head included.
const MAX_REPLY_BYTES: u64 = 4 * 1024 * 1024;
/// How long a client waits for the next bytes.
const SILENCE: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status, as 200.
    pub(crate) status: u16,
    /// The lines of the head behind the status.
    head: String,
    /// What follows the head.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = bytes.split_at_checked(end)?;
        let (first, head) = std::str::from_utf8(head).ok()?.split_once("\r\n")?;
        let status = first.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.get(4..)?.to_vec() })
    }

    /// The cookie called `name`, if the server sets it.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            let value = value.trim().strip_prefix(name)?.strip_prefix('=')?;
            key.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next())?
        })
    }
}

/// Asks for `path`; `headers` are whole lines, each with its end.
pub(crate) fn get(server: SocketAddrV4, path: &str, headers: &str) -> io::Result<Reply> {
    exchange(server, &format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}\r\n"))
}

/// Sends a form, already encoded.
pub(crate) fn post(
    server: SocketAddrV4,
    path: &str,
    headers: &str,
    form: &str,
) -> io::Result<Reply> {
    let length = form.len();
    exchange(
        server,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {server}\r\n{headers}Content-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}"
        ),
    )
}

fn exchange(server: SocketAddrV4, request: &str) -> io::Result<Reply> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_read_timeout(Some(SILENCE))?;
    socket.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    socket.take(MAX_REPLY_BYTES).read_to_end(&mut bytes)?;
    Reply::parse(&bytes).ok_or_else(|| io::Error::other("no HTTP answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_cookies_and_a_body() {
        let bytes = b"HTTP/1.1 302 FOUND\r\nServer: x\r\nset-cookie: remember=; Path=/\r\n\
            Set-Cookie: session=a.b-c; HttpOnly\r\n\r\nbody\r\n\r\n";
        let reply = Reply::parse(bytes).unwrap();
        assert_eq!(reply.status, 302);
        assert_eq!(reply.cookie("session"), Some("a.b-c"));
        assert_eq!(reply.cookie("remember"), Some(""));
        assert_eq!(reply.cookie("other"), None);
        assert_eq!(reply.body, b"body\r\n\r\n");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"SSH-2.0\r\nx\r\n\r\n", b"\xff\r\n\r\n"] {
            assert_eq!(Reply::parse(bytes), None);
        }
    }
}
