//! What a configuration says of a server, as it is written: the other way round than
//! [`settings`](crate::settings).

use ostler_runtime::shown::{Lines, path, plain_or_quoted, quoted, seconds};

use crate::{Address, Limits, tls};

/// `bind` and `port`, if something is listened for.
pub fn addresses(lines: &mut Lines, section: &'static str, addresses: &[Address]) {
    if addresses.is_empty() {
        return;
    }
    let places: Vec<String> = addresses.iter().map(place).collect();
    lines.add(section, "bind", places.join(", "));
    let mut ports = addresses.iter().filter_map(|address| match address {
        Address::Inet { port, .. } => Some(*port),
        Address::Unix(_) => None,
    });
    if let Some(port) = ports.next() {
        lines.add(section, "port", port.to_string());
    }
}

/// `ssl`, and what belongs to it.
pub fn tls(lines: &mut Lines, section: &'static str, settings: Option<&tls::Settings>) {
    lines.add(section, "ssl", settings.is_some().to_string());
    if let Some(settings) = settings {
        lines.add(section, "sslcert", path(&settings.certificate));
        lines.add(section, "sslkey", path(&settings.key));
        if let Some(authority) = &settings.client_ca {
            lines.add(section, "sslca", path(authority));
        }
    }
}

/// How many clients there may be, which are trusted, and how long a request may be.
pub fn places(lines: &mut Lines, section: &'static str, limits: &Limits) {
    lines.add(section, "max_connections", limits.max_connections.to_string());
    lines.add(section, "max_unauthenticated", limits.max_unauthenticated.to_string());
    let trusted: Vec<String> = limits.trusted.iter().map(ToString::to_string).collect();
    if !trusted.is_empty() {
        lines.add(section, "trusted", trusted.join(", "));
    }
    lines.add(section, "max_request", limits.max_request.to_string());
}

/// How long clients may take.
pub fn deadlines(lines: &mut Lines, section: &'static str, limits: &Limits) {
    lines.add(section, "header_deadline", seconds(limits.header_deadline));
    lines.add(section, "request_deadline", seconds(limits.request_deadline));
    lines.add(section, "write_deadline", seconds(limits.write_deadline));
    lines.add(section, "keep_idle", seconds(limits.keep_idle));
}

fn place(address: &Address) -> String {
    match address {
        Address::Inet { host, .. } => plain_or_quoted(host),
        Address::Unix(path) => quoted(&format!("unix:{}", path.display())),
    }
}
