//! What a test tells a scripted burp to do, and what the scripted burp asks.
//!
//! One [`Question`] is one line from the child; the reply to it is a list of [`Step`]s, one a
//! line, ended by an empty line. Bytes travel as hexadecimal digits, so that any content is one
//! word.

use std::fmt::Write as _;
use std::time::Duration;

/// One action of a scripted burp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The lines of a successful start, with these versions of the client and the server.
    Greet(String, String),
    /// The usual answer to the query in hand, or what the last line before exit is at end of input.
    Answer,
    /// These bytes as the answer to the query in hand, between markers if they are on.
    Body(Vec<u8>),
    /// A valid answer of exactly this many bytes (at least 40).
    Filler(usize),
    /// This many bytes without a newline.
    Flood(usize),
    /// A body between the markers of another query.
    Marked(String, Vec<u8>),
    /// A warning as the answer.
    Warning(String),
    /// A line of burp's log.
    Logline(String),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// Bytes as they are, one at a time, so far apart.
    Drip(Vec<u8>, Duration),
    /// This many bytes on standard error.
    Stderr(usize),
    /// Ask again: a test holds the child here.
    Ask,
    /// Do nothing more and read nothing more.
    Hang,
    /// End with this status.
    Exit(i32),
    /// End by this signal.
    Die(i32),
    /// From now on SIGTERM changes nothing.
    IgnoreTerm,
    /// Start a process that holds the same pipes and does nothing.
    Fork,
}

/// What a scripted burp asks before it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// It has been started. Reply usually: [`Step::Greet`].
    Start,
    /// A line came, here without its newline. Reply usually: [`Step::Answer`].
    Query(Vec<u8>),
    /// It stands at [`Step::Ask`].
    Again,
    /// Its input ended. Reply usually: [`Step::Answer`].
    EndOfInput,
    /// Not the child itself, but a process that it left behind ([`Step::Fork`]).
    Forked,
}

impl Question {
    /// Whether it is the query with exactly this text.
    pub fn is_query(&self, text: &str) -> bool {
        matches!(self, Self::Query(bytes) if bytes == text.as_bytes())
    }

    /// As one line, without newline.
    pub fn to_line(&self) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Query(bytes) => format!("query {}", hex(bytes)),
            Self::Again => "again".to_owned(),
            Self::EndOfInput => "end".to_owned(),
            Self::Forked => "forked".to_owned(),
        }
    }

    /// From one line; `None` if it is not one of ours.
    pub fn from_line(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match word {
            "start" => Self::Start,
            "query" => Self::Query(unhex(rest)?),
            "again" => Self::Again,
            "end" => Self::EndOfInput,
            "forked" => Self::Forked,
            _ => return None,
        })
    }
}

impl Step {
    /// A successful start of the burp that the specification was taken from.
    pub fn greet() -> Self {
        Self::greet_as("3.1.4", "3.1.4")
    }

    /// A successful start with these versions of the client and the server.
    pub fn greet_as(client: &str, server: &str) -> Self {
        Self::Greet(client.to_owned(), server.to_owned())
    }

    /// `text` as the answer.
    pub fn body(text: &str) -> Self {
        Self::Body(text.as_bytes().to_vec())
    }

    /// `text` as it is.
    pub fn raw(text: &str) -> Self {
        Self::Raw(text.as_bytes().to_vec())
    }

    /// As one line, without newline.
    pub fn to_line(&self) -> String {
        match self {
            Self::Greet(client, server) => format!("greet {client} {server}"),
            Self::Answer => "answer".to_owned(),
            Self::Body(bytes) => format!("body {}", hex(bytes)),
            Self::Filler(size) => format!("filler {size}"),
            Self::Flood(size) => format!("flood {size}"),
            Self::Marked(query, bytes) => {
                format!("marked {} {}", hex(query.as_bytes()), hex(bytes))
            }
            Self::Warning(text) => format!("warning {}", hex(text.as_bytes())),
            Self::Logline(text) => format!("logline {}", hex(text.as_bytes())),
            Self::Raw(bytes) => format!("raw {}", hex(bytes)),
            Self::Drip(bytes, every) => format!("drip {} {}", every.as_micros(), hex(bytes)),
            Self::Stderr(size) => format!("stderr {size}"),
            Self::Ask => "ask".to_owned(),
            Self::Hang => "hang".to_owned(),
            Self::Exit(status) => format!("exit {status}"),
            Self::Die(signal) => format!("die {signal}"),
            Self::IgnoreTerm => "ignore-term".to_owned(),
            Self::Fork => "fork".to_owned(),
        }
    }

    /// From one line; `None` if it is not one of ours.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let word = words.next()?;
        let first = words.next().unwrap_or("");
        let second = words.next().unwrap_or("");
        Some(match word {
            "greet" => Self::greet_as(first, second),
            "answer" => Self::Answer,
            "body" => Self::Body(unhex(first)?),
            "filler" => Self::Filler(first.parse().ok()?),
            "flood" => Self::Flood(first.parse().ok()?),
            "marked" => Self::Marked(text(first)?, unhex(second)?),
            "warning" => Self::Warning(text(first)?),
            "logline" => Self::Logline(text(first)?),
            "raw" => Self::Raw(unhex(first)?),
            "drip" => Self::Drip(unhex(second)?, Duration::from_micros(first.parse().ok()?)),
            "stderr" => Self::Stderr(first.parse().ok()?),
            "ask" => Self::Ask,
            "hang" => Self::Hang,
            "exit" => Self::Exit(first.parse().ok()?),
            "die" => Self::Die(first.parse().ok()?),
            "ignore-term" => Self::IgnoreTerm,
            "fork" => Self::Fork,
            _ => return None,
        })
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits; `None` if there are others or half a pair.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = digits.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.last()?)?)).collect()
}

fn text(digits: &str) -> Option<String> {
    String::from_utf8(unhex(digits)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_and_question_survives_its_line() {
        let steps = [
            Step::greet_as("2.10.1", "2.2.9"),
            Step::Answer,
            Step::Body(vec![0, 10, 255]),
            Step::Filler(70_000),
            Step::Flood(1 << 30),
            Step::Marked("c: other".to_owned(), b"{}".to_vec()),
            Step::Warning("Could not find client: \"x\"".to_owned()),
            Step::Logline(String::new()),
            Step::raw("two\nlines\n"),
            Step::Drip(b"abc".to_vec(), Duration::from_millis(3)),
            Step::Stderr(9),
            Step::Ask,
            Step::Hang,
            Step::Exit(4),
            Step::Die(13),
            Step::IgnoreTerm,
            Step::Fork,
        ];
        for step in steps {
            assert_eq!(Step::from_line(&step.to_line()), Some(step));
        }
        let questions = [
            Question::Start,
            Question::Query(b"c:\xff\n".to_vec()),
            Question::Again,
            Question::EndOfInput,
            Question::Forked,
        ];
        for question in questions {
            assert_eq!(Question::from_line(&question.to_line()), Some(question));
        }
    }
}
