//! The way to a peer: in which form it gets messages, and what is done when it does not read fast
//! enough.

use std::sync::Arc;

use ostler_net::{Link, Refused};
use ostler_runtime::Deadline;

use crate::Message;
use crate::core::Core;
use crate::counters::Counter;
use crate::overflow::Overflow;
use crate::parcel::{Origin, Parcel};
use crate::peer_forms::Forms;
use crate::peer_gate::{Form, Gate};
use crate::receivers::Load;
use crate::route::Outlet;

/// What a peer is cut off with when it is behind.
pub(crate) const BEHIND: &str = "too many messages wait for it";

/// See the module.
pub(crate) struct PeerOutlet {
    pub(crate) link: Link,
    pub(crate) core: Arc<Core>,
    pub(crate) gate: Gate,
    dropped: Counter,
}

impl PeerOutlet {
    pub(crate) fn new(link: &Link, core: &Arc<Core>) -> Self {
        let (frames, bytes) = (core.options.peer_buffer, core.options.links.max_bytes);
        let gate = Gate::new(frames / 2, bytes / 2);
        Self { link: link.clone(), core: Arc::clone(core), gate, dropped: Counter::default() }
    }

    /// From now on the peer gets messages with tags, or without. Those that have waited for that go
    /// first.
    pub(crate) fn settle(&self, form: Form) {
        self.gate.open(form, |forms, form| self.put_as(forms, form));
    }

    /// Sends a message that has waited.
    fn put_as(&self, forms: &Forms, form: Form) {
        let message = match form {
            Form::Plain => forms.plain(),
            Form::Tagged | Form::Unknown => forms.tagged(&self.core.routing.tags),
        };
        if let Some(message) = message {
            self.put(message);
        }
    }

    /// Sends a message whatever waits.
    fn put(&self, message: &Message) {
        if !self.link.put(message.frame()) {
            self.core.counters.late.count();
        }
    }

    fn deliver_each(&self, parcels: &[Parcel<'_>]) {
        for parcel in parcels {
            self.deliver(parcel);
        }
    }

    /// So many messages were dropped since it was behind.
    fn drop_some(&self, count: usize) {
        self.dropped.add(count as u64);
        self.core.counters.dropped.add(count as u64);
    }

    fn overflow(&self) -> Overflow {
        self.core.options.peer_overflow
    }
}

impl Outlet for PeerOutlet {
    fn is_blocked(&self, local: bool) -> bool {
        (local || self.overflow() == Overflow::Block) && self.link.is_full()
    }

    fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        self.link.when_room(waiter)
    }

    fn wait_room(&self, deadline: Deadline) -> bool {
        self.link.wait_room(deadline)
    }

    fn load(&self) -> Option<Load> {
        Some(Load::of(&self.link, self.dropped.get()))
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        let mut form = self.gate.form();
        if form == Form::Unknown {
            let forms = parcel.forms();
            if forms.is_expired() {
                self.core.counters.expired.count();
                return;
            }
            form = self.gate.keep(forms, |forms, form| self.put_as(forms, form));
        }
        let message = match form {
            Form::Unknown => return,
            Form::Plain => parcel.plain(),
            Form::Tagged => parcel.tagged(),
        };
        let Some(message) = message else {
            self.core.counters.expired.count();
            return;
        };
        let frame = message.frame();
        let waits = matches!(parcel.origin, Origin::Local | Origin::Hub(_));
        let is_refused = || match self.link.offer(frame) {
            Ok(()) => false,
            Err(Refused::Full) => true,
            Err(Refused::Closed) => {
                self.core.counters.late.count();
                false
            }
        };
        match if waits { Overflow::Block } else { self.overflow() } {
            // There was room when it was asked for; others may have taken it since, or it is less
            // than a long message needs.
            Overflow::Block => self.put(message),
            Overflow::Disconnect if is_refused() => {
                self.core.counters.cut.count();
                self.link.abort(BEHIND);
            }
            Overflow::DropNewest if is_refused() => self.drop_some(1),
            Overflow::DropOldest if is_refused() => {
                self.drop_some(self.link.push_out(frame));
            }
            Overflow::Disconnect | Overflow::DropNewest | Overflow::DropOldest => {}
        }
    }

    fn deliver_all(&self, parcels: &[Parcel<'_>]) {
        match frames(self.gate.form(), parcels) {
            None => self.deliver_each(parcels),
            Some(frames) => {
                if !self.link.put_all(&frames) {
                    self.core.counters.late.add(frames.len() as u64);
                }
            }
        }
    }

    fn force_all(&self, parcels: &[Parcel<'_>]) -> bool {
        match frames(self.gate.form(), parcels) {
            None => {
                self.deliver_each(parcels);
                true
            }
            Some(frames) => frames.iter().all(|frame| self.link.force(frame)),
        }
    }
}

/// The frames of messages of this node, once it is known in which form the peer gets them.
fn frames(form: Form, parcels: &[Parcel<'_>]) -> Option<Vec<Arc<[u8]>>> {
    let is_local = |parcel: &Parcel<'_>| matches!(parcel.origin, Origin::Local);
    if form == Form::Unknown || !parcels.iter().all(is_local) {
        return None;
    }
    let formed = |parcel: &'_ Parcel<'_>| {
        let message = if form == Form::Tagged { parcel.tagged() } else { parcel.plain() };
        message.map(|message| Arc::clone(message.frame()))
    };
    Some(parcels.iter().filter_map(formed).collect())
}
