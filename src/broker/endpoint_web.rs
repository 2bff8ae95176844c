//! Where an endpoint listens for WebSocket clients.

use std::sync::{Arc, PoisonError};

use ostler_http::{HeadLimits, Http};
use ostler_net::{Address, BindError, Limits, Listener, Server};

use crate::client_host::ClientHost;
use crate::websocket_frame::MAX_MASKED_HEAD_BYTES;
use crate::websocket_upgrade::WebSocketDoor;
use crate::{Endpoint, WebSocketAccess, WebSocketLimits};

/// Threads that answer requests until they are upgraded: none takes long.
const THREADS: usize = 1;
/// Connections that are not upgraded yet.
const CONNECTIONS: usize = 256;
/// No request has a body worth reading.
const MAX_BODY: usize = 1024;

impl Endpoint {
    /// Listens for WebSocket clients, until the endpoint ends: TLS is spoken as with peers, or
    /// as [`web_socket_tls`](crate::EndpointOptions::web_socket_tls) says. The ports that it has then.
    pub fn web_socket_listen(
        &self,
        address: &Address,
        access: WebSocketAccess,
        mut limits: WebSocketLimits,
    ) -> Result<Vec<u16>, BindError> {
        let listeners = match &self.core().options.web_socket_tls {
            Some(identity) => {
                let secured = |listener: Listener| listener.secured(Arc::clone(identity));
                Listener::bind(address)?.into_iter().map(secured).collect()
            }
            None => self.bind(address)?,
        };
        let ports = listeners.iter().filter_map(Listener::inet).map(|at| at.port()).collect();
        // A frame is read once it is whole.
        let longest =
            self.core().options.links.max_unconsumed.saturating_sub(MAX_MASKED_HEAD_BYTES);
        limits.max_message = limits.max_message.min(longest);
        let host = Arc::new(ClientHost::new(self.core()));
        let door = WebSocketDoor::new(Arc::clone(self.links_of()), host, limits, access);
        let service = Arc::new(Http::new(door, HeadLimits::default()));
        let limits =
            Limits { max_connections: CONNECTIONS, max_request: MAX_BODY, ..Limits::default() };
        let failed = |source| BindError { address: address.to_string(), source };
        let server = Server::start(listeners, THREADS, limits, service).map_err(failed)?;
        self.servers().lock().unwrap_or_else(PoisonError::into_inner).push(server);
        Ok(ports)
    }
}
