//! The way to a peer: what is done when it does not read fast enough.

use std::sync::Arc;

use ostler_net::{Link, Refused};
use ostler_runtime::Deadline;

use crate::core::Core;
use crate::overflow::Overflow;
use crate::parcel::{Origin, Parcel};
use crate::route::Outlet;

/// What a peer is cut off with when it is behind.
pub(crate) const BEHIND: &str = "too many messages wait for it";

/// See the module.
pub(crate) struct PeerOutlet {
    pub(crate) link: Link,
    pub(crate) core: Arc<Core>,
}

impl PeerOutlet {
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

    fn deliver(&self, parcel: &Parcel<'_>) {
        let is_local = parcel.origin == Origin::Local;
        let Some(message) = parcel.relayed() else {
            self.core.counters.expired.count();
            return;
        };
        let frame = message.frame();
        let Err(Refused::Full) = self.link.offer(frame) else { return };
        // There was room when it was asked for; others have taken it since.
        let overflow = if is_local { Overflow::Block } else { self.overflow() };
        match overflow {
            Overflow::Disconnect => {
                self.core.counters.cut.count();
                self.link.abort(BEHIND);
            }
            Overflow::DropNewest => self.core.counters.dropped.count(),
            Overflow::DropOldest => {
                let dropped = self.link.push_out(frame);
                self.core.counters.dropped.add(dropped as u64);
            }
            Overflow::Block => {
                if !self.link.force(frame) {
                    self.core.counters.dropped.count();
                }
            }
        }
    }
}
