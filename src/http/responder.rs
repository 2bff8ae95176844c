//! The right and the duty to answer one request.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ostler_net::{Answer, Origin, Peer, Reply, Upgraded};
use ostler_runtime::now;
use ostler_runtime::utc::HttpDate;

use crate::Status;

use crate::response::{Manner, Response};

/// Learns how requests end that it [observes](Responder::observe).
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request of this kind, a number of its own choice, is answered with `status` so long after
    /// it was observed.
    fn answered(&self, kind: usize, status: Status, took: Duration);
}

/// Answers one request: at once, or later and from any thread. Dropping it without an answer closes
/// the connection without a byte.
///
/// Whoever keeps one sees to its deadline: until it is sent or dropped, its connection takes one of
/// [`max_connections`](ostler_net::Limits::max_connections) places, and a drain waits for it.
#[derive(Debug)]
pub struct Responder {
    reply: Reply,
    manner: Manner,
    observed: Option<(Arc<dyn Observer>, usize, Instant)>,
}

impl Responder {
    pub(crate) fn new(mut reply: Reply, manner: Manner) -> Self {
        if manner.closes {
            reply.close_after();
        } else {
            reply.keep();
        }
        Self { reply, manner, observed: None }
    }

    /// Writes `response` on the calling thread, as far as the socket takes it; the rest is written
    /// by a connection thread. Never waits. This is how a handler answers at once.
    pub fn send_here(self, response: Response) {
        let answer = self.answer(response);
        self.reply.send_here(answer);
    }

    /// Has `response` written by a connection thread. Never waits: for a thread that has many to
    /// answer, or better things to do.
    pub fn send(self, response: Response) {
        let answer = self.answer(response);
        self.reply.send(answer);
    }

    /// Has `response` written after `delay`, or when the server drains. No thread waits for it.
    pub fn send_after(self, delay: Duration, response: Response) {
        let answer = self.answer(response);
        self.reply.send_after(delay, answer);
    }

    /// Takes the connection out of the server, to go on in the protocol that `response`
    /// [switches to](Response::switching) and that the request [asks for](crate::Request::asks_for);
    /// the response is what the client is told first. `None` only where there is no connection.
    pub fn upgrade(self, response: Response) -> Option<Upgraded> {
        let answer = self.answer(response);
        self.reply.upgrade(answer.head.as_bytes().to_vec())
    }

    /// Ends the connection with this answer, and tells the client so.
    pub fn close_after(&mut self) {
        self.manner.closes = true;
        self.reply.close_after();
    }

    /// Has `observer` told of the answer.
    pub fn observe(&mut self, observer: Arc<dyn Observer>, kind: usize) {
        self.observed = Some((observer, kind, now()));
    }

    /// See [`Reply::authenticated`].
    pub fn authenticated(&mut self) {
        self.reply.authenticated();
    }

    /// See [`Reply::origin`].
    pub fn origin(&self) -> Option<Origin> {
        self.reply.origin()
    }

    /// Who asked.
    pub fn peer(&self) -> Peer {
        self.reply.peer()
    }

    /// Whether the client has gone or has ended its side. A client that has sent its next request
    /// already hides its end behind it.
    pub fn client_left(&self) -> bool {
        self.reply.client_left()
    }

    fn answer(&self, response: Response) -> Answer {
        if let Some((observer, kind, since)) = &self.observed {
            observer.answered(*kind, response.status(), now().duration_since(*since));
        }
        response.into_answer(self.manner, HttpDate::now())
    }
}
