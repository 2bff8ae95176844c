//! From standard input to peers.

use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use broker_data::Data;
use ostler_runtime::Deadline;

use crate::pipe::PipeError;
use crate::pipe_options::PipeOptions;
use crate::{Publisher, Topic};

/// The longest line, in bytes.
pub(crate) const MAX_LINE_BYTES: u64 = 1 << 20;

/// Publishes each line of `input`, without its end, as a string. Waits for somebody who wants it:
/// no line is published to nobody.
pub(crate) fn publish(
    publisher: &Publisher,
    options: &PipeOptions,
    input: &mut impl BufRead,
    count: &AtomicU64,
) -> Result<(), PipeError> {
    let most = options.message_cap.map_or(u64::MAX, Into::into);
    for number in 1..=most {
        let Some(line) = line(input, number)? else { break };
        send(publisher, options, &options.topic, &Data::String(line))?;
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn send(
    publisher: &Publisher,
    options: &PipeOptions,
    topic: &Topic,
    data: &Data,
) -> Result<(), PipeError> {
    let deadline = Deadline::after(options.wait);
    while publisher.publish(topic, data)? == 0 {
        // Whoever wanted it a moment ago may have gone meanwhile.
        if !publisher.await_filter_entry(topic, deadline) {
            return Err(PipeError::Unwanted(options.wait));
        }
    }
    Ok(())
}

/// The next line, if there is one; the last one may lack its end.
fn line(input: &mut impl BufRead, number: u64) -> Result<Option<Vec<u8>>, PipeError> {
    let mut line = Vec::new();
    let most = MAX_LINE_BYTES.saturating_add(1);
    input.by_ref().take(most).read_until(b'\n', &mut line).map_err(PipeError::Input)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if u64::try_from(line.len()).is_ok_and(|length| length >= MAX_LINE_BYTES) => {
            Err(PipeError::LongLine(number))
        }
        Some(last) => {
            line.push(last);
            Ok(Some(line))
        }
    }
}

/// What is read from standard input, in pieces of 64 KiB.
pub(crate) fn standard_input() -> impl BufRead {
    io::BufReader::with_capacity(64 << 10, io::stdin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bytes_and_the_last_may_lack_its_end() {
        let mut input = &b"one\n\n\xff\r\nlast"[..];
        let mut next = || line(&mut input, 1).unwrap();
        assert_eq!(next(), Some(b"one".to_vec()));
        assert_eq!(next(), Some(Vec::new()));
        assert_eq!(next(), Some(b"\xff\r".to_vec()));
        assert_eq!(next(), Some(b"last".to_vec()));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_line_may_be_as_long_as_is_said_and_no_longer() {
        let longest = vec![b'x'; usize::try_from(MAX_LINE_BYTES).unwrap()];
        for end in [&b""[..], b"\n"] {
            let text = [&longest[..], end].concat();
            assert_eq!(line(&mut &text[..], 1).unwrap(), Some(longest.clone()));
            let text = [&longest[..], b"x", end].concat();
            assert!(matches!(line(&mut &text[..], 7), Err(PipeError::LongLine(7))));
        }
    }
}
