//! One exchange with a burp child: queries out, answers in, each tied to its query by its markers.
//!
//! Pure: it is given the child's bytes and finds the answers in them. It never blocks and knows no
//! clock but the one it is given.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use ostler_pool::Step;

use crate::lines::{Line, Lines, printable};
use crate::query::{Marker, Query};

/// An answer up to this size is copied out of the child's buffer, which is then used again; a
/// longer one takes the buffer with it.
pub(crate) const COPY_BYTES: usize = 64 << 10;

/// What burp answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BurpAnswer {
    /// One line of JSON as burp sent it, without its newline. It may not be UTF-8.
    Json(Bytes),
    /// A warning in place of an answer, such as `Could not find client: X`.
    Warning(String),
}

/// A part of a buffer that several may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// The buffer.
    pub buffer: Arc<Vec<u8>>,
    /// The part of it.
    pub range: Range<usize>,
}

impl Bytes {
    /// The bytes themselves.
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.buffer.get(self.range.clone()).unwrap_or_default()
    }

    /// How many bytes the buffer holds in memory.
    pub(crate) fn held(&self) -> usize {
        self.buffer.capacity()
    }
}

/// The queries that are out, and how far the answer to the first of them has come.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    asked: VecDeque<Query>,
    lines: Lines,
    stage: Stage,
    /// The last log line: why the child ended, if it ended.
    last_log: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    Body,
    End(Range<usize>),
}

impl Exchange {
    /// Sends a query.
    pub(crate) fn ask(&mut self, query: &Query, output: &mut Vec<u8>) {
        output.extend(query.as_str().as_bytes());
        output.push(b'\n');
        self.asked.push_back(query.clone());
    }

    /// Whether a query is out.
    pub(crate) fn is_busy(&self) -> bool {
        !self.asked.is_empty()
    }

    /// What the child logged last.
    pub(crate) fn last_log(&self) -> &str {
        &self.last_log
    }

    /// Forgets what the child logged: from now on it tells something else.
    pub(crate) fn forget_log(&mut self) {
        self.last_log.clear();
    }

    /// The next line that is no log line, while nothing is asked (during the greeting).
    pub(crate) fn next_plain<'a>(
        &mut self,
        input: &'a [u8],
        log: impl FnMut(&str),
    ) -> Option<Line<'a>> {
        self.next_line(input, log).and_then(|range| input.get(range)).map(Line::of)
    }

    /// Forgets what was read.
    pub(crate) fn consume(&mut self, input: &mut Vec<u8>) {
        self.lines.consume(input);
    }

    /// The answer to the oldest query that is out, with its query.
    pub(crate) fn answer(
        &mut self,
        markers: bool,
        input: &mut Vec<u8>,
        mut log: impl FnMut(&str),
    ) -> Step<(Query, BurpAnswer)> {
        while let Some(range) = self.next_line(input, &mut log) {
            let line = input.get(range.clone()).unwrap_or_default();
            let Some(query) = self.asked.front() else {
                return broken("the child answered when nothing was asked");
            };
            match &self.stage {
                Stage::Start if markers => {
                    if line != query.marker(Marker::Start) {
                        return broken("the child answered another query");
                    }
                    self.stage = Stage::Body;
                }
                Stage::Start => return self.finish(input, range),
                Stage::Body if line.starts_with(b"{\"response-") => {
                    return broken("the child's answer is missing");
                }
                Stage::Body => self.stage = Stage::End(range),
                Stage::End(body) => {
                    if line != query.marker(Marker::End) {
                        return broken("the child's answer does not end where it should");
                    }
                    let body = body.clone();
                    return self.finish(input, body);
                }
            }
        }
        // The newline behind the last marker is a packet of its own, for which the server waits
        // until the marker is acknowledged. Nobody else needs to.
        if let (Stage::End(body), Some(query)) = (&self.stage, self.asked.front()) {
            if self.lines.take_early(input, &query.marker(Marker::End)) {
                let body = body.clone();
                return self.finish(input, body);
            }
        }
        Step::More
    }

    fn finish(&mut self, input: &mut Vec<u8>, body: Range<usize>) -> Step<(Query, BurpAnswer)> {
        self.stage = Stage::Start;
        let Some(query) = self.asked.pop_front() else { return Step::More };
        let answer = match Line::of(input.get(body.clone()).unwrap_or_default()) {
            Line::Other(json) if json.first() == Some(&b'{') => {
                if body.len() <= COPY_BYTES {
                    let buffer = json.to_vec();
                    let range = 0..buffer.len();
                    self.lines.consume(input);
                    Bytes { buffer: Arc::new(buffer), range }
                } else {
                    let rest = self.lines.split_off(input);
                    let mut buffer = std::mem::replace(input, rest);
                    // It has grown by doubling, and may be kept for as long as a client reads.
                    buffer.shrink_to_fit();
                    Bytes { buffer: Arc::new(buffer), range: body }
                }
            }
            Line::Warning(text) if changes_the_connection(text) => {
                return broken("a query has changed the child's settings");
            }
            Line::Warning(text) => {
                let warning = BurpAnswer::Warning(String::from_utf8_lossy(text).into_owned());
                self.lines.consume(input);
                return Step::Done((query, warning));
            }
            _ => return broken("the child's answer is no JSON"),
        };
        Step::Done((query, BurpAnswer::Json(answer)))
    }

    /// The next line that is no log line.
    fn next_line(&mut self, input: &[u8], mut log: impl FnMut(&str)) -> Option<Range<usize>> {
        loop {
            let range = self.lines.next(input)?;
            match Line::of(input.get(range.clone()).unwrap_or_default()) {
                Line::Log(message) => {
                    self.last_log = printable(message);
                    log(&self.last_log);
                }
                _ => return Some(range),
            }
        }
    }
}

/// Whether the warning confirms a setting. No query is meant to be one; if one is all the same, the
/// child must not answer others any more.
fn changes_the_connection(warning: &[u8]) -> bool {
    [&b"Pretty print o"[..], b"Response markers o", b"Peer version"]
        .iter()
        .any(|setting| warning.starts_with(setting))
}

fn broken<T>(why: &str) -> Step<T> {
    Step::Broken(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(query: &str) -> Exchange {
        let mut exchange = Exchange::default();
        exchange.ask(&Query::parse(query).unwrap(), &mut Vec::new());
        exchange
    }

    /// Feeds the bytes in two pieces and returns the outcome of the second.
    fn feed(exchange: &mut Exchange, bytes: &[u8], cut: usize) -> Step<(Query, BurpAnswer)> {
        let mut input = bytes[..cut].to_vec();
        match exchange.answer(true, &mut input, |_| ()) {
            Step::More => {
                input.extend(&bytes[cut..]);
                exchange.answer(true, &mut input, |_| ())
            }
            step => step,
        }
    }

    const ANSWER: &[u8] = b"{\"response-start\":\"c:\"}\n{ \"logline\": \"hello.\" }\n{\"clients\":[\"\xff\"]}\n{\"response-end\":\"c:\"}\n";

    #[test]
    fn an_answer_is_found_however_its_bytes_come_and_stays_as_it_is() {
        for cut in 0..ANSWER.len() {
            let Step::Done((query, BurpAnswer::Json(json))) =
                feed(&mut exchange("c:"), ANSWER, cut)
            else {
                panic!("cut at {cut}");
            };
            assert_eq!(query.as_str(), "c:");
            assert_eq!(json.as_slice(), b"{\"clients\":[\"\xff\"]}");
        }
    }

    #[test]
    fn a_long_answer_takes_the_buffer_along() {
        let body = format!("{{\"x\":\"{}\"}}", "y".repeat(COPY_BYTES));
        let bytes =
            format!("{{\"response-start\":\"c:\"}}\n{body}\n{{\"response-end\":\"c:\"}}\nmore");
        let mut input = bytes.into_bytes();
        let mut exchange = exchange("c:");
        let Step::Done((_, BurpAnswer::Json(json))) = exchange.answer(true, &mut input, |_| ())
        else {
            panic!("no answer");
        };
        assert_eq!(json.as_slice(), body.as_bytes());
        assert_eq!(input, b"more");
    }

    #[test]
    fn a_warning_is_no_answer() {
        let bytes = b"{\"response-start\":\"c:x\"}\n{\"warning\":\"Could not find client: x\"}\n{\"response-end\":\"c:x\"}\n";
        let Step::Done((_, answer)) = feed(&mut exchange("c:x"), bytes, 9) else { panic!() };
        assert_eq!(answer, BurpAnswer::Warning("Could not find client: x".to_owned()));
    }

    #[test]
    fn an_answer_to_another_query_is_never_delivered() {
        for bytes in [
            &b"{\"response-start\":\"c:y\"}\n"[..],
            b"{\"clients\":[]}\n",
            b"{\"response-start\":\"c:\"}\n{\"response-end\":\"c:\"}\n",
            b"{\"response-start\":\"c:\"}\n{}\n{\"response-end\":\"c:y\"}\n",
            b"{\"response-start\":\"c:\"}\n{}\n{}\n",
            b"{\"response-start\":\"c:\"}\nnonsense\n{\"response-end\":\"c:\"}\n",
            b"{\"response-start\":\"c:\"}\n{\"warning\":\"Peer version updated\"}\n{\"response-end\":\"c:\"}\n",
        ] {
            let step = exchange("c:").answer(true, &mut bytes.to_vec(), |_| ());
            assert!(matches!(step, Step::Broken(_)), "{step:?}");
        }
    }

    #[test]
    fn an_old_server_without_markers_answers_in_one_line() {
        let mut input = b"{ \"logline\": \"x\" }\n{\"clients\":[]}\n".to_vec();
        let Step::Done((_, BurpAnswer::Json(json))) =
            exchange("c:").answer(false, &mut input, |_| ())
        else {
            panic!()
        };
        assert_eq!(json.as_slice(), b"{\"clients\":[]}");
    }
}
