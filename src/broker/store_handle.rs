//! What keeps a store attached: its place in the node, and its threads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use broker_store::{
    Backend, ChannelLimits, CloneOptions, EVENTS, EntityId, Master, MasterOptions, Replica,
    StoreError,
};
use crossbeam_channel::{Receiver, bounded};
use ostler_runtime::{Deadline, Thread};

use crate::core::Core;
use crate::parcel::Parcel;
use crate::route::{Outlet, Owner, Route};
use crate::store_host::{Host, Parts, Topics};
use crate::store_keeper::Keeper;
use crate::store_role::Role;
use crate::{Topic, store_keeper, store_thread};

/// What a message has around a command beside its topic, at most.
const AROUND: usize = 1024;

/// See the module. Its end takes the store from the node.
pub(crate) struct Handle {
    pub(crate) host: Arc<Host>,
    route: Arc<Route>,
    threads: Mutex<Vec<Thread>>,
}

impl Handle {
    /// Attaches a master that keeps its entries in `backend`.
    pub(crate) fn master(
        core: &Arc<Core>,
        name: &str,
        backend: Arc<dyn Backend>,
        at_once: bool,
    ) -> Result<Self, StoreError> {
        let (own, others, events) =
            (topic(name, Topic::MASTER)?, topic(name, Topic::CLONE)?, event_topic(name)?);
        if core.peers.any(|_, peer| crate::stores::has(peer, &own)) {
            return Err(StoreError::MasterExists(name.to_owned()));
        }
        let (id, frontend) = (entity(core), entity(core));
        let limits = limits(core, &others);
        let options = MasterOptions { name: name.to_owned(), id, limits };
        let mut master = Master::new(options, Arc::clone(&backend), at_once)
            .map_err(|error| StoreError::backend(name, &error))?;
        // What has expired while there was no master is not there any more.
        master.tick(core.clock.now());
        let topics = Topics { own, others, events };
        let role = Role::Master(Box::new(master));
        Self::attach(core, name, [id, frontend], topics, role, Some((backend, at_once)))
    }

    /// Attaches a clone.
    pub(crate) fn clone_of(
        core: &Arc<Core>,
        name: &str,
        options: CloneOptions,
    ) -> Result<Self, StoreError> {
        let (own, others, events) =
            (topic(name, Topic::CLONE)?, topic(name, Topic::MASTER)?, event_topic(name)?);
        let (id, frontend) = (entity(core), entity(core));
        let limits = limits(core, &others);
        let replica = Replica::new(name.to_owned(), [id, frontend], limits, options);
        let topics = Topics { own, others, events };
        let role = Role::Clone(Box::new(replica));
        Self::attach(core, name, [id, frontend], topics, role, None)
    }

    fn attach(
        core: &Arc<Core>,
        name: &str,
        [id, frontend]: [EntityId; 2],
        topics: Topics,
        role: Role,
        backend: Option<(Arc<dyn Backend>, bool)>,
    ) -> Result<Self, StoreError> {
        let (rouse, roused) = bounded(1);
        let slow = backend.as_ref().filter(|(_, at_once)| !at_once);
        let (keeper, keep) = slow.map_or((None, None), |(backend, _)| {
            let (rouse, roused) = bounded(1);
            (Some(Keeper::new(Arc::clone(backend), rouse)), Some(roused))
        });
        let own = topics.own.clone();
        let in_place = keeper.is_none();
        let (name, core) = (name.to_owned(), Arc::clone(core));
        let host = Arc::new(Host::new(Parts {
            name,
            id,
            frontend,
            core: Arc::clone(&core),
            topics,
            role,
            in_place,
            rouse,
            keeper,
            backend: backend.map(|(backend, _)| backend),
        }));
        let threads = start(&host, roused, keep).inspect_err(|_| {
            // A thread that has been started is not waited for in vain.
            host.lock().has_ended = true;
            host.rouse();
        })?;
        let outlet = Arc::new(Inlet(Arc::clone(&host)));
        let inlet = core.routing.add(Owner::Store, [&own].into_iter().collect(), outlet);
        core.attract_store(&own);
        // What it has to say first goes to those who are there already.
        host.finish(host.lock());
        Ok(Self { host, route: inlet, threads: Mutex::new(threads) })
    }

    /// Whether it is the master.
    pub(crate) fn is_master(&self) -> bool {
        self.host.is_master
    }

    /// Ends the store: what was written is kept, or sent, as far as that can be by `deadline`.
    pub(crate) fn end(&self, deadline: Deadline) {
        self.close(deadline);
        self.join();
    }

    /// The first part of the end, behind which the store is not used any more.
    pub(crate) fn close(&self, deadline: Deadline) {
        let host = &self.host;
        let mut state = host.lock();
        if std::mem::replace(&mut state.is_ending, true) {
            return;
        }
        host.hold(&mut state);
        drop(state);
        host.wait_until(deadline, |state| match &state.role {
            Role::Master(master) => master.is_kept() || master.failure().is_some(),
            // Nobody hears what it would still send.
            Role::Clone(replica) => !replica.is_attached() || replica.statistics().unacked == 0,
        });
        let mut state = host.lock();
        match &mut state.role {
            // Who has written need not do so again, to the next master.
            Role::Master(master) => master.acknowledge(),
            Role::Clone(replica) => replica.end(),
        }
        state.has_ended = true;
        host.finish(state);
        host.rouse();
        if let Some(keeper) = &host.keeper {
            keeper.rouse();
        }
        host.core.routing.remove(&self.route);
        host.core.repel_store(&host.topics.own);
        host.inbox.close();
    }

    /// Waits for the end of its threads, which is near.
    pub(crate) fn join(&self) {
        let host = &self.host;
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        drop(threads);
        host.requests.end(&host.name);
        host.wake_all();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end(Deadline::after(self.host.core.options.end_wait));
    }
}

/// Starts the threads of a store; none of them runs on if one cannot be started and the store ends.
fn start(
    host: &Arc<Host>,
    roused: Receiver<()>,
    keep: Option<Receiver<()>>,
) -> io::Result<Vec<Thread>> {
    let running = Arc::clone(host);
    let run = move || store_thread::again(&running, &roused, store_thread::run);
    let first = Thread::spawn("store", run)?;
    let Some(roused) = keep else { return Ok(vec![first]) };
    let keeping = Arc::clone(host);
    let keep = move || store_thread::again(&keeping, &roused, store_keeper::keep);
    match Thread::spawn("storage", keep) {
        Ok(second) => Ok(vec![first, second]),
        Err(error) => {
            first.detach();
            Err(error)
        }
    }
}

/// Where commands for the store come in.
struct Inlet(Arc<Host>);

impl Outlet for Inlet {
    fn is_blocked(&self, _: bool) -> bool {
        self.0.inbox.is_full()
    }

    fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        self.0.inbox.when_room(waiter)
    }

    fn wait_room(&self, deadline: Deadline) -> bool {
        self.0.inbox.wait_room(deadline)
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        // The route is for all topics that begin so.
        if parcel.message.topic() == self.0.topics.own.as_bytes() {
            self.0.take(parcel.message);
        }
    }
}

/// The limits of the store's channels, with room for what is around a command.
fn limits(core: &Core, others: &Topic) -> ChannelLimits {
    let mut limits = core.options.stores.channel;
    let around = AROUND.saturating_add(others.as_bytes().len());
    limits.command = core.options.peering.max_frame_bytes.saturating_sub(around);
    limits
}

fn entity(core: &Core) -> EntityId {
    EntityId { endpoint: core.id, object: core.stores.object() }
}

fn topic(name: &str, end: &[u8]) -> Result<Topic, StoreError> {
    let named = if name.is_empty() { None } else { Topic::new(name).ok() };
    let topic = named.and_then(|topic| topic.join(end).ok());
    topic.ok_or_else(|| StoreError::Name(name.to_owned()))
}

fn event_topic(name: &str) -> Result<Topic, StoreError> {
    let bytes = [EVENTS, name.as_bytes()].concat();
    Topic::new(bytes).map_err(|_| StoreError::Name(name.to_owned()))
}
