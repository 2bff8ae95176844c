//! For tests: a clone that hears a master of this node by a way which has room when it shall.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use broker_store::{Command, Content, EntityId};
use ostler_runtime::Deadline;

use crate::parcel::Parcel;
use crate::route::{Outlet, Owner};
use crate::store::Store;
use crate::{EndpointId, Kind, Message, TTL};

/// See the module.
pub(crate) struct Reader {
    way: Arc<Way>,
    id: EntityId,
}

/// The way to it.
#[derive(Default)]
struct Way {
    is_blocked: AtomicBool,
    said: Mutex<Vec<Content>>,
}

impl Outlet for Way {
    fn is_blocked(&self, _: bool) -> bool {
        self.is_blocked.load(Ordering::SeqCst)
    }

    fn when_room(&self, _: Box<dyn FnOnce() + Send>) -> bool {
        false
    }

    /// It is blocked until the test says something else: to wait would change nothing.
    fn wait_room(&self, _: Deadline) -> bool {
        !self.is_blocked(true)
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        let command = Command::decode(parcel.message.payload()).unwrap();
        self.said.lock().unwrap().push(command.content);
    }
}

impl Reader {
    /// A clone of the master `store`, on a node of its own.
    pub(crate) fn of(store: &Store) -> Self {
        let (host, way) = (&store.0.host, Arc::<Way>::default());
        let id = EntityId { endpoint: EndpointId([7; 16]), object: 1 };
        let outlet: Arc<dyn Outlet> = Arc::<Way>::clone(&way);
        let filter = [&host.topics.others].into_iter().collect();
        host.core.routing.add(Owner::Peer(id.endpoint), filter, outlet);
        let reader = Self { way, id };
        reader.say(store, 0, Content::asks_for_snapshot());
        reader.say(store, 0, Content::AttachWriter { offset: 1, heartbeat: 5 });
        let deadline = Deadline::after(std::time::Duration::from_secs(60));
        assert!(host.wait_until(deadline, |state| {
            let statistics = state.role.statistics();
            state.role.has_readers() && statistics.inputs == 1
        }));
        reader
    }

    /// Says something to the master.
    pub(crate) fn say(&self, store: &Store, seq: u64, content: Content) {
        let host = &store.0.host;
        let mut bytes = Vec::new();
        Command { seq, sender: self.id, receiver: host.id, content }.encode(&mut bytes);
        let (from, topic) = (self.id.endpoint, host.topics.own.as_bytes());
        let message = Message::new(from, host.core.id, Kind::Command, TTL, topic, &bytes);
        host.take(&message.unwrap());
    }

    /// Has the way to it be blocked, or not any more.
    pub(crate) fn block(&self, is_blocked: bool) {
        self.way.is_blocked.store(is_blocked, Ordering::SeqCst);
    }

    /// The number of its last write that the master says is kept.
    pub(crate) fn acked(&self) -> u64 {
        let acked = |content: &Content| match content {
            Content::CumulativeAck { seq } => Some(*seq),
            _ => None,
        };
        self.way.said.lock().unwrap().iter().filter_map(acked).max().unwrap_or_default()
    }
}
