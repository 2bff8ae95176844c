//! In which form a peer gets messages: with a tag, or as the original has them. While a peer is asked
//! which it is, what there is for it waits, so that none of it is taken for something new by others.

use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::peer_forms::Forms;

/// How messages go to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the original has them. Each peer gets them so that was never asked.
    Plain,
    /// With their tags.
    Tagged,
    /// Not at all until it has answered.
    Unknown,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The form in the lock, for those who only look.
    form: AtomicU8,
    state: Mutex<State>,
    max_frames: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct State {
    form: Form,
    /// Whether it was ever asked.
    is_asked: bool,
    /// Since when it is being asked; none as long as the question has not been sent.
    since: Option<Instant>,
    /// What has come meanwhile, and its bytes.
    early: Vec<Arc<Forms>>,
    bytes: usize,
}

impl Gate {
    /// One behind which so much may wait: less than makes the link full, since all of it goes there
    /// at once.
    pub(crate) fn new(max_frames: usize, max_bytes: usize) -> Self {
        let form = Form::Plain;
        let state = State { form, is_asked: false, since: None, early: Vec::new(), bytes: 0 };
        Self { form: AtomicU8::new(form as u8), state: Mutex::new(state), max_frames, max_bytes }
    }

    /// How messages go now.
    pub(crate) fn form(&self) -> Form {
        match self.form.load(Ordering::Acquire) {
            plain if plain == Form::Plain as u8 => Form::Plain,
            tagged if tagged == Form::Tagged as u8 => Form::Tagged,
            _ => Form::Unknown,
        }
    }

    /// Has what is sent from now on wait for the answer to a question, unless it is known; whether
    /// there is one to ask.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        if state.is_asked || state.form != Form::Plain {
            return false;
        }
        state.is_asked = true;
        self.set(&mut state, Form::Unknown);
        true
    }

    /// Whether the question is to be sent now.
    pub(crate) fn takes_question(&self, now: Instant) -> bool {
        if self.form() != Form::Unknown {
            return false;
        }
        let mut state = self.lock();
        let is_due = state.form == Form::Unknown && state.since.is_none();
        state.since.get_or_insert(now);
        is_due
    }

    /// Whether the answer has been waited for so long.
    pub(crate) fn has_waited(&self, now: Instant, limit: Duration) -> bool {
        if self.form() != Form::Unknown {
            return false;
        }
        let since = self.lock().since;
        since.is_some_and(|since| now.saturating_duration_since(since) >= limit)
    }

    /// Keeps a message for later: how messages go, if it is not [`Form::Unknown`] any more and this
    /// one is not kept. Where it fills what may wait, nothing waits any longer: a copy too many is
    /// better than one that is lost.
    pub(crate) fn keep(&self, forms: &Arc<Forms>, put: impl Fn(&Forms, Form)) -> Form {
        let mut state = self.lock();
        if state.form != Form::Unknown {
            return state.form;
        }
        state.bytes = state.bytes.saturating_add(forms.bytes());
        state.early.push(Arc::clone(forms));
        if state.early.len() >= self.max_frames || state.bytes >= self.max_bytes {
            self.open_to(&mut state, Form::Plain, put);
        }
        Form::Unknown
    }

    /// Lets out what waits, and has messages go like this from now on. Who is known to understand
    /// tags gets them for ever.
    pub(crate) fn open(&self, form: Form, put: impl Fn(&Forms, Form)) {
        let mut state = self.lock();
        if state.form != Form::Tagged {
            state.is_asked = true;
            self.open_to(&mut state, form, put);
        }
    }

    fn open_to(&self, state: &mut State, form: Form, put: impl Fn(&Forms, Form)) {
        for forms in mem::take(&mut state.early) {
            put(&forms, form);
        }
        state.bytes = 0;
        // Not before, so that whoever only looks does not come first.
        self.set(state, form);
    }

    fn set(&self, state: &mut State, form: Form) {
        state.form = form;
        self.form.store(form as u8, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
