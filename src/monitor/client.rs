//! A client of `bui-monitor`: asks over a connection that it keeps, and connects again when the
//! daemon has closed it.
//!
//! Each request has one deadline for everything: connecting, writing and the whole answer. An
//! answer longer than [`MAX_ANSWER`] is refused by its header.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use ostler_runtime::Deadline;
use serde_json::{Map, Value};

use crate::client_error::{ClientError, Fault};
use crate::client_patience::Patience;
use crate::client_stream::Stream;
use crate::client_target::Target;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 << 20;
/// Room for one read, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// Whether an answer of the last seconds will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// It will.
    Allowed,
    /// It will not.
    Refused,
}

/// A client, connected or not.
#[derive(Debug)]
pub(crate) struct Client {
    target: Target,
    patience: Patience,
    /// A connection that has carried an answer, and on which the daemon was asked to stay.
    kept: Option<Stream>,
}

/// What came back.
enum Reply {
    Ok(Vec<u8>),
    Ko,
    Er(Vec<u8>),
}

impl Client {
    /// Connects when it is asked for the first time.
    pub(crate) fn new(target: Target, patience: Patience) -> Self {
        Self { target, patience, kept: None }
    }

    /// The answer of burp to a query, as burp sent it: JSON, perhaps with bytes that are not UTF-8.
    pub(crate) fn query(&mut self, query: &str, cache: Cache) -> Result<Vec<u8>, ClientError> {
        self.ask_for(&[
            ("query", Value::from(query)),
            ("cache", Value::from(cache == Cache::Allowed)),
        ])
    }

    /// The answer to a request that has a query in it.
    pub(crate) fn ask_for(&mut self, request: &[(&str, Value)]) -> Result<Vec<u8>, ClientError> {
        match self.ask(request)? {
            Reply::Ok(body) => Ok(body),
            Reply::Er(words) => Err(self.refused(&words)),
            // A wrong password and a warning of burp look alike. What needs no burp tells which.
            Reply::Ko => {
                self.call("monitor_version")?;
                let query = request.iter().find(|(key, _)| *key == "query");
                let query = query.and_then(|(_, query)| query.as_str()).unwrap_or_default();
                Err(ClientError::NotFound(query.to_owned()))
            }
        }
    }

    /// The answer of a function of the daemon.
    pub(crate) fn call(&mut self, function: &str) -> Result<Vec<u8>, ClientError> {
        match self.ask(&[("func", Value::from(function))])? {
            Reply::Ok(body) => Ok(body),
            Reply::Er(words) => Err(self.refused(&words)),
            Reply::Ko => Err(ClientError::Password {
                place: self.target.place(),
                from: self.target.password_from.clone(),
            }),
        }
    }

    /// The waits of this client, for a pause between two questions.
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Where the daemon is.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    fn refused(&self, words: &[u8]) -> ClientError {
        let words = String::from_utf8_lossy(words).into_owned();
        ClientError::Refused { place: self.target.place(), words }
    }

    fn ask(&mut self, request: &[(&str, Value)]) -> Result<Reply, ClientError> {
        let frame = self.frame(request);
        let deadline = Deadline::after(self.target.timeout);
        if let Some(stream) = self.kept.take() {
            // The daemon may have closed a connection that was idle, or be another one by now; it
            // never ends a kept one within an answer.
            match self.exchange(stream, &frame, deadline) {
                Err(Fault::Io(_) | Fault::Tls(_) | Fault::Closed { bytes: 0 }) => {}
                result => return result.map_err(|fault| self.no_answer(&fault)),
            }
        }
        let Target { addresses, security, .. } = &self.target;
        let stream = Stream::connect(addresses, security.as_ref(), &mut self.patience, deadline)
            .map_err(|fault| match fault {
                Fault::Stopped => ClientError::Stopped,
                fault => ClientError::Unreachable {
                    place: self.target.place(),
                    cause: fault.words(self.target.timeout.as_secs_f64()),
                },
            })?;
        self.exchange(stream, &frame, deadline).map_err(|fault| self.no_answer(&fault))
    }

    fn frame(&self, request: &[(&str, Value)]) -> Vec<u8> {
        let mut fields: Map<String, Value> =
            request.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        fields.insert("password".to_owned(), self.target.password.clone());
        fields.insert("keep".to_owned(), Value::Bool(true));
        let body = Value::Object(fields).to_string().into_bytes();
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        [&length.to_be_bytes()[..], &body].concat()
    }

    /// One request and its answer; the connection is kept after a whole one.
    fn exchange(
        &mut self,
        mut stream: Stream,
        frame: &[u8],
        deadline: Deadline,
    ) -> Result<Reply, Fault> {
        stream.write(frame, &mut self.patience, deadline)?;
        let reply = self.answer(&mut stream, deadline)?;
        self.kept = Some(stream);
        Ok(reply)
    }

    fn answer(&mut self, stream: &mut Stream, deadline: Deadline) -> Result<Reply, Fault> {
        let mut answer = Vec::new();
        self.read_to(stream, &mut answer, 2, deadline)?;
        let ok = match answer.get(..2) {
            Some(b"KO") => return Ok(Reply::Ko),
            Some(b"OK") => true,
            Some(b"ER") => false,
            _ => return Err(Fault::Strange),
        };
        self.read_to(stream, &mut answer, 10, deadline)?;
        let head = answer.get(2..10).and_then(|head| head.try_into().ok());
        let announced = u64::from_be_bytes(head.ok_or(Fault::Strange)?);
        let length = usize::try_from(announced).ok().filter(|_| announced <= MAX_ANSWER);
        let end = length.ok_or(Fault::TooLong { announced })?.saturating_add(10);
        self.read_to(stream, &mut answer, end, deadline)?;
        answer.drain(..10);
        Ok(if ok { Reply::Ok(answer) } else { Reply::Er(answer) })
    }

    /// Reads until there are `end` bytes, and not one more: what follows is the next answer.
    fn read_to(
        &mut self,
        stream: &mut Stream,
        answer: &mut Vec<u8>,
        end: usize,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        // Memory is taken as bytes arrive, not as a header announces them.
        let mut buffer = vec![0; READ_BYTES.min(end)];
        while answer.len() < end {
            let wanted = end.saturating_sub(answer.len()).min(buffer.len());
            let room = buffer.get_mut(..wanted).unwrap_or_default();
            match stream.read(room, &mut self.patience, deadline)? {
                0 => return Err(Fault::Closed { bytes: answer.len() }),
                count => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
        }
        Ok(())
    }

    fn no_answer(&self, fault: &Fault) -> ClientError {
        match fault {
            Fault::Stopped => ClientError::Stopped,
            fault => ClientError::NoAnswer {
                place: self.target.place(),
                cause: fault.words(self.target.timeout.as_secs_f64()),
            },
        }
    }
}
