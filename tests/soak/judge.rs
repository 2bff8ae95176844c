//! Whether an answer is what it must be.
//!
//! A body must be right to the last byte. An error is right where the request's own fault must
//! cause it, and allowed where the ledger shows that others have: an error without a cause is a
//! wrong answer.

use std::time::Instant;

use ostler_tests::Answer;

use crate::client::Outcome;
use crate::kinds::Due;
use crate::side::{Asked, Side};

/// The daemon's errors, by the words that they begin with.
const ERRORS: [(&str, Error); 5] = [
    ("The burp monitor was lost while it answered", Error::Lost),
    ("Burp did not answer within", Error::Late),
    ("No burp monitor was free within", Error::Waiting),
    ("Burp cannot be asked", Error::Down),
    ("Burp's answer is longer than", Error::TooLong),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    Lost,
    Late,
    Waiting,
    Down,
    TooLong,
}

impl Error {
    fn of(text: &str) -> Option<Self> {
        ERRORS.iter().find(|(start, _)| text.starts_with(start)).map(|(_, error)| *error)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lost => "child lost",
            Self::Late => "child too late",
            Self::Waiting => "no child free in time",
            Self::Down => "burp cannot be asked",
            Self::TooLong => "answer too long",
        }
    }

    fn is(self, due: Due) -> bool {
        matches!(
            (self, due),
            (Self::Lost, Due::Lost) | (Self::Late, Due::Late) | (Self::TooLong, Due::TooLong)
        )
    }
}

/// Judges and counts what came of a request that was sent at `from`.
pub(crate) fn judge(side: &Side, asked: &Asked, from: Instant, outcome: Outcome) {
    let waited = from.elapsed();
    let children = side.over(asked);
    {
        let mut counts = side.tally.counts();
        counts.requests += 1;
        counts.slowest = counts.slowest.max(waited);
    }
    let text = &asked.text;
    let wrong = |what: String| {
        let trouble = side.ledger.between(from, from + waited);
        let (name, due) = (side.name, asked.due);
        side.tally.wrong(format!(
            "{name}: {text} (due: {due:?}) after {waited:.1?}: {what}; children {children:?}, {trouble:?}"
        ));
    };
    match outcome {
        Outcome::Late => side.tally.hang(format!("{}: {text}: no answer", side.name)),
        Outcome::Broken(error) => wrong(error.to_string()),
        Outcome::Answer(_) if waited > side.timeout + side.tolerance => {
            side.tally.hang(format!("{}: {text}: answered after {waited:.1?}", side.name));
        }
        Outcome::Answer(Answer::Ok(body)) if body == asked.right => {
            side.tally.counts().right += 1;
        }
        Outcome::Answer(Answer::Ko) if asked.due == Due::Ko => {
            *side.tally.counts().due.entry("warning of burp").or_default() += 1;
        }
        Outcome::Answer(Answer::Er(words)) => match Error::of(&words) {
            Some(error) if error.is(asked.due) => {
                *side.tally.counts().due.entry(error.name()).or_default() += 1;
            }
            Some(error) if is_justified(side, error, from, from + waited, &children) => {
                *side.tally.counts().collateral.entry(error.name()).or_default() += 1;
            }
            _ => wrong(words),
        },
        Outcome::Answer(other) => wrong(format!("{other:?}")),
    }
}

/// Whether what was done to the children meanwhile explains the error.
fn is_justified(side: &Side, error: Error, from: Instant, to: Instant, children: &[u32]) -> bool {
    let trouble = side.ledger.between(from, to);
    let harmed = |pid: &u32| side.ledger.harmed(*pid);
    if trouble.all {
        return error != Error::TooLong;
    }
    match error {
        // Two were lost, and no child that is known to have had it was left alone.
        Error::Lost => trouble.children >= 2 && children.iter().all(harmed),
        // The child itself, or one after so long a wait that a good child had no time left.
        Error::Late => {
            let its_own = children.is_empty() || children.iter().any(harmed);
            (trouble.children >= 1 && its_own) || trouble.children >= side.pool
        }
        Error::Waiting | Error::Down => trouble.children >= side.pool,
        Error::TooLong => false,
    }
}
