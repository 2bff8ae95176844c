//! The way to a peer: what is done when it does not read fast enough.

use std::sync::Arc;

use ostler_net::{Link, Refused};
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::counters::Counter;
use crate::overflow::Overflow;
use crate::parcel::{Origin, Parcel};
use crate::receivers::Load;
use crate::route::Outlet;

/// What a peer is cut off with when it is behind.
pub(crate) const BEHIND: &str = "too many messages wait for it";

/// See the module.
pub(crate) struct PeerOutlet {
    pub(crate) link: Link,
    pub(crate) core: Arc<Core>,
    dropped: Counter,
}

impl PeerOutlet {
    pub(crate) fn new(link: &Link, core: &Arc<Core>) -> Self {
        Self { link: link.clone(), core: Arc::clone(core), dropped: Counter::default() }
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
        let Some(message) = parcel.relayed() else {
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
            Overflow::Block => {
                if !self.link.put(frame) {
                    self.core.counters.late.count();
                }
            }
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
}
