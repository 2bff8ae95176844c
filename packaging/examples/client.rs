//! Ask a `bui-monitor` several questions over one connection, with nothing but the standard library.
//!
//! ```text
//! client HOST:PORT PASSWORD_FILE QUESTION...
//! ```
//!
//! What has a colon in it is a query for burp (`c:`, `c:NAME` …), anything else the name of a
//! function of the daemon (`status`, `statistics` …). Answers are printed as they came, one a line.
//! The password is the first line of a file, since everybody can read command lines. It goes over
//! the network as it is: this is for a daemon on the same machine.
//!
//! Ends with 0 when every question was answered, with 1 at the first `KO` (a wrong password, or
//! nothing that burp knows), with 2 at the first `ER` or without an answer.
#![expect(clippy::disallowed_methods, reason = "the program stands alone, and reads its own clock")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// For one question, connecting included.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest answer in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// What the daemon answers.
enum Answer {
    /// The answer, which need not be UTF-8.
    Ok(Vec<u8>),
    /// A wrong password, or a warning of burp.
    Ko,
    /// The reason why there is none.
    Er(Vec<u8>),
}

/// A client whose connection is kept for the next question.
struct Client {
    address: String,
    password: String,
    kept: Option<TcpStream>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, password_file, questions @ ..] = arguments.as_slice() else {
        eprintln!("usage: client HOST:PORT PASSWORD_FILE QUESTION...");
        return ExitCode::from(2);
    };
    let (code, words) = match answer_all(address, password_file, questions) {
        Ok(None) => return ExitCode::SUCCESS,
        Ok(Some(Answer::Er(words))) => (2, format!("ER: {}", String::from_utf8_lossy(&words))),
        Ok(Some(_)) => (1, "KO: a wrong password, or nothing that burp knows".to_owned()),
        Err(error) => (2, format!("no answer: {error}")),
    };
    eprintln!("{words}");
    ExitCode::from(code)
}

/// Prints the answers up to the first that is none, which is given back.
fn answer_all(
    address: &str,
    password_file: &str,
    questions: &[String],
) -> io::Result<Option<Answer>> {
    let text = std::fs::read_to_string(password_file)?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    let mut client = Client { address: address.to_owned(), password, kept: None };
    let mut out = io::stdout().lock();
    for question in questions {
        match client.ask(question)? {
            Answer::Ok(body) => out.write_all(&[&body[..], b"\n"].concat())?,
            other => return Ok(Some(other)),
        }
    }
    Ok(None)
}

impl Client {
    fn ask(&mut self, question: &str) -> io::Result<Answer> {
        let kind = if question.contains(':') { "query" } else { "func" };
        let request = format!(
            "{{\"{kind}\": {}, \"password\": {}, \"keep\": true}}",
            quoted(question),
            quoted(&self.password)
        );
        let deadline = Instant::now() + TIMEOUT;
        if let Some(stream) = self.kept.take() {
            // The daemon may have closed it in the meantime. A question changes nothing, so it may
            // be asked again.
            if let Ok(answer) = self.exchange(stream, request.as_bytes(), deadline) {
                return Ok(answer);
            }
        }
        let stream = self.connect(deadline)?;
        self.exchange(stream, request.as_bytes(), deadline)
    }

    /// The first address of that name that answers.
    fn connect(&self, deadline: Instant) -> io::Result<TcpStream> {
        let mut failure = io::Error::new(ErrorKind::NotFound, "no address of that name");
        for address in self.address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left(deadline)?) {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Sends a request, reads its answer, and keeps the connection.
    fn exchange(
        &mut self,
        mut stream: TcpStream,
        request: &[u8],
        deadline: Instant,
    ) -> io::Result<Answer> {
        // The length as eight bytes, most significant first, and the request: in one write, since
        // a second one would wait for the first to be acknowledged.
        let length = u64::try_from(request.len()).map_err(io::Error::other)?;
        stream.set_write_timeout(Some(left(deadline)?))?;
        stream.write_all(&[&length.to_be_bytes()[..], request].concat())?;

        let mut status = [0; 2];
        read(&mut stream, &mut status, deadline)?;
        let answer = match &status {
            b"KO" => Answer::Ko,
            b"OK" => Answer::Ok(body(&mut stream, deadline)?),
            b"ER" => Answer::Er(body(&mut stream, deadline)?),
            _ => return Err(io::Error::other("this is no bui-monitor")),
        };
        self.kept = Some(stream);
        Ok(answer)
    }
}

/// A length and as many bytes.
fn body(stream: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    read(stream, &mut length, deadline)?;
    let length = u64::from_be_bytes(length);
    if length > MAX_ANSWER {
        return Err(io::Error::other(format!("an answer of {length} bytes is announced")));
    }
    let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    read(stream, &mut body, deadline)?;
    Ok(body)
}

/// Fills `bytes`; a stream gives as many as it likes.
fn read(stream: &mut TcpStream, bytes: &mut [u8], deadline: Instant) -> io::Result<()> {
    let (count, mut have) = (bytes.len(), 0);
    while have < count {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut bytes[have..]) {
            Ok(0) => {
                let words = format!("the connection ended after {have} of {count} bytes");
                return Err(io::Error::new(ErrorKind::UnexpectedEof, words));
            }
            Ok(more) => have += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The time that is left.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
