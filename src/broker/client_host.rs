//! WebSocket clients in the endpoint: what they subscribe to and publish.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ostler_net::{Link, Peer};
use ostler_runtime::Deadline;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::core::Core;
use crate::endpoint_info::NetworkInfo;
use crate::parcel::{Origin, Parcel};
use crate::receivers::Load;
use crate::route::{Outlet, Owner, Route};
use crate::routing::Behind;
use crate::status::Status;
use crate::websocket_client::WebSocketClient;
use crate::websocket_link::WebSocketHost;
use crate::{EndpointId, Message, Sc, Topic};

/// See the module.
pub(crate) struct ClientHost {
    core: Arc<Core>,
    clients: Mutex<Clients>,
}

/// Those that have subscribed, by the numbers of their links.
#[derive(Default)]
struct Clients {
    there: BTreeMap<u64, Subscribed>,
    /// Whether they shall go, and whoever comes as well.
    is_over: bool,
}

/// A client that has subscribed.
struct Subscribed {
    client: Arc<WebSocketClient>,
    /// What it is called among endpoints, though it never learns so.
    id: EndpointId,
    network: NetworkInfo,
    topics: Vec<Topic>,
    route: Arc<Route>,
}

/// The way to a client.
struct ClientOutlet {
    client: Arc<WebSocketClient>,
    core: Arc<Core>,
}

impl ClientHost {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::clone(core), clients: Mutex::default() }
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dismiss(&self, client: &WebSocketClient) {
        client.leave("the node ends", self.core.ending());
    }
}

impl WebSocketHost for ClientHost {
    fn id(&self) -> EndpointId {
        self.core.id
    }

    fn subscribe(&self, client: &Arc<WebSocketClient>, topics: Vec<Topic>) {
        let (number, core) = (client.link().id(), &self.core);
        if !core.attract_client(&topics) {
            return client.close(CloseCode::Policy, "too many topics are subscribed to");
        }
        let id = EndpointId::random();
        let network = match client.peer() {
            Peer::Inet(at) => NetworkInfo::new(at.ip().to_canonical().to_string(), at.port()),
            Peer::Unix => NetworkInfo::new("localhost", 0),
        };
        let outlet = ClientOutlet { client: Arc::clone(client), core: Arc::clone(core) };
        let filter = topics.iter().collect();
        let route = core.routing.add(Owner::Client(number), filter, Arc::new(outlet));
        let subscribed =
            Subscribed { client: Arc::clone(client), id, network: network.clone(), topics, route };
        // An end that comes now waits for it.
        core.peers.client_came();
        let is_over = {
            let mut clients = self.clients();
            clients.there.insert(number, subscribed);
            clients.is_over
        };
        core.status(Status::client_discovered(id));
        core.status(Status::peer_added(id, network));
        if is_over {
            self.dismiss(client);
        }
    }

    fn publish(&self, client: &Arc<WebSocketClient>, message: &Message) -> bool {
        if Topic::is_internal(message.topic()) {
            // What a node says of itself, nobody else says in its name.
            return true;
        }
        let origin = Origin::Client(client.link().id());
        while let Err(Behind(route)) = self.core.routing.pass_on(message, origin) {
            let held: Link = client.link().clone();
            if route.outlet.when_room(Box::new(move || held.resume())) {
                return false;
            }
        }
        self.core.counters.data.count();
        true
    }

    fn dropped(&self, count: u64) {
        self.core.counters.dropped.add(count);
    }

    fn unread(&self) {
        self.core.counters.unread.count();
    }

    fn closed(&self, client: &Arc<WebSocketClient>, why: Option<&str>) {
        let gone = self.clients().there.remove(&client.link().id());
        let Some(Subscribed { id, network, topics, route, .. }) = gone else { return };
        self.core.routing.remove(&route);
        self.core.repel(&topics);
        if client.is_cut_off() {
            log::warn!("the WebSocket client {network} is cut off: it does not keep up");
            self.core.counters.cut.count();
        }
        let lost = match why {
            None => Status::client_lost(id, network),
            Some(why) => {
                let words = format!("client removed: {why}");
                Status::new(Sc::PeerRemoved, id, Some(network), words)
            }
        };
        self.core.status(lost);
        self.core.status(Status::endpoint_unreachable(id));
        self.core.peers.client_left();
    }

    fn end(&self) {
        // Who has gone takes its entry out, which may happen at once.
        let clients: Vec<_> = {
            let mut clients = self.clients();
            clients.is_over = true;
            clients.there.values().map(|subscribed| Arc::clone(&subscribed.client)).collect()
        };
        for client in clients {
            self.dismiss(&client);
        }
    }
}

impl Outlet for ClientOutlet {
    fn is_blocked(&self, _: bool) -> bool {
        self.client.is_blocked()
    }

    fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        self.client.link().when_room(waiter)
    }

    fn wait_room(&self, deadline: Deadline) -> bool {
        self.client.link().wait_room(deadline)
    }

    fn load(&self) -> Option<Load> {
        Some(Load::of(self.client.link(), self.client.dropped()))
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        if let Some(frame) = parcel.frame() {
            self.core.counters.dropped.add(self.client.deliver(frame));
        } else if parcel.message.kind() == crate::Kind::Data {
            self.core.counters.undecodable.count();
            self.client.tell(&crate::websocket_data::unwritable(parcel.message));
        }
    }
}
