//! What an endpoint counts, as Prometheus reads it. The names that the original has too are its own.

use std::fmt;

use broker_store::StoreStatistics;
use ostler_http::exposition::{Families, Figures};
use ostler_net::LinkStatistics;

use crate::receivers::Receiver;
use crate::store_health::StoreFigures;

/// The figures of one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposition {
    pub(crate) peers: usize,
    pub(crate) clients: usize,
    /// By kind: data, command, routing-update, ping and pong.
    pub(crate) processed: [(&'static str, u64); 5],
    pub(crate) undecodable: u64,
    pub(crate) skipped: u64,
    pub(crate) duplicates: u64,
    pub(crate) expired: u64,
    pub(crate) dropped: u64,
    pub(crate) unread: u64,
    pub(crate) unsent: u64,
    pub(crate) unread_statuses: u64,
    pub(crate) cut: u64,
    pub(crate) refused: u64,
    pub(crate) waiting: usize,
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) stores: Vec<StoreFigures>,
    pub(crate) links: LinkStatistics,
}

impl Figures for Exposition {
    fn write(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let help = "Peers and WebSocket clients that are connected";
        let connections = [(["native"], self.peers), (["web-socket"], self.clients)];
        out.gauges("connections", help, ["type"], connections)?;
        let help = "Messages published here or received, by their kind";
        let processed = self.processed.map(|(kind, count)| ([kind], count));
        out.counters("processed_messages", help, ["type"], processed)?;
        let help = "Messages that nobody got, and why";
        let lost = [
            (["undecodable"], self.undecodable),
            (["malformed"], self.skipped),
            (["expired"], self.expired),
            (["overflow"], self.dropped),
            (["unread"], self.unread),
            (["unsent"], self.unsent),
        ];
        out.counters("dropped_messages", help, ["reason"], lost)?;
        let help = "Messages that came another way before, and were left out";
        out.counter("duplicate_messages", help, self.duplicates)?;
        let help = "Changes among the peers, and errors, that programs did not read in time";
        out.counter("dropped_statuses", help, self.unread_statuses)?;
        let help = "Peers and WebSocket clients cut off since they did not keep up";
        out.counter("overflow_disconnects", help, self.cut)?;
        let help = "Publications refused since a receiver was behind";
        out.counter("refused_publications", help, self.refused)?;
        let help = "Messages that wait to be sent to peers";
        out.gauge("peer_queue_length", help, self.waiting)?;
        self.write_receivers(out)?;
        self.write_stores(out)?;
        self.write_links(out)
    }
}

impl Exposition {
    fn write_receivers(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let labels = ["type", "receiver"];
        let help = "Messages that wait to be sent to this peer or client";
        let waiting = self.receivers.iter().map(|one| (one.labels(), one.waiting));
        out.gauges("receiver_queue_length", help, labels, waiting)?;
        let help = "Messages that this peer or client did not get since it was behind";
        let dropped = self.receivers.iter().map(|one| (one.labels(), one.dropped));
        out.counters("receiver_dropped_messages", help, labels, dropped)
    }

    fn write_stores(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let all = |figure: fn(&StoreStatistics) -> u64| {
            let figure = move |store| usize::try_from(figure(store)).unwrap_or(usize::MAX);
            self.stores.iter().map(move |one| ([one.name.as_str()], figure(&one.statistics)))
        };
        let help = "Keys of this store";
        out.gauges("store_entries", help, ["name"], all(|store| store.entries))?;
        let help = "Writers that this master hears, or the master that this clone hears";
        out.gauges("store_input_channels", help, ["name"], all(|store| store.inputs))?;
        let help = "Clones that hear this master, or the master that hears this clone";
        out.gauges("store_output_channels", help, ["name"], all(|store| store.outputs))?;
        let help = "Events of this store that came before others that are missing";
        out.gauges("store_out_of_order_updates", help, ["name"], all(|store| store.early))?;
        let help = "Events of this store that not all have acknowledged";
        out.gauges("store_unacknowledged_updates", help, ["name"], all(|store| store.unacked))?;
        let help = "Events of this store that all have acknowledged";
        let acked = self.stores.iter().map(|one| ([one.name.as_str()], one.statistics.acked));
        out.counters("store_processed_updates", help, ["name"], acked)?;
        let help = "Whether this store has a master that serves, has been without one for too long, \
                    has another one before this one, or a storage that takes no changes";
        let states = self.stores.iter().flat_map(|one| {
            one.states.map(|(state, is_so)| ([one.name.as_str(), state], usize::from(is_so)))
        });
        out.gauges("store_state", help, ["name", "state"], states)?;
        let help = "Writes to this store that came to nothing, and why";
        let lost = self
            .stores
            .iter()
            .flat_map(|one| one.lost.map(|(reason, count)| ([one.name.as_str(), reason], count)));
        out.counters("store_lost_writes", help, ["name", "reason"], lost)
    }

    fn write_links(&self, out: &mut Families<'_, '_>) -> fmt::Result {
        let links = &self.links;
        out.gauge("open_connections", "Connections, also those on their way", links.open)?;
        let help = "Accepted connections whose other side has not shown who it is";
        out.gauge("unestablished_connections", help, links.unestablished)?;
        out.counter("accepted_connections", "Connections accepted", links.accepted)?;
        let help = "Connections closed since there were too many";
        out.counter("refused_connections", help, links.refused)?;
        let help = "Connections closed since the other side did not read";
        out.counter("stalled_connections", help, links.stalled)?;
        let help = "Attempts to connect that failed";
        out.counter("failed_connects", help, links.unreachable)?;
        let help = "Connections that did not speak TLS as they should";
        out.counter("tls_failures", help, links.tls_failures)?;
        let help = "Failures to accept a connection, as without descriptors";
        out.counter("accept_errors", help, links.accept_errors)?;
        let help = "Connections lost to an error of this program, and such errors of stores";
        out.counter("internal_errors", help, links.panics)?;
        out.counter("sent_frames", "Messages sent, all kinds of them", links.frames_out)?;
        out.counter("received_bytes", "Bytes received", links.bytes_in)?;
        out.counter("sent_bytes", "Bytes sent", links.bytes_out)
    }
}

#[cfg(test)]
mod tests {
    use ostler_http::exposition::text;

    use super::*;

    #[test]
    fn the_names_of_the_original_are_there() {
        let processed =
            [("data", 7), ("command", 0), ("routing-update", 1), ("ping", 2), ("pong", 3)];
        let figures = Exposition { peers: 2, processed, unsent: 4, ..Exposition::default() };
        let text = text("broker", figures).unwrap();
        for line in [
            "broker_connections{type=\"native\"} 2",
            "broker_connections{type=\"web-socket\"} 0",
            "broker_processed_messages_total{type=\"data\"} 7",
            "broker_processed_messages_total{type=\"routing-update\"} 1",
            "broker_dropped_messages_total{reason=\"overflow\"} 0",
            "broker_dropped_messages_total{reason=\"unread\"} 0",
            "broker_dropped_messages_total{reason=\"unsent\"} 4",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in {text}");
        }
    }
}
