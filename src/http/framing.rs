//! When a request is whole, and when bytes can be none. Pure, without I/O or clock.
//!
//! Rules of RFC 9112, sections 2, 6 and 7, and where they leave a choice the strict one. What is
//! said of some bytes does not depend on how they were cut.

use std::borrow::Cow;

use ostler_net::{Bookmark, Progress};

use crate::HeadLimits;
use crate::chunks::{Chunk, chunk, decode};
use crate::flaw::Flaw;
use crate::head::{Head, Length, check_trailers, is_token};
use crate::lines::{Line, Section, line_end, wide};

/// Bytes of an empty line before a request.
const LEADING_LINE: usize = 2;

/// What is being read of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Its head.
    Head(Section),
    /// A body that ends there.
    Sized { start: usize, end: usize },
    /// A chunked body, the next chunk of which begins there.
    Chunks { start: usize, next: usize },
    /// The headers behind a chunked body.
    Trailers(Section),
}

impl From<Bookmark> for Part {
    fn from(bookmark: Bookmark) -> Self {
        let [first, second, _] = bookmark.numbers;
        match bookmark.part {
            1 => Self::Sized { start: first, end: second },
            2 => Self::Chunks { start: first, next: second },
            3 => Self::Trailers(Section { start: first, line: second }),
            _ => Self::Head(Section { start: first, line: second }),
        }
    }
}

impl From<Part> for Bookmark {
    fn from(part: Part) -> Self {
        let (part, first, second) = match part {
            Part::Head(section) => (0, section.start, section.line),
            Part::Sized { start, end } => (1, start, end),
            Part::Chunks { start, next } => (2, start, next),
            Part::Trailers(section) => (3, section.start, section.line),
        };
        Self { part, numbers: [first, second, 0] }
    }
}

/// What a client is told that has asked whether to send its body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Where reading stops for now.
enum Stop {
    /// With what is known.
    Here(Progress),
    /// Until the client has been told to go on with this part.
    Asked(Part),
    /// For ever.
    Flawed(Flaw),
}

impl From<Flaw> for Stop {
    fn from(flaw: Flaw) -> Self {
        Self::Flawed(flaw)
    }
}

/// What `bytes` are; a body may have `max_body` bytes.
pub(crate) fn progress(
    bytes: &[u8],
    limits: &HeadLimits,
    max_body: usize,
    bookmark: &mut Bookmark,
) -> Progress {
    let mut part = Part::from(*bookmark);
    loop {
        match step(&mut part, bytes, limits, max_body) {
            Ok(next) => part = next,
            Err(stop) => {
                let progress = match stop {
                    Stop::Here(progress) => progress,
                    Stop::Flawed(flaw) => Progress::Malformed { reason: flaw.number() },
                    Stop::Asked(next) => {
                        part = next;
                        Progress::Interim(CONTINUE)
                    }
                };
                *bookmark = part.into();
                return progress;
            }
        }
    }
}

/// Reads on in one part, and answers the part that follows it.
fn step(part: &mut Part, bytes: &[u8], limits: &HeadLimits, max_body: usize) -> Result<Part, Stop> {
    match part {
        Part::Head(section) => head(section, bytes, limits, max_body),
        Part::Sized { start, end } => {
            if bytes.len() >= *end {
                return Err(whole(*end));
            }
            Err(Stop::Here(Progress::Body { announced: wide(end.saturating_sub(*start)) }))
        }
        Part::Chunks { start, next } => {
            let most = start.saturating_add(max_body);
            match chunk(bytes, *next, most)? {
                Chunk::Data { end, .. } => {
                    *next = end;
                    Ok(*part)
                }
                Chunk::Last { end } => Ok(Part::Trailers(Section::at(end))),
                Chunk::Part { announced } => {
                    let announced = announced.saturating_sub(wide(*start));
                    Err(Stop::Here(Progress::Body { announced }))
                }
                Chunk::TooLong { announced } => {
                    let announced = announced.saturating_sub(wide(*start));
                    Err(Stop::Here(Progress::Oversized { announced }))
                }
            }
        }
        Part::Trailers(section) => {
            let Some(end) = section.end(bytes, limits.max_head_bytes)? else {
                return Err(Stop::Here(Progress::Body { announced: wide(bytes.len()) }));
            };
            check_trailers(bytes.get(section.start..end).unwrap_or_default())?;
            Err(whole(end))
        }
    }
}

/// Reads on in the head, and answers what follows it.
fn head(
    section: &mut Section,
    bytes: &[u8],
    limits: &HeadLimits,
    max_body: usize,
) -> Result<Part, Stop> {
    if section.line == 0 {
        match bytes {
            [] => return Err(Stop::Here(Progress::Nothing)),
            // Old clients end a form with a line that does not count.
            [b'\r', b'\n', ..] => *section = Section::at(LEADING_LINE),
            [b'\r', ..] => {}
            // Of bytes that begin otherwise, such as a handshake of TLS, no line may ever come.
            [first, ..] if !is_token(*first) => return Err(Flaw::RequestLine.into()),
            _ => {}
        }
    }
    if section.line == section.start {
        let longest = limits.max_line_bytes.min(limits.max_head_bytes);
        let most = section.start.saturating_add(longest);
        if line_end(bytes, section.start, most) == Line::TooLong {
            return Err(Flaw::LineTooLong.into());
        }
    }
    let Some(end) = section.end(bytes, limits.max_head_bytes)? else {
        return Err(Stop::Here(Progress::Header));
    };
    let head = Head::parse(bytes.get(section.start..end).unwrap_or_default())?;
    let body = match head.length {
        Length::Sized(announced) => match usize::try_from(announced) {
            Ok(length) if length <= max_body => {
                Part::Sized { start: end, end: end.saturating_add(length) }
            }
            _ => return Err(Stop::Here(Progress::Oversized { announced })),
        },
        Length::Chunked => Part::Chunks { start: end, next: end },
    };
    // Who has sent some of it already does not wait.
    let waits = head.asks_first && head.length != Length::Sized(0) && bytes.len() == end;
    if waits { Err(Stop::Asked(body)) } else { Ok(body) }
}

fn whole(end: usize) -> Stop {
    Stop::Here(Progress::Whole { body: 0..end })
}

/// The head and the body, without its chunks, of a request that was found whole.
pub(crate) fn read(bytes: &[u8]) -> Result<(Head<'_>, Cow<'_, [u8]>), Flaw> {
    let start = if bytes.starts_with(b"\r\n") { LEADING_LINE } else { 0 };
    let end = Section::at(start).end(bytes, usize::MAX)?.ok_or(Flaw::RequestLine)?;
    let head = Head::parse(bytes.get(start..end).unwrap_or_default())?;
    let body = bytes.get(end..).unwrap_or_default();
    let body = match head.length {
        Length::Sized(_) => Cow::Borrowed(body),
        Length::Chunked => decode(body)?,
    };
    Ok((head, body))
}
