//! A node's settings as they take effect: the lines of a `broker.cfg` that says the same, but for
//! secrets.

use std::fmt::Display;
use std::time::Duration;

use ostler_net::tls::PeerSettings;
use ostler_runtime::shown::{Lines, path, quoted};

use crate::StoreLimits;
use crate::node_settings::{LEVELS, MODES, NodeSettings};
use crate::node_stores::{SECTION, StoreRole};

/// What is not shown.
const HIDDEN: &str = "(hidden)";
/// The section of what a reload brings about.
const SSL: &str = "broker.ssl";
const WEB_SOCKET: &str = "broker.web-socket";
const STORE: &str = "broker.store";
/// The keys of other sections of which the same is true.
const AT_ONCE: [&str; 3] = ["certificate", "key", "passphrase"];

/// What takes effect, whoever said it.
pub(crate) fn of(settings: &NodeSettings) -> Lines {
    let mut lines = Lines::default();
    node(settings, &mut lines);
    connections(settings, &mut lines);
    web_socket(settings, &mut lines);
    place(&mut lines, "broker.metrics", settings.metrics.as_ref());
    store_limits(&settings.store_limits, &mut lines);
    for (name, role) in &settings.stores {
        store(&format!("{SECTION}{name}"), role, &mut lines);
    }
    if let Some(ssl) = &settings.ssl {
        certificate(&mut lines, SSL, ssl);
        for (key, file) in [("cafile", &ssl.cafile), ("capath", &ssl.capath)] {
            if let Some(file) = file {
                lines.add(SSL, key, path(file));
            }
        }
    }
    lines.add("caf.logger.console", "verbosity", named(&LEVELS, &settings.console));
    lines.add("caf.logger.file", "verbosity", named(&LEVELS, &settings.file.0));
    if let Some(file) = &settings.file.1 {
        lines.add("caf.logger.file", "path", path(file));
    }
    lines
}

/// The keys that say something else than before, and whose change takes a restart.
pub(crate) fn needs_restart(old: &NodeSettings, new: &NodeSettings) -> Vec<String> {
    let (old, new) = (of(old), of(new));
    let mut keys: Vec<String> = new
        .differences(&old)
        .into_iter()
        .filter(|(section, key)| {
            *section != SSL && !(*section == WEB_SOCKET && AT_ONCE.contains(key))
        })
        .map(|(section, key)| format!("[{section}] {key}"))
        .collect();
    let is_secured = |lines: &Lines| lines.value(WEB_SOCKET, "certificate").is_some();
    if is_secured(&old) != is_secured(&new) {
        keys.push(format!("[{WEB_SOCKET}] certificate"));
    }
    keys
}

fn node(settings: &NodeSettings, lines: &mut Lines) {
    const NODE: &str = "node";
    if !settings.name.is_empty() {
        lines.add(NODE, "name", quoted(&settings.name));
    }
    lines.add(NODE, "mode", named(&MODES, &settings.mode));
    lines.add(NODE, "stop", settings.stop.to_string());
    list(lines, NODE, "topics", &settings.topics);
    lines.add(NODE, "verbose", settings.verbose.to_string());
    lines.add(NODE, "rate", settings.rate.to_string());
    lines.add(NODE, "payload-size", settings.payload_size.to_string());
    lines.add(NODE, "rendezvous-retry", span(settings.rendezvous_retry));
    lines.add(NODE, "num-messages", settings.num_messages.to_string());
    let peer = |(host, port): &(String, u16)| {
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!("{host}:{port}")
    };
    let peers: Vec<String> = settings.peers.iter().map(peer).collect();
    list(lines, NODE, "peers", &peers);
    lines.add(NODE, "retry", span(settings.retry));
    place(lines, NODE, settings.listen.as_ref());
    if let Some(id) = settings.endpoint_id {
        lines.add(NODE, "endpoint-id", id.to_string());
    }
}

fn connections(settings: &NodeSettings, lines: &mut Lines) {
    const BROKER: &str = "broker";
    let clients = &settings.web_socket_limits;
    lines.add(BROKER, "disable-ssl", settings.ssl.is_none().to_string());
    lines.add(BROKER, "disable-forwarding", (!settings.forwarding).to_string());
    lines.add(BROKER, "peer-buffer-size", settings.peer_buffer.to_string());
    lines.add(BROKER, "peer-overflow-policy", settings.peer_overflow.to_string());
    lines.add(BROKER, "web-socket-buffer-size", clients.max_queued.to_string());
    lines.add(BROKER, "web-socket-overflow-policy", clients.overflow.to_string());
    lines.add(BROKER, "buffer-bytes", settings.buffer_bytes.to_string());
    lines.add(BROKER, "write-timeout", span(settings.write_timeout));
}

fn web_socket(settings: &NodeSettings, lines: &mut Lines) {
    place(lines, WEB_SOCKET, settings.web_socket.as_ref());
    let most = settings.web_socket_limits.max_clients;
    lines.add(WEB_SOCKET, "max-clients", most.to_string());
    list(lines, WEB_SOCKET, "origins", &settings.origins);
    if let Some(file) = &settings.token_file {
        lines.add(WEB_SOCKET, "token-file", path(file));
    }
    if let Some(ssl) = &settings.web_socket_tls {
        certificate(lines, WEB_SOCKET, ssl);
    }
}

fn store_limits(limits: &StoreLimits, lines: &mut Lines) {
    let channel = &limits.channel;
    lines.add(STORE, "tick-interval", span(channel.tick));
    lines.add(STORE, "heartbeat-interval", channel.heartbeat.to_string());
    lines.add(STORE, "connection-timeout", channel.timeout.to_string());
    lines.add(STORE, "nack-timeout", channel.nack.to_string());
    lines.add(STORE, "max-get-delay", span(limits.max_get_delay));
}

fn store(section: &str, role: &StoreRole, lines: &mut Lines) {
    let mut line = |key, value: String| lines.add(section.to_owned(), key, value);
    match role {
        StoreRole::Master(storage) => {
            line("role", "master".to_owned());
            line("backend", storage.kind.to_string());
            if let Some(file) = &storage.path {
                line("path", path(file));
            }
            for (key, word) in &storage.words {
                line(key, (*word).to_owned());
            }
            if let Some(check) = storage.integrity_check {
                line("integrity_check", check.to_string());
            }
        }
        StoreRole::Clone(options) => {
            line("role", "clone".to_owned());
            line("resync", span(options.resync));
            line("stale", span(options.stale.unwrap_or_default()));
            line("mutation_buffer", span(options.mutation_buffer));
        }
    }
}

fn certificate(lines: &mut Lines, section: &'static str, ssl: &PeerSettings) {
    lines.add(section, "certificate", path(&ssl.certificate));
    lines.add(section, "key", path(&ssl.key));
    if ssl.passphrase.is_some() {
        lines.add(section, "passphrase", HIDDEN);
    }
}

fn place(lines: &mut Lines, section: &'static str, place: Option<&(String, u16)>) {
    let Some((host, port)) = place else { return };
    if !host.is_empty() {
        lines.add(section, "address", quoted(host));
    }
    lines.add(section, "port", port.to_string());
}

fn list<T: Display>(lines: &mut Lines, section: &'static str, key: &'static str, values: &[T]) {
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| quoted(&value.to_string())).collect();
        lines.add(section, key, values.join(", "));
    }
}

fn named<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

/// In the largest unit that misses nothing.
fn span(time: Duration) -> String {
    let nanos = time.as_nanos();
    for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000)] {
        if nanos.checked_rem(size) == Some(0) {
            return format!("{}{unit}", nanos.checked_div(size).unwrap_or_default());
        }
    }
    format!("{nanos}ns")
}
