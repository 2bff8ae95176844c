//! The connection of a WebSocket client: its session between the link's threads and the endpoint.

use std::sync::Arc;
use std::time::Instant;

use ostler_net::{Closed, Link, Protocol, Turn};
use ostler_runtime::now;

use crate::status::OVERFLOW;
use crate::websocket_client::WebSocketClient;
use crate::websocket_places::Place;
use crate::{EndpointId, Message, Topic, WebSocketEvent, WebSocketLimits, WebSocketSession};

/// The version that clients are told.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a client is cut off with that does not read what it is told of its own messages.
const UNREAD: &str = "too many answers wait for it";

/// Memory that is kept from one message to the next, at most.
const SPARE_BYTES: usize = 64 * 1024;

/// The endpoint behind WebSocket clients. It is called on the threads of links and must not wait.
pub(crate) trait WebSocketHost: Send + Sync + 'static {
    /// What the endpoint is called.
    fn id(&self) -> EndpointId;

    /// A client wants what begins with one of `topics` from now on. It may be
    /// [delivered to](WebSocketClient::deliver) at once.
    fn subscribe(&self, client: &Arc<WebSocketClient>, topics: Vec<Topic>);

    /// A client says something, once it has subscribed. `false` if nobody has got it yet: it is
    /// offered again when the client's link is [resumed](Link::resume).
    fn publish(&self, client: &Arc<WebSocketClient>, message: &Message) -> bool;

    /// So many messages for a client were dropped.
    fn dropped(&self, count: u64);

    /// A message of a client that has gone was never taken.
    fn unread(&self);

    /// A client that has subscribed has gone: by itself, or for what is said.
    fn closed(&self, client: &Arc<WebSocketClient>, why: Option<&str>);

    /// No more clients come, and those that are there shall go.
    fn end(&self);
}

/// See the module.
pub(crate) struct WebSocketLink {
    host: Arc<dyn WebSocketHost>,
    application: Option<String>,
    limits: WebSocketLimits,
    session: WebSocketSession,
    /// `None` until it has subscribed.
    client: Option<Arc<WebSocketClient>>,
    /// What the host could not take yet.
    held: Option<Message>,
    scratch: Vec<u8>,
    /// Freed when the connection ends.
    place: Place,
}

impl WebSocketLink {
    /// A client that has just been answered 101; `place` is dropped when it has gone.
    pub(crate) fn new(
        host: Arc<dyn WebSocketHost>,
        application: Option<String>,
        limits: WebSocketLimits,
        place: Place,
    ) -> Self {
        let session = WebSocketSession::sharing(place.unfinished(), limits.clone(), now());
        Self {
            host,
            application,
            limits,
            session,
            client: None,
            held: None,
            scratch: Vec::new(),
            place,
        }
    }

    /// Whether everything that was held has found its way.
    fn let_go(&mut self) -> bool {
        if let (Some(client), Some(message)) = (&self.client, self.held.take())
            && !self.host.publish(client, &message)
        {
            self.held = Some(message);
        }
        self.held.is_none()
    }

    fn take(&mut self, event: WebSocketEvent, link: &Link) {
        match event {
            WebSocketEvent::Subscribed(topics) => {
                self.place.subscribed();
                let application = self.application.take();
                let client = WebSocketClient::new(link.clone(), application, &self.limits);
                let client = Arc::new(client);
                self.client = Some(Arc::clone(&client));
                self.host.subscribe(&client, topics);
                self.session.acknowledge(&self.host.id().to_string(), VERSION);
                if let Some(ack) = self.session.take_output() {
                    self.host.dropped(client.open(&ack));
                }
                link.established();
            }
            WebSocketEvent::Published(topic, data) => {
                let (id, nobody) = (self.host.id(), EndpointId::NIL);
                let topic = topic.as_bytes();
                let made = Message::data_with(&mut self.scratch, id, nobody, topic, &data);
                // What is too long for peers is so for WebSocket clients before.
                self.held = made.ok();
                if self.scratch.capacity() > SPARE_BYTES {
                    self.scratch = Vec::new();
                }
            }
        }
    }

    /// Sends what the session has to say, and ends with it.
    fn settle(&mut self, link: &Link) -> Turn {
        if let Some(client) = &self.client {
            // Whoever has stopped it closes the link, and may have something to say before.
            if !client.is_open() || self.session.is_closed() && !client.stop() {
                return Turn::Continue;
            }
        }
        let output = self.session.take_output();
        if self.session.is_closed() {
            // Nothing gets behind the close frame.
            if let Some(last) = output {
                link.close_with(&last);
            }
            return Turn::Close;
        }
        if output.is_some_and(|output| !link.force(&output)) {
            link.abort(UNREAD);
            return Turn::Abort;
        }
        Turn::Continue
    }
}

impl Protocol for WebSocketLink {
    fn opened(&mut self, _link: &Link) -> Turn {
        Turn::Continue
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        let time = now();
        let mut read = 0_usize;
        while self.let_go() {
            let rest = input.get(read..).unwrap_or_default();
            let (count, event) = self.session.receive(rest, time);
            read = read.saturating_add(count);
            let Some(event) = event else { return (read, self.settle(link)) };
            self.take(event, link);
        }
        match self.settle(link) {
            Turn::Continue => (read, Turn::Hold),
            end => (read, end),
        }
    }

    fn tick(&mut self, link: &Link, now: Instant) -> Turn {
        if self.held.is_some() {
            // It is not read, and cannot be blamed for silence.
            self.session.heard(now);
        }
        self.session.tick(now);
        if let Some(client) = &self.client {
            client.tell_drops();
        }
        self.settle(link)
    }

    fn closed(&mut self, _link: &Link, why: &Closed) {
        let Some(client) = self.client.take() else { return };
        client.stop();
        if self.held.take().is_some() {
            self.host.unread();
        }
        let words = match why {
            _ if client.is_cut_off() => Some(OVERFLOW.to_owned()),
            Closed::Asked | Closed::Unwritten(_) => self.session.reason().map(str::to_owned),
            Closed::Ended | Closed::Broken(_) => None,
            why => Some(why.to_string()),
        };
        let (peer, name) = (client.peer(), client.application().unwrap_or("without a name"));
        let (why, dropped) = (words.as_deref().unwrap_or("by itself"), client.dropped());
        log::info!(
            "the WebSocket client {peer} ({name}) is gone, {why}; it missed {dropped} messages"
        );
        self.host.closed(&client, words.as_deref());
    }
}

#[cfg(test)]
#[path = "websocket_link_cases.rs"]
mod cases;
