//! What goes over the wire: `OK`, `KO` and `ER`, and every sentence that a client is told.
//!
//! The sentences reach the user of Burp-UI. They hold no path of this machine and no secret.

use ostler_net::{Answer, Body, Head, Refusal};
use ostler_pool::CallError;

use crate::exchange::{BurpAnswer, Bytes};

/// What whoever waits is told at the end.
pub(crate) const STOPPING: &str = "The monitor is being stopped";

/// `OK`, the length as eight bytes, and the body.
pub(crate) fn ok(body: impl Into<Body>) -> Answer {
    framed(*b"OK", body.into())
}

/// `KO` and nothing else: a wrong password, or a warning of burp.
pub(crate) fn ko() -> Answer {
    Answer { head: Head::new(*b"KO"), body: Body::Empty }
}

/// `ER`, the length as eight bytes, and the reason.
pub(crate) fn er(reason: &str) -> Answer {
    framed(*b"ER", Body::from(reason.as_bytes().to_vec()))
}

/// Whether it tells a reason instead of what was asked for.
pub(crate) fn is_er(answer: &Answer) -> bool {
    answer.head.as_bytes().starts_with(b"ER")
}

/// What burp answered.
pub(crate) fn of_burp(answer: &BurpAnswer) -> Answer {
    match answer {
        BurpAnswer::Json(Bytes { buffer, range }) => {
            ok(Body::Shared(std::sync::Arc::clone(buffer), range.clone()))
        }
        BurpAnswer::Warning(_) => ko(),
    }
}

/// Why a call has no answer.
pub(crate) fn of_failure(error: &CallError, timeout_seconds: u64) -> Answer {
    er(&match error {
        CallError::TimedOutWaiting => {
            format!("No burp monitor was free within {timeout_seconds} seconds")
        }
        CallError::TimedOut => format!("Burp did not answer within {timeout_seconds} seconds"),
        CallError::Down(cause) => format!("Burp cannot be asked: {cause}"),
        CallError::Full { limit } => {
            format!("Too many requests are waiting for burp already ({limit})")
        }
        CallError::Lost(cause) => {
            format!("The burp monitor was lost while it answered: {cause}")
        }
        CallError::TooLong { limit } => format!("Burp's answer is longer than {limit} bytes"),
        CallError::Unwanted | CallError::Stopping => STOPPING.to_owned(),
        CallError::Internal => "Internal error of the monitor".to_owned(),
    })
}

/// So many watch already.
pub(crate) fn too_many_viewers(limit: usize) -> String {
    format!("Too many are watching already ({limit})")
}

/// What is told of a fact that is not known although burp was asked: why it was asked in vain, if it
/// was.
pub(crate) fn unknown_fact(answer: &Answer) -> Answer {
    if is_er(answer) { answer.clone() } else { er("Burp did not say its version") }
}

/// Why bytes are no request.
pub(crate) fn of_refusal(why: Refusal) -> Answer {
    er(&match why {
        Refusal::Oversized { announced, limit } => {
            format!("The request announces {announced} bytes; the limit is {limit}")
        }
        Refusal::Crowded { limit } => {
            format!("Requests of {limit} bytes wait for their answers already")
        }
        Refusal::Full { limit } => format!("Too many connections are open already ({limit})"),
        // Eight bytes are a length, whatever they are.
        Refusal::Malformed { .. } => "The request has no length".to_owned(),
        Refusal::Truncated { got, announced: None } => {
            format!("The request ended after {got} bytes, within its header of 8 bytes")
        }
        Refusal::Truncated { got, announced: Some(announced) } => {
            format!("The request ended after {} of {announced} bytes", got.saturating_sub(8))
        }
    })
}

fn framed(status: [u8; 2], body: Body) -> Answer {
    let length = u64::try_from(body.as_bytes().len()).unwrap_or(u64::MAX).to_be_bytes();
    let mut head = [0; 10];
    for (to, from) in head.iter_mut().zip(status.into_iter().chain(length)) {
        *to = from;
    }
    Answer { head: Head::new(head), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(answer: &Answer) -> Vec<u8> {
        [answer.head.as_bytes(), answer.body.as_bytes()].concat()
    }

    #[test]
    fn answers_on_the_wire() {
        assert_eq!(bytes(&ok(Body::Static(b"1.1.1"))), b"OK\0\0\0\0\0\0\0\x051.1.1");
        assert_eq!(bytes(&er("'query'")), b"ER\0\0\0\0\0\0\0\x07'query'");
        assert_eq!(bytes(&ko()), b"KO");
    }
}
