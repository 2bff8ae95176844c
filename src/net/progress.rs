//! What a service says of the bytes that have come, and the framing that it has unless it brings
//! its own: a length of eight bytes before each body. Pure, without I/O or clock.

use std::ops::Range;

/// Bytes of the length that precedes a body.
pub(crate) const HEADER_BYTES: usize = 8;

/// What the bytes at the front of a connection are: those that have come since the request before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No byte has come.
    Nothing,
    /// A part of the header, whose end has [`header_deadline`](crate::Limits::header_deadline).
    Header,
    /// The header and a part of the body.
    Body {
        /// Length of the whole body in bytes, as far as it is known.
        announced: u64,
    },
    /// The same, and the client waits for these few bytes before it sends on. They are sent at once,
    /// and the service is asked again; of a client that has not even read its answers before, the
    /// connection is closed.
    Interim(&'static [u8]),
    /// A whole request, which ends where its body does; what follows belongs to the next one.
    Whole {
        /// What the service is given of it, as offsets.
        body: Range<usize>,
    },
    /// A request whose body announces more than the limit.
    Oversized {
        /// What it announces, in bytes.
        announced: u64,
    },
    /// What can be no request, whatever follows.
    Malformed {
        /// Why: a number of the service's own, which comes back to it in
        /// [`Refusal::Malformed`](crate::Refusal::Malformed).
        reason: u16,
    },
}

/// What a service notes down of the request that is being read, so that it need not begin at the
/// first byte each time that some more have come. All zero at the start of each request; means
/// nothing to this crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// What is being read.
    pub part: u8,
    /// Offsets or lengths, as `part` has them.
    pub numbers: [usize; 3],
}

/// What `bytes` are where a length of eight bytes, most significant first, goes before each body.
pub(crate) fn length_prefixed(bytes: &[u8], max_request: usize) -> Progress {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return if bytes.is_empty() { Progress::Nothing } else { Progress::Header };
    };
    let announced = u64::from_be_bytes(*header);
    match usize::try_from(announced) {
        Ok(length) if length <= max_request => {
            if body.len() >= length {
                Progress::Whole { body: HEADER_BYTES..HEADER_BYTES.saturating_add(length) }
            } else {
                Progress::Body { announced }
            }
        }
        _ => Progress::Oversized { announced },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 3000;

    #[test]
    fn progress_tells_nothing_header_body_and_whole_apart() {
        let bytes = [&3_u64.to_be_bytes(), &b"abc..."[..]].concat();
        for (count, expected) in [
            (0, Progress::Nothing),
            (1, Progress::Header),
            (7, Progress::Header),
            (8, Progress::Body { announced: 3 }),
            (10, Progress::Body { announced: 3 }),
            (11, Progress::Whole { body: 8..11 }),
            (12, Progress::Whole { body: 8..11 }),
        ] {
            assert_eq!(length_prefixed(&bytes[..count], LIMIT), expected, "{count} bytes");
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_with_its_header() {
        for announced in [LIMIT as u64 + 1, u64::MAX, 1 << 63] {
            let progress = length_prefixed(&announced.to_be_bytes(), LIMIT);
            assert_eq!(progress, Progress::Oversized { announced });
        }
    }
}
