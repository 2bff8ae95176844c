//! What a client's link does while somebody else ends it.

use std::sync::Mutex;

use ostler_net::{LinkLimits, Links};

use super::*;
use crate::websocket_places::Places;

/// Subscriptions to nothing, in a frame with a mask of zeros.
const SUBSCRIPTIONS: &[u8] = b"\x81\x82\0\0\0\0[]";

/// A host that knows its last client and nothing else.
#[derive(Default)]
struct Porter(Mutex<Option<Arc<WebSocketClient>>>);

impl WebSocketHost for Porter {
    fn id(&self) -> EndpointId {
        EndpointId::NIL
    }

    fn subscribe(&self, client: &Arc<WebSocketClient>, _: Vec<Topic>) {
        *self.0.lock().unwrap() = Some(Arc::clone(client));
    }

    fn publish(&self, _: &Arc<WebSocketClient>, _: &Message) -> bool {
        true
    }

    fn dropped(&self, _: u64) {}

    fn unread(&self) {}

    fn closed(&self, _: &Arc<WebSocketClient>, _: Option<&str>) {}

    fn end(&self) {}
}

/// A protocol that does nothing.
struct Silent;

impl Protocol for Silent {
    fn opened(&mut self, _: &Link) -> Turn {
        Turn::Continue
    }

    fn received(&mut self, _: &[u8], _: &Link) -> (usize, Turn) {
        (0, Turn::Continue)
    }

    fn tick(&mut self, _: &Link, _: Instant) -> Turn {
        Turn::Continue
    }

    fn closed(&mut self, _: &Link, _: &Closed) {}
}

#[test]
fn whoever_stops_a_client_has_the_last_word() {
    let links = Links::start(1, LinkLimits::default()).unwrap();
    let (link, _other) = links.pair(Box::new(Silent), Box::new(Silent)).unwrap();
    let host = Arc::new(Porter::default());
    let limits = WebSocketLimits::default();
    let place = Places::default().take(None, 1).unwrap();
    let mut client = WebSocketLink::new(Arc::clone(&host) as _, None, limits, place);
    let read = client.received(SUBSCRIPTIONS, &link);
    assert_eq!(read, (SUBSCRIPTIONS.len(), Turn::Continue));
    assert!(host.0.lock().unwrap().as_ref().is_some_and(|client| client.stop()));
    // Its own end would be one without a word.
    assert_eq!(client.tick(&link, now()), Turn::Continue);
    let close = b"\x88\x80\0\0\0\0";
    assert_eq!(client.received(close, &link), (close.len(), Turn::Continue));
}
