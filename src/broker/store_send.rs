//! How what a store says goes out: to whom, and what becomes of it where as much waits as may.
//!
//! Events of a channel are asked for again by who misses them. That is for what goes astray: as long as
//! those who hear of changes take them, though not at once, who writes waits for them, here and, since
//! it is not acknowledged, far away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use broker_data::EndpointId;
use broker_store::{Output, Sending, Urgency};
use ostler_runtime::Deadline;

use crate::parcel::Origin;
use crate::route::{Heading, Owner, Route};
use crate::store_hint::Hint;
use crate::store_host::{Host, State};
use crate::tag::TAG_BYTES;
use crate::{Kind, Message, TTL};

/// Bytes of commands that are sent together, before it is looked once more who has room.
const TOGETHER: usize = 1 << 20;
/// How long a change waits for those who hear of changes and are behind, all together.
const READER_WAIT: Duration = Duration::from_secs(1);

impl Host {
    /// The lock, once those who hear of changes have room, each of whom is waited for once: who does not
    /// catch up asks again for what it misses, and holds up nobody any more until it has room. `None` if
    /// the deadline has passed before.
    pub(crate) fn lock_with_room(&self, deadline: Deadline) -> Option<MutexGuard<'_, State>> {
        if !self.has_readers.load(Ordering::Relaxed) {
            return Some(self.lock());
        }
        let readers = self.readers(EndpointId::NIL);
        let patience = Deadline::after(READER_WAIT);
        loop {
            for route in &readers {
                if !self.is_waited_for(route) {
                    continue;
                }
                let until =
                    self.given(route.owner).map_or(patience, |given| given.earlier(patience));
                if route.outlet.wait_room(until.earlier(deadline)) {
                    continue;
                }
                // Those who wait for less than this wait for it one after the other, and no longer
                // together.
                let is_late = deadline.passed();
                let given = if is_late { until } else { Deadline::after(Duration::ZERO) };
                self.give(route.owner, given);
                if is_late {
                    return None;
                }
            }
            let state = self.lock();
            // Another thread may have been faster.
            if !readers.iter().any(|route| self.is_waited_for(route)) {
                return Some(state);
            }
        }
    }

    /// Has a master let writers wait while those who hear of changes are behind, and while it ends: what
    /// is not acknowledged, they say to the next one.
    pub(crate) fn hold(&self, state: &mut State) {
        if state.is_ending {
            state.role.hold(true);
            return;
        }
        if !self.is_master || !self.has_readers.load(Ordering::Relaxed) {
            state.held = None;
            state.role.hold(false);
            return;
        }
        let readers = self.readers(EndpointId::NIL);
        let mut behind: Vec<&Arc<Route>> =
            readers.iter().filter(|route| self.is_waited_for(route)).collect();
        let deadline = state.held.take().unwrap_or(Deadline::after(READER_WAIT));
        if deadline.passed() {
            for route in behind.drain(..) {
                self.give(route.owner, deadline);
            }
            // Nor is it waited for that they have room.
            self.awaits_room.store(false, Ordering::Release);
        }
        let is_held = !behind.is_empty();
        state.role.hold(is_held);
        if is_held {
            state.held = Some(deadline);
            self.await_room(&behind);
        }
    }

    /// Is roused once the first of these has room, after whom it is looked for the others.
    fn await_room(&self, behind: &[&Arc<Route>]) {
        if self.awaits_room.swap(true, Ordering::AcqRel) {
            return;
        }
        for route in behind {
            let (rouse, awaits_room) = (self.rouse.clone(), Arc::clone(&self.awaits_room));
            let waiter = move || {
                awaits_room.store(false, Ordering::Release);
                // If it is told already, once is enough.
                let _ = rouse.try_send(());
            };
            if route.outlet.when_room(Box::new(waiter)) {
                return;
            }
        }
        self.awaits_room.store(false, Ordering::Release);
        self.rouse();
    }

    /// Whether a reader has no room and is given the time to make some.
    fn is_waited_for(&self, route: &Route) -> bool {
        let is_blocked = route.outlet.is_blocked(true);
        let mut stuck = self.stuck();
        if stuck.is_empty() {
            return is_blocked;
        }
        let given = stuck.iter().find(|(owner, _)| *owner == route.owner).map(|(_, given)| *given);
        if given.is_some() && !is_blocked {
            stuck.retain(|(owner, _)| *owner != route.owner);
        }
        is_blocked && !given.is_some_and(Deadline::passed)
    }

    /// A reader was waited for in vain, and is until then.
    fn give(&self, owner: Owner, given: Deadline) {
        let mut stuck = self.stuck();
        match stuck.iter_mut().find(|(one, _)| *one == owner) {
            Some((_, before)) => *before = before.earlier(given),
            None => stuck.push((owner, given)),
        }
    }

    /// Until when a reader is waited for that was so before.
    fn given(&self, owner: Owner) -> Option<Deadline> {
        self.stuck().iter().find(|(one, _)| *one == owner).map(|(_, given)| *given)
    }

    /// Forgets of a peer that has gone whether it was behind.
    pub(crate) fn forget_reader(&self, peer: EndpointId) {
        self.stuck().retain(|(owner, _)| *owner != Owner::Peer(peer));
    }

    fn stuck(&self) -> MutexGuard<'_, Vec<(Owner, Deadline)>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self, to: EndpointId) -> Vec<Arc<Route>> {
        let topic = self.topics.others.as_bytes();
        let heading = Heading::new(topic, to, Kind::Command, Origin::Local);
        self.core.routing.wanting(&heading)
    }

    /// Hands over what waits to be said.
    pub(crate) fn say(&self) {
        while !self.outbox.drain(|output| self.hand_over(output)) {
            // Others have put in more than one thread has to see to.
            if !self.is_over.load(Ordering::Acquire) {
                self.rouse();
                return;
            }
        }
    }

    fn hand_over(&self, output: Output) {
        // What goes the same way goes out together, but not so much that who has room for some of it
        // is given all of it.
        let mut bytes = 0_usize;
        let together = |one: &Sending, next: &Sending| {
            bytes = bytes.saturating_add(one.command.len());
            let is_so = (one.to, one.urgency) == (next.to, next.urgency) && bytes < TOGETHER;
            if !is_so {
                bytes = 0;
            }
            is_so
        };
        for sendings in output.sends.chunk_by(together) {
            self.send(sendings);
        }
        for event in output.events {
            self.core.say(self.topics.events.as_bytes(), &event.into_data(&self.name));
        }
        for notice in output.notices {
            self.tell(notice);
        }
        for (number, answer) in output.answers {
            self.requests.answer(number, answer);
        }
    }

    fn send(&self, sendings: &[Sending]) {
        let Some(&Sending { mut to, urgency, .. }) = sendings.first() else { return };
        // Only neighbours are sent something that is for them alone. For who is farther away it goes
        // to all, and the receiver in the command tells them apart.
        if !to.is_nil() && self.core.routing.find(Owner::Peer(to)).is_none() {
            to = EndpointId::NIL;
        }
        let topic = self.topics.others.as_bytes();
        let most = self.core.options.peering.max_frame_bytes.saturating_sub(TAG_BYTES);
        let mut messages = Vec::with_capacity(sendings.len());
        for Sending { command, .. } in sendings {
            match Message::new(self.core.id, to, Kind::Command, TTL, topic, command) {
                Ok(message) if message.frame().len() <= most => messages.push(message),
                _ => self.too_long(command.len()),
            }
        }
        // Nothing piles up without end for who reads nothing.
        let (behind, ready): (Vec<_>, Vec<_>) =
            self.readers(to).into_iter().partition(|route| route.outlet.is_blocked(true));
        self.core.counters.commands.add(messages.len() as u64);
        self.core.routing.deliver_all(&ready, &messages);
        if urgency != Urgency::Event && !behind.is_empty() {
            let all_sent = self.core.routing.force_all(&behind, &messages);
            if let Urgency::Snapshot(clone) = urgency
                && !all_sent
            {
                self.hear(|| Hint::NotBegun(clone));
            }
        }
    }
}

#[cfg(test)]
#[path = "store_send_cases.rs"]
mod cases;
