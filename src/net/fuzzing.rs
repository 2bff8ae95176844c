//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

use std::path::PathBuf;

use ostler_runtime::fuzzing::Cursor;

use crate::Progress;
use crate::frame::{FIRST_ROOM, Inbox};
use crate::progress::{HEADER_BYTES, length_prefixed};
use crate::tls::{self, Identity, Pem};

pub use crate::fuzzing_proxy::proxy_header;

/// What came of a stream of frames.
#[derive(Debug, Default, PartialEq, Eq)]
struct Received {
    bodies: Vec<Vec<u8>>,
    /// What follows the last whole frame.
    rest: Vec<u8>,
    /// The length that is over the limit, if one is.
    oversized: Option<u64>,
}

/// The frame reader: the first two bytes are the limit, then come the cuts and the stream.
///
/// The result is the same however the bytes are cut, the buffer never outgrows its limit, and what
/// is known of a frame only ever grows.
///
/// # Panics
///
/// If one of these does not hold.
pub fn frame(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let limit = usize::from(u16::from_be_bytes([cursor.byte(), cursor.byte()]));
    let reused = usize::from(cursor.byte());
    let cuts = cursor.cuts();
    let stream = cursor.rest();

    let mut received = Received::default();
    let mut inbox = Inbox::reusing(Vec::with_capacity(reused));
    for piece in cuts.pieces(stream) {
        if received.oversized.is_some() {
            break;
        }
        feed(&mut inbox, piece, limit, &mut received);
    }
    received.rest = inbox.take(inbox.len());
    assert_eq!(received, plainly(stream, limit, &received.rest));
}

/// Reads `piece` as from a socket, in as many reads as the room takes.
fn feed(inbox: &mut Inbox, mut piece: &[u8], limit: usize, received: &mut Received) {
    while !piece.is_empty() && received.oversized.is_none() {
        let before = rank(&progress(inbox, limit));
        let room = inbox.room(limit.saturating_add(HEADER_BYTES));
        let left = room.capacity().saturating_sub(room.len());
        assert!(left > 0, "there is always room for a byte");
        let most = limit.saturating_add(HEADER_BYTES).saturating_add(FIRST_ROOM);
        assert!(room.capacity() <= most, "{} bytes are reserved, over {most}", room.capacity());
        let (now, later) = piece.split_at_checked(left).unwrap_or((piece, &[]));
        room.extend_from_slice(now);
        piece = later;
        assert!(rank(&progress(inbox, limit)) >= before, "something was unlearnt");
        loop {
            match progress(inbox, limit) {
                Progress::Whole { body } => {
                    let bytes = inbox.take(body.end);
                    received.bodies.push(bytes.get(body).unwrap_or_default().to_vec());
                }
                Progress::Oversized { announced } => {
                    received.oversized = Some(announced);
                    break;
                }
                Progress::Nothing => {
                    assert!(inbox.is_empty());
                    break;
                }
                Progress::Header
                | Progress::Body { .. }
                | Progress::Interim(_)
                | Progress::Malformed { .. } => {
                    assert!(inbox.take_empty().is_none(), "bytes were given away");
                    break;
                }
            }
        }
    }
}

fn rank(progress: &Progress) -> u8 {
    match progress {
        Progress::Nothing => 0,
        Progress::Header => 1,
        Progress::Body { .. } | Progress::Interim(_) => 2,
        Progress::Whole { .. } | Progress::Oversized { .. } | Progress::Malformed { .. } => 3,
    }
}

fn progress(inbox: &mut Inbox, limit: usize) -> Progress {
    let progress = inbox.progress(|bytes, _| length_prefixed(bytes, limit));
    let strange = matches!(progress, Progress::Malformed { .. } | Progress::Interim(_));
    assert!(!strange, "any eight bytes are a length, and nobody waits behind them");
    progress
}

/// The same, read from the whole stream at once. How much follows a length that is over the limit
/// depends on the cuts, so it is only compared with what the stream has there.
fn plainly(stream: &[u8], limit: usize, rest: &[u8]) -> Received {
    let mut received = Received::default();
    let mut left = stream;
    while let Some((header, after)) = left.split_first_chunk::<HEADER_BYTES>() {
        let announced = u64::from_be_bytes(*header);
        if announced > limit as u64 {
            received.oversized = Some(announced);
            break;
        }
        let length = usize::try_from(announced).unwrap_or(usize::MAX);
        let Some((body, after)) = after.split_at_checked(length) else { break };
        received.bodies.push(body.to_vec());
        left = after;
    }
    let seen = if received.oversized.is_some() { rest.len().max(HEADER_BYTES) } else { left.len() };
    received.rest = left.get(..seen).unwrap_or_default().to_vec();
    received
}

/// What a TLS listener presents, from the contents of its files: certificate, key and client
/// authorities, of which the second and third begin behind a NUL. With one file, it holds both
/// certificate and key.
///
/// It is used or refused in few words, which hold nothing of what the files say.
///
/// # Panics
///
/// If one of these does not hold.
pub fn certificate(bytes: &[u8]) {
    let mut files = bytes.split(|byte| *byte == 0);
    let certificate = files.next().unwrap_or_default();
    let key = files.next().unwrap_or(certificate);
    let client_ca = files.next();
    let settings = tls::Settings {
        certificate: PathBuf::from("cert"),
        key: PathBuf::from("key"),
        client_ca: client_ca.map(|_| PathBuf::from("ca")),
    };
    let Err(error) = Identity::from_pem(&settings, &Pem { certificate, key, client_ca }) else {
        return;
    };
    let words = error.to_string();
    assert!(words.len() < MOST_WORDS, "{} bytes of words: {words}", words.len());
    for line in key.split(|byte| *byte == b'\n').filter(|line| is_secret(line)) {
        let shown = words.as_bytes().windows(line.len()).any(|window| window == line);
        assert!(!shown, "the words hold a line of the key: {words}");
    }
}

/// Whether a line may be a part of a key.
fn is_secret(line: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    line.len() >= LEAST_SECRET && line.iter().all(base64)
}

/// Words about a file with a short name are shorter, in bytes.
const MOST_WORDS: usize = 250;
/// No name of a file and no word of ours is as long, in bytes.
const LEAST_SECRET: usize = 24;
