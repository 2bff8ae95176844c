//! Whom a section of a daemon's configuration connects with, and how: keys that several sections
//! have.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::tls::PeerSettings;
use ostler_net::{Address, settings};
use ostler_runtime::Reader;
use ostler_runtime::shown::{Lines, path, plain_or_quoted, quoted, seconds};

use crate::node_keys::peer;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionPeers {
    /// `peers`: those that are connected to.
    pub peers: Vec<(String, u16)>,
    /// `retry`: how long after a failure a peer is tried again. Default 10 s.
    pub retry: Duration,
    /// `bind` and `port`: where peers are waited for; nowhere without a port. `bind` is 127.0.0.1
    /// by default.
    pub addresses: Vec<Address>,
    /// `ssl`, `sslcert`, `sslkey` and `sslca`; `None` is plain text, the default.
    pub tls: Option<PeerSettings>,
}

impl SectionPeers {
    /// Reads the keys of `section`.
    pub fn read(r: &mut Reader<'_>, section: &'static str) -> Self {
        let hosts = hosts(r, section);
        Self {
            peers: peers(r, section),
            retry: retry(r, section),
            addresses: places(r, section, &hosts, "port"),
            tls: tls(r, section),
        }
    }

    /// Shows them as a configuration says them.
    pub fn show(&self, section: &'static str, lines: &mut Lines) {
        let mut line = |key, value: String| lines.add(section, key, value);
        show_peers(&self.peers, &mut line);
        line("retry", seconds(self.retry));
        let at = || self.addresses.iter().filter_map(inet);
        list(&mut line, "bind", at().map(|(host, _)| plain_or_quoted(host)));
        if let Some((_, port)) = at().next() {
            line("port", port.to_string());
        }
        show_tls(self.tls.as_ref(), &mut line);
    }

    /// Whether nobody is connected to or waited for.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty() && self.addresses.is_empty()
    }

    /// The files that they name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter();
        let named = tls.flat_map(|tls| [&tls.certificate, &tls.key].into_iter().chain(&tls.cafile));
        named.map(PathBuf::as_path)
    }
}

pub(crate) fn retry(r: &mut Reader<'_>, section: &'static str) -> Duration {
    let day = Duration::from_secs(24 * 3600);
    r.seconds(section, "retry", Duration::from_secs(1)..=day, Duration::from_secs(10))
}

pub(crate) fn hosts(r: &mut Reader<'_>, section: &'static str) -> Vec<String> {
    let bind = settings::addresses(r, section, "127.0.0.1", 0);
    if bind.iter().any(|address| address.file().is_some()) {
        r.wrong(section, "bind", "must name addresses: nobody comes by a Unix socket");
    }
    bind.iter().filter_map(inet).map(|(host, _)| host.to_owned()).collect()
}

pub(crate) fn places(
    r: &mut Reader<'_>,
    section: &'static str,
    hosts: &[String],
    key: &str,
) -> Vec<Address> {
    let port = r.integer(section, key, 0..=u16::MAX, 0);
    let hosts = if r.has(section, key) { hosts } else { &[] };
    hosts.iter().map(|host| Address::Inet { host: host.clone(), port }).collect()
}

pub(crate) fn peers(r: &mut Reader<'_>, section: &'static str) -> Vec<(String, u16)> {
    let mut peers = Vec::new();
    for (name, number) in r.list(section, "peers").unwrap_or_default().iter().zip(1..) {
        match peer(name) {
            Some(peer) => peers.push(peer),
            None => r.wrong(section, "peers", format!("member {number} must be host:port")),
        }
    }
    peers
}

pub(crate) fn tls(r: &mut Reader<'_>, section: &'static str) -> Option<PeerSettings> {
    let is_on = r.boolean(section, "ssl", false);
    let certificate = r.path(section, "sslcert");
    let key = r.path(section, "sslkey");
    let cafile = r.path(section, "sslca");
    if !is_on {
        return None;
    }
    for (key, is_set) in [("sslcert", certificate.is_some()), ("sslca", cafile.is_some())] {
        if !is_set {
            r.missing(section, key);
        }
    }
    let certificate = certificate?;
    let key = key.unwrap_or_else(|| certificate.clone());
    Some(PeerSettings { certificate, key, cafile, ..PeerSettings::default() })
}

pub(crate) fn inet(address: &Address) -> Option<(&str, u16)> {
    match address {
        Address::Inet { host, port } => Some((host, *port)),
        Address::Unix(_) => None,
    }
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

pub(crate) fn list(
    line: &mut impl FnMut(&'static str, String),
    key: &'static str,
    members: impl Iterator<Item = String>,
) {
    let members: Vec<String> = members.collect();
    if !members.is_empty() {
        line(key, members.join(", "));
    }
}

pub(crate) fn show_peers(peers: &[(String, u16)], line: &mut impl FnMut(&'static str, String)) {
    list(line, "peers", peers.iter().map(|(host, port)| quoted(&place(host, *port))));
}

pub(crate) fn show_tls(tls: Option<&PeerSettings>, line: &mut impl FnMut(&'static str, String)) {
    line("ssl", tls.is_some().to_string());
    if let Some(tls) = tls {
        line("sslcert", path(&tls.certificate));
        line("sslkey", path(&tls.key));
        if let Some(authorities) = &tls.cafile {
            line("sslca", path(authorities));
        }
    }
}
