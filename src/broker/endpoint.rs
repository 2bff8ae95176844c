//! A node: what its user does with it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker_data::Data;
use crossbeam_channel::bounded;
use ostler_net::{
    Address, Admit, BindError, LinkListener, LinkStatistics, Links, Listener, Protocol, Server,
};
use ostler_runtime::{Deadline, Thread};

use crate::connector::Removed;
use crate::core::Core;
use crate::endpoint_info::NetworkInfo;
use crate::options::{EndpointOptions, Tls};
use crate::parcel::Origin;
use crate::peer_link::PeerLink;
use crate::peers::PeerInfo;
use crate::publish_error::PublishError;
use crate::publisher::Publisher;
use crate::resolver::resolve;
use crate::route::Owner;
use crate::status::Error;
use crate::status_board::StatusSubscriber;
use crate::subscriber::{Subscriber, Subscription};
use crate::worker::Worker;
use crate::{EndpointId, Filter, Hub, Message, Overflow, Received, Tap, Topic};

/// How long it takes to tell that peers are cut off.
const CUT_WAIT: Duration = Duration::from_secs(1);

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

    /// Peers with the node at this place and waits for it: with a retry, until the deadline, and
    /// the attempts go on behind it; without one, for the only attempt.
    pub fn peer(
        &self,
        address: &str,
        port: u16,
        retry: Option<Duration>,
        deadline: Deadline,
    ) -> Result<EndpointId, Error> {
        let (outcome, told) = bounded(1);
        let network = network(address, port, retry);
        self.core.wishes.add(network.clone(), Some(outcome));
        let answer = match deadline.instant() {
            Some(at) => told.recv_deadline(at).ok(),
            None => told.recv().ok(),
        };
        answer.unwrap_or_else(|| Err(Error::peer_unavailable(network)))
    }

    /// The same without waiting. What comes of it, a [`StatusSubscriber`] learns.
    pub fn peer_nosync(&self, address: &str, port: u16, retry: Option<Duration>) {
        self.core.wishes.add(network(address, port, retry), None);
    }

    /// Peers with another endpoint of this process, without a socket of the network.
    pub fn peer_with(&self, other: &Self) -> io::Result<()> {
        let (one, two) = PeerLink::pair(&self.core, &other.core);
        self.links.pair(Box::new(one), Box::new(two))?;
        Ok(())
    }

    /// Parts with the peer at this place, and does not try to reach it any more. Waits until it
    /// has gone; `false` if there was none.
    pub fn unpeer(&self, address: &str, port: u16) -> bool {
        let gone = self.part(address, port);
        let Some(ids) = gone else { return false };
        let deadline = self.core.parted();
        self.core.peers.wait(deadline, |peers| ids.iter().all(|id| !peers.contains_key(id)));
        true
    }

    /// The same without waiting.
    pub fn unpeer_nosync(&self, address: &str, port: u16) -> bool {
        self.part(address, port).is_some()
    }

    fn part(&self, address: &str, port: u16) -> Option<Vec<EndpointId>> {
        let network = network(address, port, None);
        let wish = self.core.wishes.remove(&network);
        let is_meant = |id, at: &NetworkInfo| {
            wish == Some(Removed::Peer(id))
                || at.address == network.address && at.port == network.port
        };
        let links = self.core.peers.links(is_meant);
        if links.is_empty() && wish.is_none() {
            self.core.unknown_peer(&network);
            return None;
        }
        for (_, link, leaving) in &links {
            leaving.ask(link, self.core.parted());
        }
        Some(links.into_iter().map(|(id, _, _)| id).collect())
    }

    /// The peers there are, and those that are wished for.
    pub fn peers(&self) -> Vec<PeerInfo> {
        let mut peers = self.core.peers.all();
        peers.extend(self.core.wishes.open().into_iter().map(PeerInfo::wished));
        peers
    }

    /// Waits until this node is a peer; whether it is in time.
    pub fn await_peer(&self, id: EndpointId, deadline: Deadline) -> bool {
        self.core.peers.wait(deadline, |peers| peers.contains_key(&id))
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
    /// is dropped. Whoever sends them waits when too many do, as with [`subscribe`](Self::subscribe):
    /// a function that publishes what the other side waits for may wait for itself
    /// ([`Overflow::Block`]).
    pub fn subscribe_callback(
        &self,
        topics: impl IntoIterator<Item = Topic>,
        on_next: impl FnMut(Received) + Send + 'static,
    ) -> io::Result<Worker> {
        let subscription = self.subscription(Owner::Subscriber, topics, Overflow::Block);
        Worker::start(subscription, on_next)
    }

    /// Subscribes and publishes in one: gets also what others publish on this endpoint, if they do
    /// it through hubs.
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
    /// here wants them.
    pub fn forward(&self, topics: impl IntoIterator<Item = Topic>) {
        let topics: Vec<Topic> = topics.into_iter().collect();
        self.core.attract(&topics);
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
        let farewell = options.peering.bye.saturating_add(CUT_WAIT);
        self.end(Deadline::after(options.end_wait.max(farewell)));
    }
}

fn network(address: &str, port: u16, retry: Option<Duration>) -> NetworkInfo {
    // Less than a second is as soon as there is.
    let retry_seconds = retry.map_or(0, |wait| wait.as_secs().max(1));
    NetworkInfo { retry_seconds, ..NetworkInfo::new(address, port) }
}
