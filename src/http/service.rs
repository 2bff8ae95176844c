//! HTTP as a service of [`ostler_net`].

use ostler_net::{Answer, Bookmark, Progress, Refusal, Reply, Service};
use ostler_runtime::utc::HttpDate;

use crate::flaw::Flaw;
use crate::framing;
use crate::head::Head;
use crate::response::Manner;
use crate::{Handler, HeadLimits, Method, Request, Responder, Response, Status};

/// Serves HTTP/1.1: requests that are whole go to its handler, most often a
/// [`Router`](crate::Router).
pub struct Http {
    handler: Box<dyn Handler>,
    limits: HeadLimits,
}

impl Http {
    /// Has `handler` answer what comes under these limits.
    pub fn new(handler: impl Handler, limits: HeadLimits) -> Self {
        Self { handler: Box::new(handler), limits }
    }

    fn serve(&self, head: &Head<'_>, body: &[u8], reply: Reply) {
        let manner = Manner { head_only: head.method == Method::Head, closes: !head.persistent };
        let (peer, secured) = (reply.peer(), reply.is_secured());
        let responder = Responder::new(reply, manner);
        self.handler.handle(&Request { head, parameters: None, body, peer, secured }, responder);
    }
}

impl Service for Http {
    fn progress(&self, bytes: &[u8], max_request: usize, bookmark: &mut Bookmark) -> Progress {
        framing::progress(bytes, &self.limits, max_request, bookmark)
    }

    fn max_header(&self) -> usize {
        // What goes before the body, and what follows it.
        self.limits.max_head_bytes.saturating_mul(2)
    }

    fn request(&self, bytes: &[u8], mut reply: Reply) -> Option<(Reply, Answer)> {
        match framing::read(bytes) {
            Ok((head, body)) => {
                self.serve(&head, &body, reply);
                None
            }
            // The same bytes were found whole, so this is for a fault of this crate only.
            Err(flaw) => {
                reply.close_after();
                Some((reply, refusal(flaw.status(), &flaw.to_string())))
            }
        }
    }

    fn refused(&self, why: Refusal) -> Option<Answer> {
        Some(match why {
            Refusal::Malformed { reason } => {
                let flaw = Flaw::with_number(reason);
                refusal(flaw.status(), &flaw.to_string())
            }
            Refusal::Oversized { announced, limit } => {
                let words = format!("The body has {announced} bytes or more; the limit is {limit}");
                refusal(Status::ContentTooLarge, &words)
            }
            Refusal::Crowded { limit } => {
                let words = format!("Requests of {limit} bytes wait for their answers already");
                refusal(Status::ServiceUnavailable, &words)
            }
            Refusal::Full { limit } => {
                let words = format!("Too many connections are open already ({limit})");
                refusal(Status::ServiceUnavailable, &words)
            }
            Refusal::Truncated { .. } => {
                refusal(Status::BadRequest, "The request ended before it was whole")
            }
        })
    }
}

/// The last answer on a connection, in words.
fn refusal(status: Status, words: &str) -> Answer {
    let manner = Manner { head_only: false, closes: true };
    Response::error(status, words).into_answer(manner, HttpDate::now())
}
