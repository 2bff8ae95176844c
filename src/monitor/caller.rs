//! Whoever asked, and what is counted when they are answered.

use std::sync::Arc;
use std::time::Instant;

use ostler_net::{Answer, Reply};
use ostler_runtime::now;

use crate::metrics::{Asked, Metrics};

/// The right and the duty to answer one request whose password was right. However it is answered,
/// it is counted once.
pub(crate) struct Caller {
    reply: Reply,
    asked: Asked,
    since: Instant,
    metrics: Arc<Metrics>,
}

impl Caller {
    /// Somebody has just asked.
    pub(crate) fn new(reply: Reply, asked: Asked, metrics: Arc<Metrics>) -> Self {
        Self { reply, asked, since: now(), metrics }
    }

    /// Answers on the thread that read the request.
    pub(crate) fn at_once(self, answer: Answer) -> (Reply, Answer) {
        self.count(&answer);
        (self.reply, answer)
    }

    /// Has a connection thread answer.
    pub(crate) fn send(self, answer: Answer) {
        self.count(&answer);
        self.reply.send(answer);
    }

    /// Answers on the calling thread, as far as the socket takes it.
    pub(crate) fn send_here(self, answer: Answer) {
        self.count(&answer);
        self.reply.send_here(answer);
    }

    /// Whether the client has gone or has ended its side.
    pub(crate) fn has_left(&self) -> bool {
        self.reply.client_left()
    }

    fn count(&self, answer: &Answer) {
        self.metrics.count(self.asked, answer);
        if self.asked != Asked::Live {
            self.metrics.latency.record(now().duration_since(self.since));
        }
    }
}
