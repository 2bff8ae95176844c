//! Where an endpoint tells how it is: figures for Prometheus, health and readiness.

use std::sync::{Arc, PoisonError, Weak};

use ostler_http::endpoint::{self, Told};
use ostler_http::{Response, exposition};
use ostler_net::{Address, BindError, Links, Listener};

use crate::Endpoint;
use crate::core::Core;
use crate::exposition::Exposition;

/// What the listener reads from.
struct Figures {
    core: Arc<Core>,
    /// Not held, since it must end on the endpoint's own thread.
    links: Weak<Links>,
}

impl Endpoint {
    /// Tells whoever asks over HTTP how the endpoint is, until it ends: `/metrics`, `/healthz` and
    /// `/readyz`, without TLS. The ports that it has then.
    pub fn metrics_listen(&self, address: &Address) -> Result<Vec<u16>, BindError> {
        let failed = |source| BindError { address: address.to_string(), source };
        let listeners = Listener::bind(address)?;
        let ports = listeners.iter().filter_map(Listener::inet).map(|at| at.port()).collect();
        let links = Arc::downgrade(self.links_of());
        let told = Arc::new(Figures { core: Arc::clone(self.core()), links });
        let routes = endpoint::routes(&told).map_err(std::io::Error::other).map_err(failed)?;
        let addresses = std::slice::from_ref(address);
        let server = endpoint::start(routes, listeners, addresses, 0).map_err(failed)?;
        self.servers().lock().unwrap_or_else(PoisonError::into_inner).push(server);
        Ok(ports)
    }
}

impl Told for Figures {
    fn figures(&self) -> Response {
        let (core, counters) = (&self.core, &self.core.counters);
        let (peers, waiting) = core.peers.load();
        let mut links = self.links.upgrade().map(|links| links.statistics()).unwrap_or_default();
        links.panics = links.panics.saturating_add(counters.panics.get());
        let figures = Exposition {
            peers,
            clients: core.routing.clients(),
            processed: [
                ("data", counters.data.get()),
                ("command", counters.commands.get()),
                ("routing-update", counters.routing_updates.get()),
                ("ping", counters.pings.get()),
                ("pong", counters.pongs.get()),
            ],
            undecodable: counters.undecodable.get(),
            skipped: counters.skipped.get(),
            duplicates: core.routing.tags.duplicates.get(),
            expired: counters.expired.get(),
            dropped: counters.dropped.get(),
            unread: counters.unread.get(),
            unsent: links.unsent.saturating_add(counters.late.get()),
            unread_statuses: counters.unread_statuses.get(),
            cut: counters.cut.get(),
            refused: counters.refused.get(),
            waiting,
            receivers: core.routing.receivers(),
            stores: core.stores.figures(),
            links,
        };
        exposition::response("broker", figures)
    }

    fn unready(&self) -> Option<&'static str> {
        None
    }
}
