//! From peers to standard output.

use std::io::{BufWriter, Write};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::pipe::PipeError;
use crate::pipe_options::{Interface, PipeOptions};
use crate::{Received, Subscriber};

/// Messages that are taken at once.
const BATCH: usize = 128;

/// Writes each message that comes to `output`, in the line that the original prints of it, unless only their rate is wanted; until
/// there have been enough, or the endpoint has ended.
pub(crate) fn subscribe(
    subscriber: &mut Subscriber,
    options: &PipeOptions,
    output: impl Write,
    count: &AtomicU64,
) -> Result<(), PipeError> {
    let mut output = BufWriter::new(output);
    let mut left = options.message_cap.map_or(u64::MAX, NonZeroU64::get);
    let mut line = Vec::new();
    while left > 0 && !subscriber.has_ended() {
        for message in next(subscriber, options.interface)? {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(1);
            count.fetch_add(1, Ordering::Relaxed);
            if !options.rate {
                line.clear();
                line.extend_from_slice(b"data(");
                line.extend_from_slice(message.topic.as_bytes());
                line.extend_from_slice(b", ");
                message.data.write_text(&mut line);
                line.extend_from_slice(b")\n");
                output.write_all(&line).map_err(PipeError::Output)?;
            }
        }
        if subscriber.available() == 0 || left == 0 {
            output.flush().map_err(PipeError::Output)?;
        }
    }
    Ok(())
}

/// What has come, however long that takes; perhaps nothing once the endpoint has ended.
fn next(subscriber: &mut Subscriber, interface: Interface) -> Result<Vec<Received>, PipeError> {
    match interface {
        Interface::Blocking => Ok(subscriber.get().into_iter().collect()),
        Interface::Stream => Ok(subscriber.get_many(BATCH, Deadline::NEVER)),
        Interface::Select => {
            let descriptor = subscriber.fd().map_err(|errno| PipeError::Wait(errno.into()))?;
            match poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => Ok(subscriber.poll()),
                Err(errno) => Err(PipeError::Wait(errno.into())),
            }
        }
    }
}
