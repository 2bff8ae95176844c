//! What a configuration says of a server: where it listens, what it grants, and how it speaks TLS.
//!
//! Each function reads the keys of one section. What is wrong, the reader knows then, and the
//! default stands in.

use std::time::Duration;

use ostler_runtime::Reader;

use crate::{Address, AddressError, Limits, Network, tls};

/// The longest wait of all.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// `bind`: where to listen, each with this `port` unless it is a Unix socket.
pub fn addresses(reader: &mut Reader<'_>, section: &str, default: &str, port: u16) -> Vec<Address> {
    let names = reader.list(section, "bind").unwrap_or_else(|| vec![default.to_owned()]);
    if names.is_empty() {
        reader.wrong(section, "bind", "names no address");
    }
    let mut addresses = Vec::new();
    for (name, number) in names.iter().zip(1..) {
        match Address::parse(name, port) {
            Ok(address) => addresses.push(address),
            Err(error) => {
                // Not the error's own words, which repeat the text.
                let what = match error {
                    AddressError::Empty => "is empty",
                    AddressError::Relative(_) => "is a Unix socket without an absolute path",
                    AddressError::Host(_) => "is neither an address nor a host name",
                };
                reader.wrong(section, "bind", format!("address {number} {what}"));
            }
        }
    }
    addresses
}

/// `bind` and `port` of a listener that there is only if it has a port, or Unix sockets.
pub fn optional_addresses(reader: &mut Reader<'_>, section: &str, default: &str) -> Vec<Address> {
    let port = reader.integer(section, "port", 0..=u16::MAX, 0);
    let mut addresses = addresses(reader, section, default, port);
    if !reader.has(section, "port") {
        addresses.retain(|address| address.file().is_some());
    }
    addresses
}

/// `max_connections`, `max_unauthenticated`, `trusted`, `max_request`, `max_pending_answers`,
/// `header_deadline`, `request_deadline`, `write_deadline` and `keep_idle`.
pub fn limits(reader: &mut Reader<'_>, section: &str, default: &Limits) -> Limits {
    let mut wait = |key, default: Duration| {
        reader.seconds(section, key, Duration::from_millis(10)..=DAY, default)
    };
    let header_deadline = wait("header_deadline", default.header_deadline);
    let request_deadline = wait("request_deadline", default.request_deadline);
    let write_deadline = wait("write_deadline", default.write_deadline);
    let keep_idle = wait("keep_idle", default.keep_idle);
    Limits {
        max_connections: reader.integer(
            section,
            "max_connections",
            1..=65_536,
            default.max_connections,
        ),
        max_unauthenticated: reader.integer(
            section,
            "max_unauthenticated",
            1..=65_536,
            default.max_unauthenticated,
        ),
        trusted: trusted(reader, section),
        max_request: reader.bytes(section, "max_request", 64..=64 << 20, default.max_request),
        max_pending_answers: reader.bytes(
            section,
            "max_pending_answers",
            4096..=1 << 40,
            default.max_pending_answers,
        ),
        header_deadline,
        request_deadline,
        write_deadline,
        keep_idle,
        ..default.clone()
    }
}

fn trusted(reader: &mut Reader<'_>, section: &str) -> Vec<Network> {
    let names = reader.list(section, "trusted").unwrap_or_default();
    let mut networks = Vec::new();
    for (name, number) in names.iter().zip(1..) {
        if let Ok(network) = name.parse() {
            networks.push(network);
        } else {
            let words = format!("member {number} is neither an address nor a network");
            reader.wrong(section, "trusted", words);
        }
    }
    networks
}

/// `ssl`, `sslcert`, `sslkey` and `sslca`; `None` is plain text.
pub fn tls(reader: &mut Reader<'_>, section: &str) -> Option<tls::Settings> {
    if !reader.boolean(section, "ssl", false) {
        // Without TLS these have no meaning, but they are no mistakes.
        for key in ["sslcert", "sslkey", "sslca"] {
            let _ = reader.value(section, key);
        }
        return None;
    }
    let certificate = reader.path(section, "sslcert");
    if certificate.is_none() {
        reader.missing(section, "sslcert");
    }
    let (key, client_ca) = (reader.path(section, "sslkey"), reader.path(section, "sslca"));
    let certificate = certificate?;
    Some(tls::Settings { key: key.unwrap_or_else(|| certificate.clone()), certificate, client_ca })
}
