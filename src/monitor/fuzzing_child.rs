//! The fuzz target of the dialogue with a child: its bytes as they may come, against a plain
//! reading of the same bytes. Part of [`fuzzing`](crate::fuzzing).

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;

use ostler_pool::{Idle, Session, Step};
use ostler_runtime::fuzzing::{Cursor, Cuts};

use crate::exchange::{BurpAnswer, COPY_BYTES, Exchange};
use crate::flight::Flight;
use crate::lines::Line;
use crate::plan::{Plan, Plans};
use crate::query::{Marker, Query};
use crate::session::{BurpSession, Origin};
use crate::transport::{Transport, TransportChoice};
use crate::watched::Watched;

/// How much a child may say before it must have answered, in bytes.
const CAP: usize = 128 << 10;

/// What a child says: the first byte is the way, then come the cuts, and for an exchange the
/// queries (one line, with a tab between two of them), then what the child says.
///
/// An exchange has the outcome that a plain reading of the bytes has, however they are cut; and so
/// an answer is only ever that between the markers of its query. A whole session only delivers
/// what is JSON or a warning, and keeps no more than the cap.
///
/// # Panics
///
/// If one of these does not hold.
pub fn child_stream(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let way = cursor.byte();
    let cuts = cursor.cuts();
    match way % 3 {
        0 | 1 => {
            let line = String::from_utf8_lossy(cursor.line()).into_owned();
            let queries = line.split('\t').filter_map(|query| Query::parse(query).ok());
            let queries: Vec<Query> = queries.take(4).collect();
            exchange(&queries, way % 3 == 0, &pieces(cuts, cursor.rest()));
        }
        _ => session(&pieces(cuts, cursor.rest())),
    }
}

/// The pieces in which `said` comes. The first byte of value one in it stands for many bytes that
/// come at once, so that a short input can hold a long answer.
fn pieces(cuts: Cuts<'_>, said: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = cuts.pieces(said).into_iter().map(<[u8]>::to_vec).collect();
    for piece in &mut pieces {
        if let Some(at) = piece.iter().position(|byte| *byte == 1) {
            piece.splice(at..=at, std::iter::repeat_n(b'y', COPY_BYTES));
            break;
        }
    }
    pieces
}

/// What came of an exchange.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    answers: Vec<(String, Vec<u8>)>,
    broken: bool,
    /// What the child said behind the last answer.
    rest: Vec<u8>,
}

fn exchange(queries: &[Query], markers: bool, pieces: &[Vec<u8>]) {
    let mut ends = Vec::new();
    let mut outcome = Outcome::default();
    let mut exchange = Exchange::default();
    for query in queries {
        exchange.ask(query, &mut Vec::new());
    }
    let (mut input, mut end) = (Vec::new(), 0);
    for piece in pieces {
        input.extend(piece);
        end += piece.len();
        ends.push(end);
        while exchange.is_busy() && !outcome.broken {
            let before = input.len();
            match exchange.answer(markers, &mut input, |_| ()) {
                Step::More => break,
                Step::Done((query, answer)) => {
                    assert!(input.len() < before, "an answer that leaves its bytes");
                    outcome.answers.push((query.as_str().to_owned(), bytes_of(answer)));
                }
                Step::Broken(_) => outcome.broken = true,
            }
        }
    }
    if !exchange.is_busy() && !outcome.broken {
        // What follows the last answer is for whoever looks at the child while it is idle.
        let mut lines = 0;
        while exchange.next_plain(&input, |_| ()).is_some() {
            lines += 1;
        }
        assert!(lines <= input.len());
        exchange.consume(&mut input);
        outcome.rest = input;
    }
    assert_eq!(outcome, plainly(queries, markers, &ends, &pieces.concat()));
}

fn bytes_of(answer: BurpAnswer) -> Vec<u8> {
    match answer {
        BurpAnswer::Json(json) => json.as_slice().to_vec(),
        BurpAnswer::Warning(text) => text.into_bytes(),
    }
}

/// The same, from all the bytes at once: they are cut into lines, lines for the log are dropped,
/// and each query takes three lines, or one if there are no markers.
fn plainly(queries: &[Query], markers: bool, ends: &[usize], said: &[u8]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut at = 0;
    for query in queries {
        let body = if markers {
            let [start, body] = [next(said, &mut at), next(said, &mut at)];
            let started = start.is_none_or(|line| line == query.marker(Marker::Start));
            let is_body = body.is_none_or(|line| !line.starts_with(b"{\"response-"));
            // A line that is wrong is told before a later one is waited for.
            if !started || !is_body {
                outcome.broken = true;
                return outcome;
            }
            let Some(body) = body else { return outcome };
            let marker = query.marker(Marker::End);
            match end(said, &mut at, ends, &marker) {
                Some(true) => body,
                Some(false) => {
                    outcome.broken = true;
                    return outcome;
                }
                None => return outcome,
            }
        } else {
            let Some(line) = next(said, &mut at) else { return outcome };
            line
        };
        let setting = [&b"Pretty print o"[..], b"Response markers o", b"Peer version"];
        match Line::of(body) {
            Line::Warning(text) if !setting.iter().any(|setting| text.starts_with(setting)) => {
                let text = String::from_utf8_lossy(text).into_owned().into_bytes();
                outcome.answers.push((query.as_str().to_owned(), text));
            }
            Line::Other(json) if json.first() == Some(&b'{') => {
                outcome.answers.push((query.as_str().to_owned(), json.to_vec()));
            }
            _ => {
                outcome.broken = true;
                return outcome;
            }
        }
    }
    let rest = said.get(at..).unwrap_or_default();
    let last = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    outcome.rest = rest.get(last..).unwrap_or_default().to_vec();
    outcome
}

/// The next whole line that is not for the log.
fn next<'a>(said: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    loop {
        let rest = said.get(*at..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        *at += length + 1;
        let line = rest.get(..length)?;
        if !matches!(Line::of(line), Line::Log(_)) {
            return Some(line);
        }
    }
}

/// Whether the next line closes the answer. It also does where a piece ends with it and its
/// newline is still to come, or never comes.
fn end(said: &[u8], at: &mut usize, ends: &[usize], marker: &[u8]) -> Option<bool> {
    loop {
        let rest = said.get(*at..)?;
        let early = *at + marker.len();
        if rest.starts_with(marker) && ends.contains(&early) {
            let newline = usize::from(said.get(early) == Some(&b'\n'));
            *at = early + newline;
            return Some(true);
        }
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        *at += length + 1;
        let line = rest.get(..length)?;
        if !matches!(Line::of(line), Line::Log(_)) {
            return Some(line == marker);
        }
    }
}

/// A whole life: the greeting, then one query after the other, each asked as soon as the child is
/// free, with the summary now and then.
fn session(pieces: &[Vec<u8>]) {
    let said = pieces.concat();
    let mut life = Life::new();
    for piece in pieces {
        life.input.extend(piece);
        if life.input.len() > CAP || !life.hear(&said) {
            break;
        }
    }
    for status in [None, Some(ExitStatus::from_raw(SIGPIPE))] {
        let words = life.session.last_words(&life.input, status).unwrap_or_default();
        assert!(words.len() <= 3 * said.len() + 200, "more words than the child has said");
    }
}

/// The signal that burp dies of when its server turns it away.
const SIGPIPE: i32 = 13;

struct Life {
    session: BurpSession,
    input: Vec<u8>,
    output: Vec<u8>,
    /// The query that is out, once the child was ready.
    asked: Option<Query>,
    count: usize,
}

impl Life {
    fn new() -> Self {
        let (burp, config) = (Path::new("no/burp"), Path::new("no/burp.conf"));
        let plans = Arc::new(Plans::new(Plan::new(burp, config, TransportChoice::Plain)));
        let (plan, files) = (plans.current(), Watched::new([]));
        let origin = Origin { plans, plan, files };
        let session = BurpSession::new(Arc::default(), origin, Transport::Plain);
        Self { session, input: Vec::new(), output: Vec::new(), asked: None, count: 0 }
    }

    /// Bytes came. Returns whether the child may live on.
    fn hear(&mut self, said: &[u8]) -> bool {
        let before = self.input.len();
        let step = match &self.asked {
            None => self.session.greeting(&mut self.input, &mut self.output),
            Some(query) => match self.session.answer(&mut self.input, &mut self.output) {
                Step::Done(answer) => {
                    is_from(&answer, query, said);
                    Step::Done(())
                }
                Step::More => Step::More,
                Step::Broken(why) => Step::Broken(why),
            },
        };
        assert!(self.input.len() <= before, "a session that makes bytes up");
        assert!(self.output.last().is_none_or(|byte| *byte == b'\n'), "half a line for the child");
        match step {
            Step::More => true,
            Step::Broken(why) => {
                assert!(why.len() < 500, "{} bytes of words", why.len());
                false
            }
            Step::Done(()) => {
                let clean = self.session.idle(&mut self.input) == Idle::Clean;
                assert!(!clean || !self.input.contains(&b'\n'), "a whole line is left");
                self.ask();
                clean
            }
        }
    }

    fn ask(&mut self) {
        self.count += 1;
        let name = if self.count % 2 == 0 { "c:" } else { "c:client1" };
        if let Ok(query) = Query::parse(name) {
            let before = self.output.len();
            self.session.ask(&Arc::new(Flight::unwanted(query.clone())), &mut self.output);
            assert!(self.output.len() > before, "nothing is asked");
            self.asked = Some(query);
        }
    }
}

/// An answer is a whole line of what the child has said, and not a marker of another query.
fn is_from(answer: &BurpAnswer, query: &Query, said: &[u8]) {
    let BurpAnswer::Json(json) = answer else { return };
    let json = json.as_slice();
    assert_eq!(json.first(), Some(&b'{'));
    let lines = || said.split(|byte| *byte == b'\n');
    assert!(lines().any(|line| line == json), "an answer that the child has not given");
    if said.starts_with(MARKED) {
        let start = query.marker(Marker::Start);
        let given = lines().skip_while(|line| *line != start).any(|line| line == json);
        assert!(given, "an answer to another query");
    }
}

/// The first words of a server that wraps its answers in markers.
const MARKED: &[u8] = b"{ \"logline\": \"Server version: 3.1.4.\" }\n";
