//! One connection: what it is doing, and how far it gets without waiting.
//!
//! ```text
//! Reading ──whole frame──▶ (service) ──answer──▶ Writing ──▶ closed
//!    ▲  └──refused──────────────────────────────▶  │  │
//!    └──────────────── kept ───────────────────────┘  └─ surplus ─▶ Lingering ──▶ closed
//! ```
//!
//! An answer that shall come late is Held before it is written.
//!
//! Each call goes on until the socket is not ready, and says what to do [`Next`].

use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};
use rustix::io::Errno;

use crate::answer::Outbox;
use crate::caller::Caller;
use crate::frame::Inbox;
use crate::incoming::Incoming;
use crate::place::Place;
use crate::proxy_header::is_proxys;
use crate::shared::Shared;
use crate::socket::{Moved, Want};
use crate::spare::keep_spare;
use crate::stream::{Behind, Broken, Stream};
use crate::{Answer, Origin, Peer, Progress, Refusal, Upgraded};

/// How much of a request is thrown away that is too long to be thrown away whole.
const FUTILE_BYTES: usize = 32 * 1024;

/// A client's connection with all its state; dropping it closes it.
pub(crate) struct Connection {
    stream: Stream,
    caller: Caller,
    inbox: Inbox,
    /// Bytes of the current request that count among those of all.
    incoming: Incoming,
    phase: Phase,
    accepted: Instant,
    /// When its client was heard last.
    heard: Instant,
    /// When the current request began; `None` between the requests of a kept connection.
    started: Option<Instant>,
    /// Whether it goes back to reading after an answer.
    kept: bool,
    /// Whether the client has ended its side.
    ended: bool,
    /// Whether the kernel's poll set knows it already.
    polled: bool,
    // Behind the stream, so that its place is free once it is closed.
    shared: Place,
}

enum Phase {
    Reading,
    Held {
        answer: Answer,
        until: Deadline,
    },
    Writing {
        outbox: Outbox,
        then: Then,
        deadline: Deadline,
    },
    /// So many bytes more are thrown away.
    Lingering {
        bytes: usize,
        deadline: Deadline,
    },
}

/// What follows a written answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The next request, or the end, as the connection is kept or not.
    Settle,
    /// The end, but for so much of what the client may still be sending.
    Linger { bytes: usize },
}

/// What a connection needs to go on.
pub(crate) enum Next {
    /// The service's answer to the `body` of these bytes.
    Request { bytes: Vec<u8>, body: Range<usize> },
    /// The service's wording of a refusal.
    Refused(Refusal),
    /// Readiness of its socket, before the deadline.
    Park(Want, Deadline),
    /// Another turn, after others had theirs.
    Queue,
    /// Nothing.
    Close,
}

impl Connection {
    /// A connection just accepted; it is counted as open until it is dropped.
    pub(crate) fn new(stream: Stream, peer: Peer, shared: Arc<Shared>) -> Box<Self> {
        let accepted = now();
        Box::new(Self {
            stream,
            caller: Caller::new(peer, &shared.limits.trusted),
            inbox: Inbox::default(),
            incoming: Incoming::new(&shared.incoming),
            phase: Phase::Reading,
            accepted,
            heard: accepted,
            started: Some(accepted),
            kept: false,
            ended: false,
            polled: false,
            shared: Place::counted(shared),
        })
    }

    /// Goes on where it stopped. `spare` is a buffer to read into, and comes back where possible.
    pub(crate) fn resume(&mut self, spare: &mut Vec<u8>) -> Next {
        match &mut self.phase {
            Phase::Reading => {
                self.heard = now();
                if !self.inbox.has_buffer() {
                    self.inbox = Inbox::reusing(std::mem::take(spare));
                }
                let next = self.read();
                if let Some(buffer) = self.inbox.take_empty() {
                    keep_spare(spare, buffer);
                }
                next
            }
            Phase::Held { answer, until } if until.passed() => {
                let answer = std::mem::take(answer);
                self.answer(answer)
            }
            // Before its time only the end of the connection wakes it.
            Phase::Held { .. } => Next::Close,
            Phase::Writing { .. } => self.write(),
            Phase::Lingering { .. } => self.linger(),
        }
    }

    /// Begins to write the answer to the request that was read last.
    pub(crate) fn answer(&mut self, answer: Answer) -> Next {
        self.begin(answer, Then::Settle)
    }

    /// Begins to write the answer to a request that was refused.
    pub(crate) fn refuse(&mut self, why: Refusal, answer: Answer) -> Next {
        self.kept = false;
        // What the client still sends of its request must not reset the connection under the
        // answer; if it has ended its side, there is nothing to come.
        let then =
            if self.ended { Then::Settle } else { Then::Linger { bytes: self.patience(why) } };
        self.begin(answer, then)
    }

    /// How many bytes of a refused request are worth being thrown away. Of one that is longer than
    /// what is thrown away at most, the end would not come anyway.
    fn patience(&self, why: Refusal) -> usize {
        let most = self.shared.limits.linger_bytes;
        match why {
            Refusal::Oversized { announced, .. } => match usize::try_from(announced) {
                Ok(announced) if announced <= most => most,
                _ => most.min(FUTILE_BYTES),
            },
            _ => most,
        }
    }

    /// Keeps the answer to the request that was read last back for a while.
    pub(crate) fn hold(&mut self, answer: Answer, delay: Duration) -> Next {
        let until = Deadline::after(delay);
        self.phase = Phase::Held { answer, until };
        Next::Park(Want::Time, until)
    }

    /// Whether its answer is kept back.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held { .. })
    }

    /// Keeps its answer back no longer.
    pub(crate) fn release(&mut self) {
        if let Phase::Held { until, .. } = &mut self.phase {
            *until = Deadline::after(Duration::ZERO);
        }
    }

    /// Its client has said who it is: it counts as a stranger no more.
    pub(crate) fn authenticated(&mut self) {
        self.caller.authenticated();
    }

    /// Whom it is counted with; `None` once it is authenticated, or if it is exempt.
    pub(crate) fn stranger(&self) -> Option<Origin> {
        self.caller.stranger()
    }

    /// When its client was heard last.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// When it was accepted.
    pub(crate) fn accepted(&self) -> Instant {
        self.accepted
    }

    /// Whether it waits for a request, or for the rest of one.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading)
    }

    /// Whether it waits for a request and its client has said something that nobody has received
    /// yet.
    pub(crate) fn is_about_to_read(&self) -> bool {
        self.is_reading() && self.stream.has_begun()
    }

    /// How many bytes it holds of an answer that is not written yet.
    pub(crate) fn pending(&self) -> usize {
        match &self.phase {
            Phase::Writing { outbox, .. } => outbox.held(),
            Phase::Held { answer, .. } => answer.body.as_bytes().len(),
            Phase::Reading | Phase::Lingering { .. } => 0,
        }
    }

    /// Lets it carry further requests.
    pub(crate) fn keep(&mut self) {
        if !self.kept {
            self.kept = true;
            self.stream.send_at_once();
        }
    }

    /// Lets it end with the answer to the request that was read last.
    pub(crate) fn keep_no_longer(&mut self) {
        self.kept = false;
    }

    /// Marks it as known to the kernel's poll set, and tells whether it was before.
    pub(crate) fn mark_polled(&mut self) -> bool {
        std::mem::replace(&mut self.polled, true)
    }

    /// Whether it waits for the first byte of a request, or of a handshake, and none has come.
    pub(crate) fn is_silent(&self) -> bool {
        // A client that has begun a handshake is about to ask, and so is one that a proxy has
        // connected for, which cannot take it to another server any more; between requests they
        // need not be.
        let announced = self.caller.may_be_proxied() || self.stream.has_greeted();
        let about_to_ask = self.started.is_some() && announced;
        matches!(self.phase, Phase::Reading)
            && self.inbox.is_empty()
            && !about_to_ask
            && !self.stream.has_begun()
    }

    /// Whether it waits between two requests.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Reading) && self.started.is_none()
    }

    /// Whether the client owes something that its deadline is for: a request, or reading its
    /// answer.
    pub(crate) fn is_owed(&self) -> bool {
        match self.phase {
            Phase::Reading => self.started.is_some(),
            Phase::Writing { .. } => true,
            Phase::Held { .. } | Phase::Lingering { .. } => false,
        }
    }

    /// Whether the client has gone, or ended its side.
    pub(crate) fn client_left(&self) -> bool {
        self.stream.client_left()
    }

    /// Until when a fresh connection may wait for its first bytes, if reading them costs more than
    /// the acceptor has time for.
    pub(crate) fn parks_first(&self) -> Option<Deadline> {
        self.stream.is_costly().then(|| self.read_deadline(&Progress::Nothing))
    }

    pub(crate) fn peer(&self) -> Peer {
        self.caller.peer()
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Leaves the server and says `first` to its client before anything else.
    pub(crate) fn upgrade(mut self, first: Vec<u8>) -> Upgraded {
        self.stream.send_at_once();
        let (peer, length) = (self.peer(), self.inbox.len());
        Upgraded { input: self.inbox.take(length), stream: self.stream, first, peer }
    }

    fn read(&mut self) -> Next {
        match self.caller.find_out(&mut self.stream, &mut self.inbox, &self.shared) {
            Ok(None) => {}
            Ok(Some(want)) => return Next::Park(want, self.read_deadline(&Progress::Nothing)),
            Err(broken) => return self.broken(&broken),
        }
        let limit = self.shared.limits.max_request;
        let longest = limit.saturating_add(self.shared.service.max_header());
        loop {
            let service = &self.shared.service;
            let progress =
                self.inbox.progress(|bytes, bookmark| service.progress(bytes, limit, bookmark));
            match progress {
                Progress::Whole { body } => {
                    self.shared.counters.requests.count();
                    return Next::Request { bytes: self.inbox.take(body.end), body };
                }
                Progress::Oversized { announced } => {
                    self.shared.counters.oversized.count();
                    if is_proxys(self.inbox.bytes()) {
                        self.caller.sent_header(&self.shared);
                    }
                    return Next::Refused(Refusal::Oversized { announced, limit });
                }
                Progress::Malformed { reason } => {
                    self.shared.counters.malformed.count();
                    return Next::Refused(Refusal::Malformed { reason });
                }
                Progress::Interim(bytes) => {
                    if let Err(broken) = self.say(bytes) {
                        return self.broken(&broken);
                    }
                    continue;
                }
                Progress::Nothing | Progress::Header | Progress::Body { .. } => {}
            }
            match self.stream.receive(self.inbox.room(longest)) {
                Ok(Moved::Bytes(_)) => {
                    if self.started.is_none() {
                        self.started = Some(now());
                    }
                    let limit = self.shared.limits.max_incoming;
                    if self.incoming.is_too_much(self.inbox.len(), limit) {
                        return Next::Refused(Refusal::Crowded { limit });
                    }
                }
                Ok(Moved::End) => return self.truncated(&progress),
                Ok(Moved::Later(want)) => {
                    if self.kept && !self.inbox.is_empty() {
                        self.stream.acknowledge();
                    }
                    return Next::Park(want, self.read_deadline(&progress));
                }
                Err(broken) => return self.broken(&broken),
            }
        }
    }

    /// Sends a few bytes in the middle of a request.
    fn say(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        match self.stream.send(&[IoSlice::new(bytes)], Behind::More)? {
            Moved::Bytes(count) if count == bytes.len() => Ok(()),
            _ => Err(Errno::PIPE.into()),
        }
    }

    fn truncated(&mut self, progress: &Progress) -> Next {
        self.ended = true;
        let announced = match progress {
            Progress::Nothing => return Next::Close,
            Progress::Body { announced } => Some(*announced),
            _ => None,
        };
        self.shared.counters.truncated.count();
        Next::Refused(Refusal::Truncated { got: self.inbox.len(), announced })
    }

    fn read_deadline(&self, progress: &Progress) -> Deadline {
        let limits = &self.shared.limits;
        let Some(started) = self.started else { return Deadline::after(limits.keep_idle) };
        let wait = match progress {
            Progress::Nothing | Progress::Header => limits.header_deadline,
            _ => limits.request_deadline,
        };
        started.checked_add(wait).map_or(Deadline::NEVER, Deadline::at)
    }

    fn begin(&mut self, answer: Answer, then: Then) -> Next {
        self.incoming.clear();
        let deadline = Deadline::after(self.shared.limits.write_deadline);
        self.phase = Phase::Writing { outbox: Outbox::new(answer), then, deadline };
        self.write()
    }

    fn write(&mut self) -> Next {
        let Phase::Writing { outbox, then, deadline } = &mut self.phase else { return Next::Close };
        let then = *then;
        let stays = self.kept && then == Then::Settle;
        let behind = if stays { Behind::More } else { Behind::Nothing };
        while !outbox.is_written() {
            match self.stream.send(&outbox.rest(), behind) {
                Ok(Moved::Bytes(count)) => {
                    outbox.advance(count);
                    if !outbox.is_written() {
                        self.stream.send_at_once();
                    }
                }
                Ok(Moved::Later(want)) => return Next::Park(want, *deadline),
                Ok(Moved::End) => return Next::Close,
                Err(broken) => return self.broken(&broken),
            }
        }
        match self.stream.flush(behind) {
            Ok(None) => {}
            Ok(Some(want)) => return Next::Park(want, *deadline),
            Err(broken) => return self.broken(&broken),
        }
        match then {
            Then::Linger { bytes } => self.begin_linger(bytes),
            Then::Settle if self.kept => self.next_request(),
            Then::Settle => self.settle(),
        }
    }

    fn next_request(&mut self) -> Next {
        self.phase = Phase::Reading;
        if self.inbox.is_empty() && !self.stream.holds_bytes() {
            self.started = None;
            // Asking the socket first would nearly always be in vain.
            return Next::Park(Want::Read, Deadline::after(self.shared.limits.keep_idle));
        }
        self.started = Some(now());
        // A client that sends requests without end shall not keep a thread from the others.
        Next::Queue
    }

    /// The end of a stream that cannot go on.
    fn broken(&mut self, why: &Broken) -> Next {
        match why {
            Broken::Socket(_) => Next::Close,
            Broken::Header(why) => {
                self.shared.malformed_header(self.peer(), *why);
                Next::Close
            }
            Broken::Tls(why) => {
                self.shared.counters.tls_failures.count();
                log::debug!("{} does not speak TLS as it should: {}", self.peer(), why.details());
                if self.stream.began_as_proxy() {
                    self.caller.sent_header(&self.shared);
                }
                // Closing over unread bytes would destroy the alert that tells the client.
                self.begin_linger(self.shared.limits.linger_bytes)
            }
        }
    }

    fn settle(&mut self) -> Next {
        if self.ended {
            return Next::Close;
        }
        let most = self.shared.limits.linger_bytes;
        if !self.inbox.is_empty() {
            return self.begin_linger(most);
        }
        // Closing a socket with unread bytes resets the connection, and the answer may be lost.
        match self.stream.discard() {
            Ok(Moved::Bytes(count)) => self.begin_linger(most.saturating_sub(count)),
            _ => Next::Close,
        }
    }

    fn begin_linger(&mut self, bytes: usize) -> Next {
        if self.stream.finish().is_err() {
            return Next::Close;
        }
        let deadline = Deadline::after(self.shared.limits.linger);
        self.phase = Phase::Lingering { bytes, deadline };
        self.linger()
    }

    fn linger(&mut self) -> Next {
        let Phase::Lingering { bytes, deadline } = &mut self.phase else { return Next::Close };
        while *bytes > 0 {
            match self.stream.discard() {
                Ok(Moved::Bytes(count)) => *bytes = bytes.saturating_sub(count),
                Ok(Moved::Later(want)) => return Next::Park(want, *deadline),
                Ok(Moved::End) | Err(_) => return Next::Close,
            }
        }
        Next::Close
    }
}
