//! A node: what its user does with it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker_data::Data;
use ostler_net::{
    Address, Admit, BindError, LinkListener, LinkStatistics, Links, Listener, Protocol, Server,
};
use ostler_runtime::{Deadline, Thread};

use crate::core::Core;
use crate::options::{EndpointOptions, Tls};
use crate::parcel::Origin;
use crate::peer_link::PeerLink;
use crate::publish_error::PublishError;
use crate::publisher::Publisher;
use crate::resolver::resolve;
use crate::route::Owner;
use crate::status_board::StatusSubscriber;
use crate::subscriber::{Subscriber, Subscription};
use crate::worker::Worker;
use crate::{EndpointId, Filter, Hub, Message, Overflow, Received, Tap, Topic};

/// How late the threads of connections may be to tell that peers were cut off. Behind that nobody is
/// told anything any more.
const CUT_WAIT: Duration = Duration::from_secs(10);

/// How much longer than for their farewells peers are waited for by who drops an endpoint.
const SPARE: Duration = Duration::from_secs(1);

/// A node of Broker: it publishes, subscribes, and peers with others. Several may be in one process.
/// Dropping it says farewell to its peers and ends all its threads and subscriptions.
pub struct Endpoint {
    // In the order of their ends: nobody comes in, nobody is called, and then all are cut off.
    listeners: Mutex<Vec<LinkListener>>,
    servers: Mutex<Vec<Server>>,
    connector: Option<Thread>,
    links: Arc<Links>,
    core: Arc<Core>,
    publisher: Publisher,
}

impl Endpoint {
    /// Starts an endpoint: its threads, but no listener yet.
    pub fn new(options: EndpointOptions) -> io::Result<Self> {
        let links = Arc::new(Links::start(options.threads, options.links.clone())?);
        let core = Arc::new(Core::new(options));
        let (trying, by) = (Arc::clone(&core), Arc::clone(&links));
        let connector =
            Thread::spawn("connector", move || trying.wishes.run(&trying, &by, resolve))?;
        let publisher = Publisher::new(&core, Origin::Local);
        let (listeners, servers) = (Mutex::default(), Mutex::default());
        Ok(Self { listeners, servers, connector: Some(connector), links, core, publisher })
    }

    /// What the endpoint is called.
    pub fn id(&self) -> EndpointId {
        self.core.id
    }

    /// Listens for peers, until the endpoint ends. The ports that it has then.
    pub fn listen(&self, address: &Address) -> Result<Vec<u16>, BindError> {
        let listeners = self.bind(address)?;
        let failed = |source| BindError { address: address.to_string(), source };
        self.listen_to(listeners).map_err(failed)
    }

    /// Listens, with TLS if it is spoken at all.
    pub(crate) fn bind(&self, address: &Address) -> Result<Vec<Listener>, BindError> {
        let listeners = Listener::bind(address)?;
        let Some(tls) = &self.core.options.tls else { return Ok(listeners) };
        let secured = |listener: Listener| listener.secured(Arc::clone(&tls.server));
        Ok(listeners.into_iter().map(secured).collect())
    }

    /// The same on listeners that are there already.
    pub fn listen_to(&self, listeners: Vec<Listener>) -> io::Result<Vec<u16>> {
        let port = |listener: &Listener| listener.inet().map(|at| at.port());
        let ports = listeners.iter().filter_map(port).collect();
        let core = Arc::clone(&self.core);
        let admit: Admit = Arc::new(move |peer| {
            Some(Box::new(PeerLink::from_outside(&core, peer)) as Box<dyn Protocol>)
        });
        let listener = self.links.listen(listeners, admit)?;
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        Ok(ports)
    }

    /// See [`Publisher::await_filter_entry`].
    pub fn await_filter_entry(&self, topic: &Topic, deadline: Deadline) -> bool {
        self.publisher.await_filter_entry(topic, deadline)
    }

    /// Publishes on this endpoint.
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// See [`Publisher::publish`].
    pub fn publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        self.publisher.publish(topic, data)
    }

    /// See [`Publisher::try_publish`].
    pub fn try_publish(&self, topic: &Topic, data: &Data) -> Result<usize, PublishError> {
        self.publisher.try_publish(topic, data)
    }

    /// See [`Publisher::publish_deadline`].
    pub fn publish_deadline(
        &self,
        topic: &Topic,
        data: &Data,
        deadline: Deadline,
    ) -> Result<usize, PublishError> {
        self.publisher.publish_deadline(topic, data, deadline)
    }

    /// See [`Publisher::publish_to`].
    pub fn publish_to(
        &self,
        peer: EndpointId,
        topic: &Topic,
        data: &Data,
    ) -> Result<(), PublishError> {
        self.publisher.publish_to(peer, topic, data)
    }

    /// Subscribes: the messages of these topics wait until they are read. Whoever sends them waits
    /// when too many do: [`Overflow::Block`], of which the page says what two who wait for each other
    /// do, and for how long.
    pub fn subscribe(&self, topics: impl IntoIterator<Item = Topic>) -> Subscriber {
        self.subscribe_with(topics, Overflow::Block)
    }

    /// The same with another policy for more messages than may wait. With
    /// [`Overflow::Disconnect`] the subscription ends there.
    pub fn subscribe_with(
        &self,
        topics: impl IntoIterator<Item = Topic>,
        overflow: Overflow,
    ) -> Subscriber {
        Subscriber::new(self.subscription(Owner::Subscriber, topics, overflow))
    }

    /// Has a thread of its own call `on_next` with each message of these topics, until the worker
    /// is dropped. What the function has captured is dropped on that thread, behind the last call.
    /// Whoever sends messages waits when too many do, as with [`subscribe`](Self::subscribe): a
    /// function that publishes to those whom it makes wait may wait for itself ([`Overflow::Block`]).
    pub fn subscribe_callback(
        &self,
        topics: impl IntoIterator<Item = Topic>,
        on_next: impl FnMut(Received) + Send + 'static,
    ) -> io::Result<Worker> {
        let subscription = self.subscription(Owner::Subscriber, topics, Overflow::Block);
        Worker::start(subscription, on_next)
    }

    /// Subscribes and publishes in one: gets also what others publish on this endpoint.
    pub fn hub(&self, topics: impl IntoIterator<Item = Topic>) -> Hub {
        let number = self.core.number();
        let subscription = self.subscription(Owner::Hub(number), topics, Overflow::Block);
        let publisher = Publisher::new(&self.core, Origin::Hub(number));
        Hub::new(publisher, Subscriber::new(subscription))
    }

    /// Has `on_message` called with each message of these topics, on the thread that delivers it,
    /// until the tap is dropped. See [`Tap`] for what it may do.
    pub fn tap(
        &self,
        topics: impl IntoIterator<Item = Topic>,
        on_message: impl Fn(&Message) + Send + Sync + 'static,
    ) -> Tap {
        Tap::new(&self.core, topics.into_iter().collect(), on_message)
    }

    fn subscription(
        &self,
        owner: Owner,
        topics: impl IntoIterator<Item = Topic>,
        overflow: Overflow,
    ) -> Subscription {
        let limits = self.core.options.subscriber_buffer;
        Subscription::new(&self.core, owner, topics.into_iter().collect(), limits, overflow)
    }

    /// Learns what becomes of peers: errors, and changes if wanted.
    pub fn status_subscriber(&self, wants_statuses: bool) -> StatusSubscriber {
        self.core.board.subscribe(wants_statuses)
    }

    /// Has peers send the messages of these topics, so that they go on to others, though nobody
    /// here wants them. Whoever wants the very topic of a store's master says that it has it: where
    /// stores are passed on, let it be one that begins so, as in `name/<$>/`.
    pub fn forward(&self, topics: impl IntoIterator<Item = Topic>) {
        let topics: Vec<Topic> = topics.into_iter().collect();
        self.core.forward(&topics);
    }

    /// What peers are told that this node wants.
    pub fn filter(&self) -> Filter {
        self.core.filter()
    }

    /// Presents other certificates to peers and WebSocket clients that come from now on.
    pub fn present(&self, tls: &Tls) {
        self.core.present(tls);
    }

    /// Ends the endpoint: what waits for peers and WebSocket clients is sent as far as it can be by
    /// `deadline`, and then they are told goodbye. Whether all of them have gone in time; whoever has
    /// not is cut off. Dropping the endpoint does the same within
    /// [`EndpointOptions::end_wait`].
    pub fn shutdown(mut self, deadline: Deadline) -> bool {
        self.end(deadline)
    }

    fn end(&mut self, deadline: Deadline) -> bool {
        let Some(connector) = self.connector.take() else { return true };
        self.core.end_by(deadline);
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.core.wishes.end();
        // Peers are to be told, too.
        let left = deadline.remaining().and_then(|left| left.checked_div(2));
        let half = left.map_or(Deadline::NEVER, Deadline::after);
        self.core.stores.end(half);
        self.core.claims.close();
        for (_, link, leaving) in self.core.peers.links(|_, _| true) {
            leaving.ask(&link, deadline);
        }
        // Here WebSocket clients are told.
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let gone = self.core.peers.wait_gone(deadline);
        if !gone {
            for (_, link, _) in self.core.peers.links(|_, _| true) {
                link.abort("the endpoint has ended");
            }
            self.core.peers.wait_gone(Deadline::after(CUT_WAIT));
        }
        connector.join();
        self.core.close();
        gone
    }

    /// What all connections together have counted.
    pub fn links(&self) -> LinkStatistics {
        self.links.statistics()
    }

    /// What serves all connections.
    pub(crate) fn links_of(&self) -> &Arc<Links> {
        &self.links
    }

    /// What answers HTTP.
    pub(crate) fn servers(&self) -> &Mutex<Vec<Server>> {
        &self.servers
    }

    /// What the endpoint's other parts build on.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let options = &self.core.options;
        let farewell = options.peering.bye.saturating_add(SPARE);
        self.end(Deadline::after(options.end_wait.max(farewell)));
    }
}
