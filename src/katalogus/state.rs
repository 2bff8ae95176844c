//! What is known of a running service: for the figures, for the log, and whether it is ready.

use std::sync::{Arc, OnceLock, Weak};

use ostler_http::endpoint::Told;
use ostler_http::{Response, exposition};
use ostler_net::{Meter, Statistics};
use serde_json::{Value, json};

use crate::exposition::Exposition;
use crate::metrics::Metrics;
use crate::{Generation, Plugins, Remotes, ScanStatistics, Store, StoreStatistics};

/// See the module.
pub(crate) struct State {
    generation: Generation,
    pub(crate) metrics: Arc<Metrics>,
    meter: OnceLock<Meter>,
    /// Not held, since whoever drops the last of them waits for its threads.
    store: Weak<Store>,
    plugins: Weak<Plugins>,
    remotes: Weak<Remotes>,
}

impl State {
    pub(crate) fn new(
        generation: Generation,
        store: &Arc<Store>,
        plugins: &Arc<Plugins>,
        remotes: &Arc<Remotes>,
    ) -> Self {
        Self {
            generation,
            metrics: Arc::default(),
            meter: OnceLock::new(),
            store: Arc::downgrade(store),
            plugins: Arc::downgrade(plugins),
            remotes: Arc::downgrade(remotes),
        }
    }

    /// Learns where the connections of its server are counted; only the first word counts.
    pub(crate) fn count_by(&self, meter: Meter) {
        let _ = self.meter.set(meter);
    }

    /// The state in short.
    pub(crate) fn report(&self) -> Value {
        let (connections, store, scans) = (self.connections(), self.store(), self.scans());
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "connections": {
                "open": connections.open,
                "accepted": connections.accepted,
                "refused": connections.refused,
                "requests": connections.requests,
            },
            "database": {
                "connected": store.connected,
                "queued": store.queued,
                "commits": store.commits,
                "failed_connects": store.failed_connects,
            },
            "plugins": {
                "boefjes": scans.boefjes,
                "normalizers": scans.normalizers,
                "skipped": scans.skipped,
                "failing": scans.failing,
            },
        })
    }

    fn connections(&self) -> Statistics {
        self.meter.get().map(Meter::statistics).unwrap_or_default()
    }

    fn scans(&self) -> ScanStatistics {
        self.plugins.upgrade().map(|plugins| plugins.statistics()).unwrap_or_default()
    }

    fn store(&self) -> StoreStatistics {
        self.store.upgrade().map(|store| store.statistics()).unwrap_or_default()
    }
}

impl Told for State {
    fn figures(&self) -> Response {
        let remotes = self.remotes.upgrade().map(|remotes| remotes.statistics());
        let figures = Exposition {
            generation: self.generation,
            requests: self.metrics.requests(),
            latency: self.metrics.latency.read(),
            tokens: self.metrics.tokens(),
            connections: self.connections(),
            store: self.store(),
            scans: self.scans(),
            remotes: remotes.unwrap_or_default(),
        };
        exposition::response("katalogus", figures)
    }

    fn unready(&self) -> Option<&'static str> {
        if self.plugins.upgrade().is_some_and(|plugins| !plugins.is_begun()) {
            return Some("the plugins are being looked at for the first time");
        }
        (self.store().connected == 0).then_some("there is no connection with the database")
    }
}
