//! A link as its threads know it: its state, and how it comes to the kernel's and the threads'
//! attention.
//!
//! A link has one registration for polling, good for one event. Whoever has changed what is worth
//! knowing arms it again, under the link's lock; a thread that is with the protocol arms it for
//! reading only when it leaves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::event::epoll::{self, EventData, EventFlags};

use crate::link_doors::Stranger;
use crate::link_hub::Hub;
use crate::link_state::{Armed, News, Phase, State};
use crate::{Closed, Peer, Protocol};

/// What all handles of a link share.
pub(crate) struct Inner {
    /// Its token in the slab, and in what polling tells.
    pub(crate) id: u64,
    pub(crate) peer: Peer,
    pub(crate) secured: bool,
    pub(crate) entrance: Entrance,
    pub(crate) hub: Arc<Hub>,
    /// Whether it has been filled, and much waits still. Written under the lock.
    pub(crate) full: AtomicBool,
    /// Notified when there is room again, or never will be.
    pub(crate) room: Condvar,
    /// Whether anything has come ever.
    pub(crate) heard: AtomicBool,
    /// Bytes that were not consumed, as far as they are counted with those of all links.
    pub(crate) share: AtomicUsize,
    state: Mutex<State>,
    inside: Mutex<Inside>,
}

/// Where a link comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// This side has made it.
    Own,
    /// It was accepted; and whom it is counted with until it is established.
    Accepted(Option<Stranger>),
}

/// What belongs to the thread that runs the link.
pub(crate) struct Inside {
    /// None when it has been told the end.
    pub(crate) protocol: Option<Box<dyn Protocol>>,
    /// Bytes that have come and were not consumed.
    pub(crate) input: Vec<u8>,
    /// Whether anything has come since the last tick.
    pub(crate) busy: bool,
    /// Whether the protocol has stopped reading, and is asked again when it goes on, whatever it has
    /// left.
    pub(crate) owed: bool,
}

impl Inner {
    pub(crate) fn new(
        id: u64,
        hub: Arc<Hub>,
        (peer, entrance): (Peer, Entrance),
        mut state: State,
        protocol: Box<dyn Protocol>,
        input: Vec<u8>,
    ) -> Self {
        let secured = state.wire.as_ref().is_some_and(|wire| wire.is_secured());
        if let Entrance::Accepted(stranger) = entrance {
            state.stranger = stranger;
        }
        let inside = Inside { protocol: Some(protocol), input, busy: false, owed: false };
        Self {
            id,
            peer,
            secured,
            entrance,
            hub,
            full: AtomicBool::new(false),
            room: Condvar::new(),
            heard: AtomicBool::new(false),
            share: AtomicUsize::new(0),
            state: Mutex::new(state),
            inside: Mutex::new(inside),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What only the running thread asks for, which therefore never waits.
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a thread look at the link for `news`.
    pub(crate) fn signal(self: &Arc<Self>, state: &mut State, news: News) {
        if state.phase == Phase::Over {
            return;
        }
        state.todo |= news;
        if !state.queued {
            state.queued = true;
            self.hub.hand_on(self.clone());
        }
    }

    /// Has polling tell what is worth knowing now.
    pub(crate) fn arm(self: &Arc<Self>, state: &mut State) {
        let interest = state.interest();
        let Some(wire) = &state.wire else { return };
        let flags = interest | EventFlags::ONESHOT;
        let data = EventData::new_u64(self.id);
        let told = match state.armed {
            Armed::For(earlier) if earlier.contains(interest) => return,
            Armed::For(_) => epoll::modify(&self.hub.epoll, wire, data, flags),
            Armed::Unknown => epoll::add(&self.hub.epoll, wire, data, flags),
        };
        match told {
            Ok(()) => state.armed = Armed::For(interest),
            Err(error) => self.end(state, Closed::Broken(error.into())),
        }
    }

    /// Has the link end as soon as a thread comes by.
    pub(crate) fn end(self: &Arc<Self>, state: &mut State, why: Closed) {
        if state.phase == Phase::Over || state.end.is_some() {
            return;
        }
        state.end = Some(why);
        self.forget_frames(state);
        self.signal(state, News::LOOK);
    }

    /// Whether the other side has said anything yet.
    pub(crate) fn has_spoken(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Drops what waits to be written, and tells those who wait for room that there will be none.
    pub(crate) fn forget_frames(&self, state: &mut State) {
        self.hub.counters.unsent.add(state.outbox.clear());
        self.no_longer_full();
    }

    /// Lets those go on who wait for room. To be called under the lock; who has left a call to
    /// make is called outside it.
    pub(crate) fn no_longer_full(&self) {
        self.full.store(false, Ordering::Release);
        self.room.notify_all();
    }
}
