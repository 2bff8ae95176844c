//! What a slot does when a child is lost or does not start: who is told, what is tried again, and
//! when.

use std::sync::PoisonError;
use std::time::Duration;

use ostler_runtime::now;

use crate::backoff;
use crate::call::CallError;
use crate::child::{Child, describe};
use crate::dialect::{Cause, Dialect, Incident, IncidentKind, Session};
use crate::slot::{Detail, Slot};
use crate::state::Event;
use crate::statistics::count;

/// A child that lived for less than this after a start counts as a failure when it is lost.
const SETTLED: Duration = Duration::from_secs(1);
/// How long a call waits for its second attempt. Children are often lost together, when their server
/// goes; the moment is enough to see that another one is lost too.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// A child that is lost soon after its greeting, so many times in a row, is as good as none.
const FLAPPING: u32 = 3;

impl<D: Dialect> Slot<D> {
    pub(crate) fn fail(&mut self, index: usize, error: CallError) {
        let Some(child) = self.children.get_mut(index) else { return };
        if let Some(call) = child.call.take() {
            self.shared.checkout.finished();
            call.finish(Err(error));
        }
    }

    /// Has another child asked, once, if the call allows it; else tells the caller.
    pub(crate) fn fail_lost(&mut self, index: usize, detail: &Detail<D::Answer>) {
        let limit = self.options().max_answer_bytes;
        let Some(child) = self.children.get_mut(index) else { return };
        let cause = why_it_ended(child, detail);
        let Some(mut call) = child.call.take() else { return };
        let checkout = &self.shared.checkout;
        let error = if detail.too_long {
            CallError::TooLong { limit }
        } else if self.mailbox.is_retired() && checkout.is_closed() {
            CallError::Stopping
        } else if call.may_repeat() {
            call.losses += 1;
            count(&self.shared.counters.retries);
            self.held.push((now() + RETRY_PAUSE, call));
            return;
        } else {
            CallError::Lost(cause.words)
        };
        checkout.finished();
        call.finish(Err(error));
    }

    /// Gives the calls back that have waited for their second attempt.
    pub(crate) fn release_held(&mut self) {
        let (moment, retired) = (now(), self.mailbox.is_retired());
        let (due, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(due, _)| retired || *due <= moment);
        self.held = held;
        for (_, call) in due {
            self.shared.checkout.give_back(call);
        }
    }

    pub(crate) fn note_failed_start(&mut self, cause: &Cause) {
        count(&self.shared.counters.failed_starts);
        self.failures = self.failures.saturating_add(1);
        let wait = backoff::wait(self.failures);
        if let Some(more) = self.shared.failed_starts.allow() {
            let next = wait.as_secs_f32();
            log::warn!(
                "a child did not start: {cause}; next attempt in {next:.1} s ({more} more before)"
            );
        }
        self.set_last_error(cause);
        self.shared.dialect.incident(&Incident {
            kind: IncidentKind::FailedStart,
            pid: None,
            cause,
        });
        self.start_at = now() + wait;
        if self.serving().is_none() {
            self.shared.checkout.note_trouble(&self.mailbox, Some(&cause.words));
        } else {
            self.successor_failed();
        }
    }

    pub(crate) fn note_loss(&mut self, index: usize, detail: &Detail<D::Answer>) {
        let counters = &self.shared.counters;
        count(match detail.event {
            Some(Event::Exited) => &counters.exited,
            Some(Event::Late) => &counters.lost_late,
            _ if detail.too_long => &counters.too_long,
            _ => &counters.broken,
        });
        self.withdraw();
        let Some(child) = self.children.get(index) else { return };
        let cause = why_it_ended(child, detail);
        let pid = child.pid();
        log::warn!("child {pid} was lost: {cause}");
        let kind = IncidentKind::Lost;
        self.shared.dialect.incident(&Incident { kind, pid: Some(pid), cause: &cause });
        let settled = child.requests > 0 || now().duration_since(child.born) >= SETTLED;
        self.failures = if settled { 0 } else { self.failures.saturating_add(1) };
        self.start_at = now() + backoff::wait(self.failures);
        self.set_last_error(&cause);
        if self.failures >= FLAPPING && self.serving().is_none() {
            // It greets and dies, again and again: no better than one that does not start.
            self.shared.checkout.note_trouble(&self.mailbox, Some(&cause.words));
        }
    }

    fn set_last_error(&self, cause: &Cause) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.last_error = Some(cause.words.clone());
    }
}

/// Why a child ended: what the slot saw, else the child's own last words, else its exit status, with
/// what it complained of for the log.
pub(crate) fn why_it_ended<S: Session, C, A>(child: &Child<S, C>, detail: &Detail<A>) -> Cause {
    if let Some(cause) = &detail.cause {
        return cause.clone();
    }
    let words = child.session.last_words(&child.input, child.status);
    Cause { words: words.unwrap_or_else(|| describe(child.status)), detail: child.complaint() }
}
