//! A link's turn: a thread deals with what has happened to it, and with one reading at most, so
//! that all links have their turns.

use std::sync::Arc;

use ostler_runtime::{Deadline, now};

use crate::link_inner::{Inner, Inside};
use crate::link_state::{Armed, Intake, News, Pen, Phase, State};
use crate::link_wire::Taken;
use crate::socket::{Moved, Want};
use crate::stream::Broken;
use crate::{Closed, Link, Protocol};

/// Bytes read in a turn.
const READ_BYTES: usize = 256 * 1024;

/// Why a link is closed that holds most where all together hold too much.
const TOO_MUCH: &str = "of too many unfinished messages it has the most";

/// How often a link that answers what it reads goes on before others have their turn.
const ANSWERS: usize = 64;

/// Unconsumed bytes from which on reading goes on behind them, instead of in the thread's own
/// buffer.
const OWN_BYTES: usize = 64 * 1024;

impl Inner {
    /// Deals with what polling has told.
    pub(crate) fn attend_polled(self: &Arc<Self>, news: News, scratch: &mut Vec<u8>) {
        let mut state = self.lock();
        if state.armed != Armed::Unknown {
            state.armed = Armed::For(rustix::event::epoll::EventFlags::empty());
        }
        drop(state);
        self.attend(news, scratch);
    }

    /// Deals with what the queue of work was for.
    pub(crate) fn attend_queued(self: &Arc<Self>, scratch: &mut Vec<u8>) {
        let mut state = self.lock();
        state.queued = false;
        let news = std::mem::take(&mut state.todo);
        drop(state);
        self.attend(news, scratch);
    }

    /// Deals with `news`. Where another thread is with the protocol, it will.
    pub(crate) fn attend(self: &Arc<Self>, news: News, scratch: &mut Vec<u8>) {
        let mut news = news;
        let mut state = self.lock();
        if news.any(News::WRITABLE | News::FLUSH) && state.may_write() {
            if state.pen == Pen::Blocked && !news.any(News::WRITABLE) {
                // There will be room later.
                drop(state);
            } else {
                self.write_now(state);
            }
            state = self.lock();
            if !self.secured {
                news = news.without(News::WRITABLE);
            }
        } else if news.any(News::WRITABLE) && state.pen == Pen::Blocked {
            state.pen = Pen::Free;
        }
        state.hung_up |= news.any(News::HANGUP);
        news = news.without(News::FLUSH | News::HANGUP);
        if state.phase == Phase::Over {
            return;
        }
        if news.is_empty() {
            return self.arm(&mut state);
        }
        if state.running {
            state.todo |= news;
            return;
        }
        state.running = true;
        drop(state);
        {
            let mut inside = self.inside();
            self.turn(&mut inside, news, scratch);
            self.end_if_due(&mut inside);
        }
        let mut state = self.lock();
        state.running = false;
        if state.phase == Phase::Over {
            return;
        }
        let left = std::mem::take(&mut state.todo);
        if !left.is_empty() {
            self.signal(&mut state, left);
        }
        self.arm(&mut state);
    }

    fn turn(self: &Arc<Self>, inside: &mut Inside, news: News, scratch: &mut Vec<u8>) {
        let ticks = news.any(News::TICK);
        if ticks {
            self.tick(inside, now());
        }
        let phase = {
            let state = self.lock();
            if state.end.is_some() {
                return;
            }
            state.phase
        };
        match phase {
            Phase::Connecting => self.connect(inside),
            Phase::Securing => self.establish(inside),
            Phase::Open if news.any(News::READABLE | News::MORE | News::WRITABLE) => {
                self.read_answers(inside, news, scratch);
            }
            Phase::Closing | Phase::Lingering => self.discard(),
            Phase::Open | Phase::Over => {}
        }
        if ticks {
            self.give_up_if_late();
        }
    }

    /// Ends what has not come about in its time. That is looked at last: what the other side has done
    /// in time stands, however late a thread has come to see it.
    fn give_up_if_late(self: &Arc<Self>) {
        let mut state = self.lock();
        let begins = matches!(state.phase, Phase::Connecting | Phase::Securing);
        if begins && state.end.is_none() && state.deadline.passed() {
            self.end(&mut state, Closed::TimedOut);
        }
    }

    /// Looks what has become of the attempt to connect.
    fn connect(self: &Arc<Self>, inside: &mut Inside) {
        let Some(wire) = self.lock().wire.clone() else { return };
        match wire.connected() {
            Ok(true) => {
                {
                    let mut state = self.lock();
                    state.phase = Phase::Securing;
                    state.deadline = Deadline::after(self.hub.limits.handshake);
                }
                self.establish(inside);
            }
            Ok(false) => {}
            Err(error) => self.end(&mut self.lock(), Closed::Unreachable(error)),
        }
    }

    /// Goes through the handshake of TLS.
    fn establish(self: &Arc<Self>, inside: &mut Inside) {
        let Some(wire) = self.lock().wire.clone() else { return };
        match wire.establish() {
            Ok(None) => {
                wire.send_at_once();
                {
                    let mut state = self.lock();
                    if state.end.is_some() || state.phase != Phase::Securing {
                        return;
                    }
                    state.phase = Phase::Open;
                    // What was queued until now; and what has come with the handshake.
                    self.signal(&mut state, News::FLUSH | News::MORE);
                }
                self.call(inside, Protocol::opened);
            }
            Ok(Some(Want::Write)) => self.lock().pen = Pen::Blocked,
            Ok(Some(Want::Read | Want::Time)) => {}
            Err(broken) => {
                let end = Closed::from(broken);
                self.end(&mut self.lock(), end);
            }
        }
    }

    /// Reads once and delivers; and again where that has been answered, since the other side may
    /// have said the next thing already, and asking polling for it would wake another thread.
    fn read_answers(self: &Arc<Self>, inside: &mut Inside, news: News, scratch: &mut Vec<u8>) {
        for _ in 0..ANSWERS {
            let before = self.lock().progress.bytes_out;
            self.read(inside, news, scratch);
            let state = self.lock();
            let goes_on = state.phase == Phase::Open && state.end.is_none() && !self.secured;
            if !goes_on || state.progress.bytes_out == before {
                return;
            }
        }
    }

    /// Reads once and delivers.
    fn read(self: &Arc<Self>, inside: &mut Inside, news: News, scratch: &mut Vec<u8>) {
        let wire = {
            let state = self.lock();
            if state.intake == Intake::Held {
                return;
            }
            state.wire.clone()
        };
        let Some(wire) = wire else { return };
        let own = inside.input.len() > OWN_BYTES;
        let mut buffer = std::mem::take(if own { &mut inside.input } else { scratch });
        if own {
            buffer.reserve(READ_BYTES);
        } else {
            buffer.clear();
            buffer.reserve(READ_BYTES.saturating_add(OWN_BYTES));
            buffer.extend_from_slice(&inside.input);
            inside.input.clear();
        }
        let before = buffer.len();
        // Whoever has stopped is asked again also where nothing has come since, and before the end; and
        // as long as it has something left, no more is read: it would grow with each time.
        let owed = std::mem::take(&mut inside.owed);
        let received = if owed && before > 0 {
            Ok(Taken { moved: Moved::Bytes(0), more: true, unsent: false })
        } else {
            wire.receive(&mut buffer)
        };
        let come = buffer.len().saturating_sub(before);
        self.hub.counters.bytes_in.add(come);
        inside.busy |= come > 0;
        let again = owed || before > 0 && news.any(News::MORE);
        let consumed = if come > 0 || again { self.deliver(inside, &buffer) } else { 0 };
        if own {
            buffer.drain(..consumed);
            if buffer.len() <= OWN_BYTES {
                // What a long message took is not kept by whoever sends short ones from now on.
                buffer.shrink_to(OWN_BYTES);
            }
            inside.input = buffer;
        } else {
            inside.input.extend_from_slice(buffer.get(consumed..).unwrap_or_default());
            *scratch = buffer;
        }
        let fits = self.may_hold(inside);
        self.conclude(fits, received);
    }

    /// Counts what was not consumed: whether it may be as much.
    pub(crate) fn may_hold(self: &Arc<Self>, inside: &Inside) -> bool {
        let (bytes, limits) = (inside.input.len(), &self.hub.limits);
        if bytes > limits.max_unconsumed {
            return false;
        }
        if self.hub.unconsumed.hold(&self.share, bytes, limits.max_unconsumed_in_all) {
            return true;
        }
        // Not whoever comes last: that may be somebody else than who fills it.
        let Some(largest) = self.hub.largest().filter(|one| !Arc::ptr_eq(one, self)) else {
            return false;
        };
        Link::from(largest).abort(TOO_MUCH);
        true
    }

    /// What follows from a try to read, and from whether what it left `fits`.
    fn conclude(self: &Arc<Self>, fits: bool, received: Result<Taken, Broken>) {
        let mut state = self.lock();
        let unsent = received.as_ref().is_ok_and(|taken| taken.unsent);
        if unsent && state.pen == Pen::Free {
            state.pen = Pen::Blocked;
        }
        if state.phase == Phase::Open && state.intake == Intake::Held {
            // The end is found again when reading goes on.
            return;
        }
        if !fits {
            return self.end(&mut state, Closed::Oversized);
        }
        match received.map(|taken| (taken.moved, taken.more)) {
            Ok((Moved::Bytes(_), more)) => {
                // A failure to write is told when everything has been read.
                if more || (state.phase == Phase::Open && state.lost.is_some()) {
                    self.signal(&mut state, News::MORE);
                }
            }
            Ok((Moved::Later(want), _)) => {
                if want == Want::Write && state.pen == Pen::Free {
                    state.pen = Pen::Blocked;
                }
                let lost = if state.phase == Phase::Open { state.lost.take() } else { None };
                if let Some(lost) = lost {
                    self.end(&mut state, lost);
                }
            }
            Ok((Moved::End, _)) => self.come_to_end(&mut state, Closed::Ended),
            Err(broken) => self.come_to_end(&mut state, Closed::from(broken)),
        }
    }

    /// Nothing more will come.
    fn come_to_end(self: &Arc<Self>, state: &mut State, why: Closed) {
        state.intake = Intake::Ended;
        match state.phase {
            // What is queued may still be read by the other side.
            Phase::Closing => {}
            Phase::Lingering => self.end_as_asked(state),
            _ => {
                let why = state.lost.take().unwrap_or(why);
                self.end(state, why);
            }
        }
    }

    /// Everything has been said.
    pub(crate) fn end_as_asked(self: &Arc<Self>, state: &mut State) {
        let why = state.lost.take().unwrap_or(Closed::Asked);
        self.end(state, why);
    }

    /// Reads and throws away.
    fn discard(self: &Arc<Self>) {
        let Some(wire) = self.lock().wire.clone() else { return };
        self.conclude(true, wire.discard());
    }
}
