//! A subscription whose messages are handed over on the thread that delivers them, with no queue and
//! no other thread between.

use std::sync::Arc;

use ostler_runtime::{Deadline, threads};

use crate::core::Core;
use crate::parcel::Parcel;
use crate::route::{Outlet, Owner, Route};
use crate::{Message, Topic};

/// Has its function called with each message of some topics until it is dropped.
///
/// The function is called on the threads that serve connections, perhaps on several at once. It must
/// not wait: everybody else's messages wait meanwhile. It may publish, but not wait for receivers
/// ([`try_publish`](crate::Endpoint::try_publish)), and must not be the one that owns the endpoint or
/// drops it: the end of an endpoint waits for these threads.
pub struct Tap {
    core: Arc<Core>,
    route: Arc<Route>,
    topics: Vec<Topic>,
}

struct Spout<F>(F);

impl Tap {
    pub(crate) fn new(
        core: &Arc<Core>,
        topics: Vec<Topic>,
        on_message: impl Fn(&Message) + Send + Sync + 'static,
    ) -> Self {
        let (owner, outlet) = (Owner::Subscriber, Arc::new(Spout(on_message)));
        let route = core.routing.add(owner, topics.iter().collect(), outlet);
        core.attract(&topics);
        Self { core: Arc::clone(core), route, topics }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.core.routing.remove(&self.route);
        self.core.repel(&self.topics);
    }
}

impl<F: Fn(&Message) + Send + Sync> Outlet for Spout<F> {
    fn is_blocked(&self, _: bool) -> bool {
        false
    }

    fn when_room(&self, _: Box<dyn FnOnce() + Send>) -> bool {
        false
    }

    fn wait_room(&self, _: Deadline) -> bool {
        true
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        // A function that panics loses the message, not the connection that brought it.
        threads::caught("a tap's function", || (self.0)(parcel.message));
    }
}
