//! Who gets messages, and which.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ostler_runtime::Deadline;

use crate::parcel::{Origin, Parcel};
use crate::receivers::Load;
use crate::{EndpointId, Filter, Kind, Message, Topic};

/// Where the messages of a route go.
pub(crate) trait Outlet: Send + Sync {
    /// Whether it takes nothing now and wants its senders to wait. `local`: the sender is a user of
    /// the endpoint, whom nothing but waiting or a refusal keeps from losing messages.
    fn is_blocked(&self, local: bool) -> bool;

    /// Has `waiter` called when it is not blocked any more; `false` if it is not now.
    fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool;

    /// Waits until it is not blocked any more; `false` if it still is.
    fn wait_room(&self, deadline: Deadline) -> bool;

    /// How it keeps up, if figures tell of it.
    fn load(&self) -> Option<Load> {
        None
    }

    /// Takes a message, whatever comes of it.
    fn deliver(&self, parcel: &Parcel<'_>);

    /// Takes messages that belong together.
    fn deliver_all(&self, parcels: &[Parcel<'_>]) {
        for parcel in parcels {
            self.deliver(parcel);
        }
    }

    /// The same although it is behind, as far as there is room for what must be: whether it took all.
    fn force_all(&self, parcels: &[Parcel<'_>]) -> bool {
        self.deliver_all(parcels);
        true
    }
}

/// Who is at the end of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A subscriber in this process: gets what comes from elsewhere.
    Subscriber,
    /// The same, and what is published in this process by others.
    Hub(u64),
    /// A peer.
    Peer(EndpointId),
    /// A WebSocket client.
    Client(u64),
    /// A store of this node.
    Store,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscriber | Self::Hub(_) => f.write_str("a subscriber of this process"),
            Self::Peer(id) => write!(f, "peer {id}"),
            Self::Client(number) => write!(f, "WebSocket client {number}"),
            Self::Store => f.write_str("a store of this process"),
        }
    }
}

/// One of the endpoint's receivers.
pub(crate) struct Route {
    pub(crate) owner: Owner,
    pub(crate) filter: Filter,
    pub(crate) outlet: Arc<dyn Outlet>,
    /// Whether it wants something that it did not want when [newcomers](crate::Newcomer) were asked
    /// for last.
    pub(crate) is_new: AtomicBool,
}

/// What of a message tells who gets it.
pub(crate) struct Heading<'a> {
    topic: &'a [u8],
    receiver: EndpointId,
    kind: Kind,
    is_internal: bool,
    origin: Origin,
}

impl<'a> Heading<'a> {
    /// That of a message which is not made yet.
    pub(crate) fn new(topic: &'a [u8], receiver: EndpointId, kind: Kind, origin: Origin) -> Self {
        Self { topic, receiver, kind, is_internal: Topic::is_internal(topic), origin }
    }

    /// That of a message.
    pub(crate) fn of(message: &'a Message, origin: Origin) -> Self {
        Self::new(message.topic(), message.receiver(), message.kind(), origin)
    }
}

/// The endpoint that messages are in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    pub(crate) id: EndpointId,
    /// Whether messages of peers go on to other peers.
    pub(crate) forwards: bool,
    /// Whether what comes from elsewhere goes nowhere.
    pub(crate) is_deaf: bool,
}

impl Route {
    /// Whether a message goes this way.
    pub(crate) fn wants(&self, heading: &Heading<'_>, here: Here) -> bool {
        let &Heading { topic, receiver, kind, is_internal, origin } = heading;
        let is_for_all = receiver.is_nil();
        let matches = || self.filter.matches(topic);
        match self.owner {
            Owner::Peer(id) => {
                !is_internal
                    && origin != Origin::Peer(id)
                    && (here.forwards || !matches!(origin, Origin::Peer(_)))
                    && (receiver == id || is_for_all && matches())
            }
            Owner::Store => {
                let is_for_here = is_for_all || receiver == here.id;
                kind == Kind::Command && origin != Origin::Local && is_for_here && matches()
            }
            owner => {
                let own = match (owner, origin) {
                    // What the endpoint says of itself is for who asked for just that.
                    (Owner::Subscriber, Origin::Local) => !is_internal,
                    (Owner::Subscriber, Origin::Hub(_)) => true,
                    (Owner::Hub(one), Origin::Hub(other))
                    | (Owner::Client(one), Origin::Client(other)) => one == other,
                    _ => false,
                };
                // Commands are for stores.
                let is_data = kind == Kind::Data;
                !own && is_data && (is_for_all || receiver == here.id) && matches()
            }
        }
    }
}
