//! A `conn` thread: takes connections that can go on and drives them until they cannot.
//!
//! The acceptor does the same with a connection that nobody else waits behind, if its request is
//! there already: waking another thread costs more than answering a short request does.

use std::ops::Range;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use ostler_runtime::threads::caught;

use crate::Reply;
use crate::connection::{Connection, Next};
use crate::shared::{Shared, Work};
use crate::spare::keep_spare;

/// Works until it is told to stop.
pub(crate) fn run(shared: &Arc<Shared>, queue: &Receiver<Work>) {
    // Read into by one connection after the other, so that a request costs no allocation.
    let mut spare = Vec::new();
    loop {
        let work = match queue.recv() {
            Ok(Work::Stop) | Err(_) => return,
            Ok(work) => work,
        };
        guarded(shared, || drive(shared, work, &mut spare));
    }
}

/// Drives a fresh connection on the calling thread as far as it goes without waiting for its
/// client; where that is nowhere, a `conn` thread looks again a moment later.
pub(crate) fn drive_fresh(shared: &Shared, mut connection: Box<Connection>, spare: &mut Vec<u8>) {
    guarded(shared, || match connection.resume(spare) {
        // Most likely the request is on its way, so that parking would be work for nothing.
        Next::Park(..) => shared.hand_on(Work::Ready(connection)),
        next => drive_on(shared, connection, next, spare),
    });
}

/// A panic is the service's: the connection it was about is closed by the unwinding.
fn guarded(shared: &Shared, body: impl FnOnce()) {
    if caught("a request", body).is_none() {
        shared.counters.panics.count();
    }
}

fn drive(shared: &Shared, work: Work, spare: &mut Vec<u8>) {
    match work {
        Work::Stop => {}
        Work::Ready(mut connection) => {
            let next = connection.resume(spare);
            drive_on(shared, connection, next, spare);
        }
        Work::Answered(mut connection, answer) => {
            let next = connection.answer(answer);
            drive_on(shared, connection, next, spare);
        }
    }
}

fn drive_on(shared: &Shared, mut connection: Box<Connection>, mut next: Next, spare: &mut Vec<u8>) {
    loop {
        next = match next {
            Next::Request { bytes, body } => {
                let served = serve(shared, connection, bytes, body, spare);
                let Some((same, next)) = served else { return };
                connection = same;
                next
            }
            Next::Refused(why) => match shared.service.refused(why) {
                Some(answer) => connection.refuse(why, answer),
                None => Next::Close,
            },
            Next::Park(want, deadline) => {
                return shared.parked.park(connection, want, deadline);
            }
            Next::Queue => return shared.hand_on(Work::Ready(connection)),
            Next::Close => return,
        }
    }
}

/// Has a request answered; `None` if the service keeps its reply for later.
fn serve(
    shared: &Shared,
    connection: Box<Connection>,
    bytes: Vec<u8>,
    body: Range<usize>,
    spare: &mut Vec<u8>,
) -> Option<(Box<Connection>, Next)> {
    let body = bytes.get(body).unwrap_or_default();
    let answered = shared.service.request(body, Reply::new(connection));
    keep_spare(spare, bytes);
    let (reply, answer) = answered?;
    let mut connection = reply.into_connection()?;
    let next = connection.answer(answer);
    Some((connection, next))
}
