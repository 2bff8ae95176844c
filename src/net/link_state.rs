//! What is known of a link, and what follows from it. Pure data, kept under the link's lock.

use std::ops::{BitOr, BitOrAssign};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ostler_runtime::Deadline;
use rustix::event::epoll::EventFlags;

use crate::Closed;
use crate::link_doors::Stranger;
use crate::link_outbox::Outbox;
use crate::link_wire::Wire;

/// How far a link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Connecting,
    /// TLS is being established; a plain connection only passes through.
    Securing,
    Open,
    /// It ends once everything is written; what comes in is thrown away.
    Closing,
    /// Everything is written, and the other side has been told that nothing follows.
    Lingering,
    /// Its protocol has been told the end.
    Over,
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pen {
    Free,
    /// Some thread is at it.
    Taken,
    /// Nobody until the socket has room.
    Blocked,
}

/// Whether the protocol wants to be given what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    Flowing,
    /// It has been asked to go on while it was being called.
    Resumed,
    Held,
    /// Nothing more can come.
    Ended,
}

/// What has happened to a link; several things at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News(u8);

impl News {
    /// Polling has said that there is something to read.
    pub(crate) const READABLE: Self = Self(1);
    /// Polling has said that there is room to write.
    pub(crate) const WRITABLE: Self = Self(2);
    /// There are bytes that polling does not tell of.
    pub(crate) const MORE: Self = Self(4);
    /// Something waits to be written.
    pub(crate) const FLUSH: Self = Self(8);
    /// A quarter of a second has passed.
    pub(crate) const TICK: Self = Self(16);
    /// Its state has changed.
    pub(crate) const LOOK: Self = Self(32);
    /// Polling has said that the other side sends no more.
    pub(crate) const HANGUP: Self = Self(64);

    /// Whether any of `other` is among it.
    pub(crate) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// It but for `other`.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for News {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for News {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What the kernel has been asked to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Armed {
    /// It has not been asked ever.
    Unknown,
    For(EventFlags),
}

/// The state of a link.
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// None when the link is over.
    pub(crate) wire: Option<Arc<Wire>>,
    pub(crate) outbox: Outbox,
    pub(crate) pen: Pen,
    pub(crate) intake: Intake,
    pub(crate) armed: Armed,
    /// What waits for a thread. If there is any, the link is queued or running.
    pub(crate) todo: News,
    /// Whether it is in the queue of work.
    pub(crate) queued: bool,
    /// Whether a thread is with its protocol.
    pub(crate) running: bool,
    /// To be called when there is room again, or never will be.
    pub(crate) waiters: Vec<Box<dyn FnOnce() + Send>>,
    /// How it ends, as soon as a thread comes by.
    pub(crate) end: Option<Closed>,
    /// Why nothing can be written any more. It ends so when everything has been read.
    pub(crate) lost: Option<Closed>,
    /// Whether the other side is known to send no more, though what it has sent was not read.
    pub(crate) hung_up: bool,
    /// By when it must have gone on to the next phase.
    pub(crate) deadline: Deadline,
    /// How long the other side has to close once everything is written.
    pub(crate) linger: Duration,
    /// When somebody who had something to send has last written it himself; nothing where the
    /// protocol has been called since.
    pub(crate) written_at: Option<Instant>,
    /// Frames put into the outbox.
    pub(crate) taken: u64,
    pub(crate) progress: Progress,
    /// Whom it is counted with as long as it is not established.
    pub(crate) stranger: Option<Stranger>,
}

/// What was seen at the last tick.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Bytes handed to the kernel, or to TLS.
    pub(crate) bytes_out: u64,
    seen: u64,
    /// Since when bytes wait and none has gone.
    still: Option<Instant>,
    /// Since when the other side has gone, and what has come of it is not read.
    pub(crate) deaf: Option<Instant>,
    taken: u64,
}

impl State {
    pub(crate) fn new(phase: Phase, wire: Wire, deadline: Deadline) -> Self {
        Self {
            phase,
            wire: Some(Arc::new(wire)),
            outbox: Outbox::default(),
            pen: Pen::Free,
            intake: Intake::Flowing,
            armed: Armed::Unknown,
            todo: News::default(),
            queued: false,
            running: false,
            waiters: Vec::new(),
            end: None,
            lost: None,
            hung_up: false,
            deadline,
            linger: Duration::ZERO,
            written_at: None,
            taken: 0,
            progress: Progress::default(),
            stranger: None,
        }
    }

    /// Whether frames are taken at all.
    pub(crate) fn takes_frames(&self) -> bool {
        let lives = matches!(self.phase, Phase::Connecting | Phase::Securing | Phase::Open);
        lives && self.end.is_none() && self.lost.is_none()
    }

    /// Whether what waits may go out.
    pub(crate) fn may_write(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closing) && self.lost.is_none()
    }

    /// What polling should tell.
    pub(crate) fn interest(&self) -> EventFlags {
        let mut interest = EventFlags::empty();
        let reads = match self.phase {
            Phase::Connecting | Phase::Over => false,
            Phase::Open => matches!(self.intake, Intake::Flowing | Intake::Resumed),
            Phase::Securing | Phase::Closing | Phase::Lingering => self.intake != Intake::Ended,
        };
        if reads && !self.running {
            interest |= EventFlags::IN;
        }
        if self.phase == Phase::Open && self.intake == Intake::Held && !self.hung_up {
            interest |= EventFlags::RDHUP;
        }
        if self.phase == Phase::Connecting || (self.pen == Pen::Blocked && self.wire.is_some()) {
            interest |= EventFlags::OUT;
        }
        interest
    }

    /// Since when bytes wait without one having gone; to be asked at each tick.
    pub(crate) fn still_since(&mut self, now: Instant) -> Option<Instant> {
        let progress = &mut self.progress;
        let moved = progress.bytes_out != progress.seen;
        progress.seen = progress.bytes_out;
        let waits = self.pen == Pen::Blocked || !self.outbox.is_empty();
        if moved || !waits || self.phase == Phase::Connecting {
            progress.still = None;
        } else {
            progress.still.get_or_insert(now);
        }
        progress.still
    }

    /// Since when the other side has gone, and nobody has gone on reading what has come; to be asked at
    /// each tick.
    pub(crate) fn deaf_since(&mut self, now: Instant) -> Option<Instant> {
        let progress = &mut self.progress;
        if (self.hung_up || self.lost.is_some()) && self.intake == Intake::Held {
            progress.deaf.get_or_insert(now);
        } else {
            progress.deaf = None;
        }
        progress.deaf
    }

    /// Frees what is of no use while nothing is sent; to be called at each tick.
    pub(crate) fn shrink_if_quiet(&mut self) {
        if self.progress.taken == self.taken {
            self.outbox.shrink();
        }
        self.progress.taken = self.taken;
    }
}
