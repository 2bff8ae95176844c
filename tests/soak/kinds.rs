//! The faults of a scripted child: what each does to one query, and what the client must be told.

use std::time::Duration;

use ostler_tests::Step;

use crate::random::Chance;

/// The longest answer that the daemon takes from these children, in bytes.
pub(crate) const MAX_ANSWER: usize = 1 << 20;

/// What a child does at one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SIGKILL before a byte of the answer.
    DieBusy,
    /// An orderly end, also before.
    ExitBusy,
    /// SIGKILL in the middle of the answer.
    DieMidAnswer,
    /// The answer, and then its end.
    DieIdle,
    /// Nothing at all.
    Hang,
    /// Nothing at all, and SIGTERM is ignored.
    HangDeaf,
    /// One byte a second.
    Drip,
    /// A line that is no JSON.
    Garbage,
    /// Bytes that are no text.
    Binary,
    /// The answer, and a line more.
    Extra,
    /// The right body between the markers of another query.
    Swap,
    /// A megabyte on standard error, and the answer.
    StderrFlood,
    /// An end that leaves a process behind which holds the pipes.
    Fork,
    /// The answer, and from then on nothing is read.
    StopReading,
    /// Lines of the log before the answer.
    Loglines,
    /// An answer that is too long.
    TooLong,
    /// A warning of burp, which is no fault at all.
    Warning,
}

/// Each with its weight. What holds a child for the whole timeout is rare.
const WEIGHTS: [(Kind, u64); 17] = [
    (Kind::DieBusy, 10),
    (Kind::ExitBusy, 10),
    (Kind::DieMidAnswer, 10),
    (Kind::DieIdle, 10),
    (Kind::Hang, 2),
    (Kind::HangDeaf, 1),
    (Kind::Drip, 2),
    (Kind::Garbage, 10),
    (Kind::Binary, 10),
    (Kind::Extra, 10),
    (Kind::Swap, 10),
    (Kind::StderrFlood, 5),
    (Kind::Fork, 5),
    (Kind::StopReading, 2),
    (Kind::Loglines, 5),
    (Kind::TooLong, 4),
    (Kind::Warning, 5),
];

/// What a client must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The right answer, byte for byte.
    Right,
    /// `KO`.
    Ko,
    /// `ER`: the child was lost.
    Lost,
    /// `ER`: no answer within the timeout.
    Late,
    /// `ER`: too long.
    TooLong,
}

/// A kind, and how many children in turn do it to the same query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) times: usize,
}

impl Plan {
    /// Any.
    pub(crate) fn any(chance: &Chance) -> Self {
        let kind = chance.weighted(&WEIGHTS);
        // One in four is met by the second child too.
        Self { kind, times: if chance.per_mille(250) { 2 } else { 1 } }
    }

    /// What becomes of the query where nothing else goes wrong.
    pub(crate) fn due(self) -> Due {
        match self.kind {
            Kind::DieIdle
            | Kind::Extra
            | Kind::StderrFlood
            | Kind::StopReading
            | Kind::Loglines => Due::Right,
            Kind::Warning => Due::Ko,
            Kind::Hang | Kind::HangDeaf | Kind::Drip => Due::Late,
            Kind::TooLong => Due::TooLong,
            Kind::DieBusy
            | Kind::ExitBusy
            | Kind::DieMidAnswer
            | Kind::Garbage
            | Kind::Binary
            | Kind::Swap
            | Kind::Fork => {
                if self.times > 1 {
                    Due::Lost
                } else {
                    Due::Right
                }
            }
        }
    }
}

impl Kind {
    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DieBusy => "child: killed while busy",
            Self::ExitBusy => "child: exits while busy",
            Self::DieMidAnswer => "child: killed in mid answer",
            Self::DieIdle => "child: exits while idle",
            Self::Hang => "child: hangs",
            Self::HangDeaf => "child: hangs and ignores SIGTERM",
            Self::Drip => "child: drips",
            Self::Garbage => "child: garbage",
            Self::Binary => "child: invalid bytes",
            Self::Extra => "child: bytes after its answer",
            Self::Swap => "child: answers another query",
            Self::StderrFlood => "child: 1 MiB on standard error",
            Self::Fork => "child: leaves a process behind",
            Self::StopReading => "child: stops reading",
            Self::Loglines => "child: log lines between",
            Self::TooLong => "child: answer too long",
            Self::Warning => "child: warning",
        }
    }

    /// Whether the child is lost over it, or of no more use.
    pub(crate) fn harms(self) -> bool {
        !matches!(self, Self::StderrFlood | Self::Loglines | Self::Warning)
    }

    /// What the child does.
    pub(crate) fn steps(self, query: &str, body: Vec<u8>) -> Vec<Step> {
        const KILL: i32 = 9;
        let answer = || Step::Body(body.clone());
        match self {
            Self::DieBusy => vec![Step::Die(KILL)],
            Self::ExitBusy => vec![Step::Exit(1)],
            Self::DieMidAnswer => {
                let mut part = format!("{{\"response-start\":\"{query}\"}}\n").into_bytes();
                part.extend(body.get(..body.len() / 2).unwrap_or_default());
                vec![Step::Raw(part), Step::Die(KILL)]
            }
            Self::DieIdle => vec![answer(), Step::Exit(0)],
            Self::Hang => vec![Step::Hang],
            Self::HangDeaf => vec![Step::IgnoreTerm, Step::Hang],
            Self::Drip => vec![Step::Drip(body, Duration::from_secs(1))],
            Self::Garbage => vec![Step::raw("this is no JSON\n")],
            Self::Binary => vec![Step::Raw(b"\xff\xfe\0\x01\x80 {\n".to_vec())],
            Self::Extra => vec![answer(), Step::raw("{\"surplus\":1}\n")],
            Self::Swap => vec![Step::Marked("c:another".to_owned(), body)],
            Self::StderrFlood => vec![Step::Stderr(1 << 20), answer()],
            Self::Fork => vec![Step::Fork, Step::Exit(1)],
            Self::StopReading => vec![answer(), Step::Hang],
            Self::Loglines => vec![
                Step::Logline("unasked".to_owned()),
                Step::Logline("and once more".to_owned()),
                answer(),
            ],
            Self::TooLong => vec![Step::Filler(MAX_ANSWER + 100)],
            Self::Warning => vec![Step::Warning("Backup not found".to_owned())],
        }
    }
}
