//! The fuzz target of this crate: see `tests/fuzz/README.md`. No part of the interface.

use ostler_net::{Bookmark, Progress};
use ostler_runtime::fuzzing::Cursor;

use crate::flaw::Flaw;
use crate::framing;
use crate::head::Length;
use crate::{HeadLimits, MAX_HEADERS, Query};

/// What came of a stream of requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// Each of them.
    pub(crate) requests: Vec<Read>,
    /// Why there was no more, if for more than the stream's end.
    pub(crate) end: Option<End>,
}

/// Why a stream of requests cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A body over the limit.
    Oversized,
    /// No request.
    Flawed(Flaw),
}

/// A stream of requests: the first bytes are the limits of the line, of the head and of the body,
/// then come the cuts and the stream.
///
/// The requests are the same however the bytes are cut, and so is what ends them; what is known of
/// a request only ever grows; each request keeps the rules that no two servers read differently.
///
/// # Panics
///
/// If one of these does not hold.
pub fn http(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let mut limit = || usize::from(cursor.byte()).saturating_mul(8);
    let limits = HeadLimits { max_line_bytes: limit(), max_head_bytes: limit() };
    let max_body = limit();
    let cuts = cursor.cuts();
    let stream = cursor.rest();
    let cut = received(&cuts.pieces(stream), &limits, max_body);
    assert_eq!(cut, received(&[stream], &limits, max_body));
}

/// Reads the pieces as a connection would.
pub(crate) fn received(pieces: &[&[u8]], limits: &HeadLimits, max_body: usize) -> Received {
    let mut received = Received::default();
    let (mut buffer, mut bookmark) = (Vec::new(), Bookmark::default());
    let (mut known, mut asked) = (0, false);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let progress = framing::progress(&buffer, limits, max_body, &mut bookmark);
            let rank = rank(&progress);
            assert!(rank >= known, "something was unlearnt");
            known = rank;
            match progress {
                Progress::Whole { body } => {
                    let behind = buffer.split_off(body.end);
                    received.requests.push(judged(&buffer, limits, max_body));
                    (buffer, bookmark, known) = (behind, Bookmark::default(), 0);
                    asked = false;
                }
                Progress::Interim(_) => {
                    assert!(!asked, "a client is told twice to go on");
                    asked = true;
                }
                Progress::Oversized { announced } => {
                    assert!(usize::try_from(announced).map_or(true, |many| many > max_body));
                    received.end = Some(End::Oversized);
                    return received;
                }
                Progress::Malformed { reason } => {
                    received.end = Some(End::Flawed(Flaw::with_number(reason)));
                    return received;
                }
                Progress::Nothing => {
                    assert!(buffer.is_empty(), "bytes are overlooked");
                    break;
                }
                Progress::Header | Progress::Body { .. } => {
                    let most = limits.max_head_bytes.saturating_mul(2).saturating_add(max_body);
                    assert!(buffer.len() <= most.saturating_add(piece.len()), "it never ends");
                    break;
                }
            }
        }
    }
    received
}

fn rank(progress: &Progress) -> u8 {
    match progress {
        Progress::Nothing => 0,
        Progress::Header => 1,
        Progress::Body { .. } | Progress::Interim(_) => 2,
        Progress::Whole { .. } | Progress::Oversized { .. } | Progress::Malformed { .. } => 3,
    }
}

/// A request: method, path and body.
type Read = (&'static str, String, Vec<u8>);

/// Holds a request that was found whole to the rules, as plainly as they can be read.
fn judged(bytes: &[u8], limits: &HeadLimits, max_body: usize) -> Read {
    let read = framing::read(bytes);
    assert!(read.is_ok(), "a whole request is flawed: {:?}", read.err());
    let Ok((head, body)) = read else { return Read::default() };
    let text = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let end = text.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default();
    let (lines, rest) = text.split_at_checked(end.saturating_add(4)).unwrap_or_default();
    assert!((1..=limits.max_head_bytes).contains(&lines.len()), "a head of {end} bytes");
    let mut lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    assert!(lines.all(|line| line.ends_with(b"\r")), "a bare end of a line");
    assert!(head.headers.len() <= MAX_HEADERS);
    assert!(!head.path.contains(char::is_control), "{:?}", head.path);
    let count = |name: &str| {
        head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count()
    };
    assert!(count("host") <= 1 && count("content-length") <= 1);
    assert!(count("content-length") == 0 || count("transfer-encoding") == 0);
    assert!(body.len() <= max_body, "a body of {} bytes", body.len());
    match head.length {
        Length::Sized(length) => assert_eq!((length, &*body), (rest.len() as u64, rest)),
        Length::Chunked => assert!(body.len() < rest.len()),
    }
    let decoded = Query::new(head.query).pairs().map(|(name, value)| name.len().max(value.len()));
    // What is not UTF-8 becomes a character of three bytes.
    assert!(decoded.max().unwrap_or_default() <= head.query.len().saturating_mul(3));
    (head.method.as_str(), head.path.into_owned(), body.into_owned())
}
