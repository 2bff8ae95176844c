//! What a daemon's configuration says in `[Events]`: to whom it publishes what happens in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::Address;
use ostler_net::tls::PeerSettings;
use ostler_runtime::Reader;
use ostler_runtime::files::read_regular;
use ostler_runtime::shown::{Lines, path, plain_or_quoted, quoted, seconds};

use crate::WebSocketLimits;
use crate::section_peers::{hosts, inet, list, peers, places, retry, show_peers, show_tls, tls};

/// The section of the configuration.
pub const SECTION: &str = "Events";
/// What the kernel calls this machine.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";
/// The longest name of a machine in bytes.
const MAX_HOST_NAME: u64 = 256;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsSettings {
    /// `source`: the first argument of each event. Default the name of the machine.
    pub source: String,
    /// `peers`: the brokers that are peered with.
    pub peers: Vec<(String, u16)>,
    /// `retry`: how long after a failure a peer is tried again. Default 10 s.
    pub retry: Duration,
    /// `bind` and `port`: where peers are waited for; nowhere without a port. `bind` is 127.0.0.1
    /// by default.
    pub addresses: Vec<Address>,
    /// `bind` and `websocket_port`: where WebSocket clients are waited for; nowhere without a port.
    pub websocket_addresses: Vec<Address>,
    /// `max_clients`: WebSocket clients at the same time. Default 256.
    pub max_clients: usize,
    /// `origins`: the pages that may be WebSocket clients, beside those of this machine.
    pub origins: Vec<String>,
    /// `token_file`: where the token stands that WebSocket clients must know, if they must.
    pub token_file: Option<PathBuf>,
    /// `ssl`, `sslcert`, `sslkey` and `sslca`; `None` is plain text, the default.
    pub tls: Option<PeerSettings>,
    /// `websocket_sslcert` and `websocket_sslkey`: the certificate that WebSocket clients are shown,
    /// of whom none is asked for then; `None` is as with peers, the default.
    pub websocket_tls: Option<PeerSettings>,
}

impl EventsSettings {
    /// Reads the section; `None` if it names nobody to publish to, as by default.
    pub fn read(r: &mut Reader<'_>) -> Option<Self> {
        let hosts = hosts(r, SECTION);
        let clients = WebSocketLimits::default().max_clients;
        let settings = Self {
            source: r.text(SECTION, "source").unwrap_or_else(host_name),
            peers: peers(r, SECTION),
            retry: retry(r, SECTION),
            addresses: places(r, SECTION, &hosts, "port"),
            websocket_addresses: places(r, SECTION, &hosts, "websocket_port"),
            max_clients: r.integer(SECTION, "max_clients", 1..=65_536, clients),
            origins: r.list(SECTION, "origins").unwrap_or_default(),
            token_file: r.path(SECTION, "token_file"),
            tls: tls(r, SECTION),
            websocket_tls: websocket_tls(r),
        };
        warn(r, &settings);
        let is_on = !settings.peers.is_empty()
            || !settings.addresses.is_empty()
            || !settings.websocket_addresses.is_empty();
        is_on.then_some(settings)
    }

    /// Shows them as a configuration says them.
    pub fn show(&self, lines: &mut Lines) {
        let mut line = |key, value: String| lines.add(SECTION, key, value);
        line("source", plain_or_quoted(&self.source));
        show_peers(&self.peers, &mut line);
        line("retry", seconds(self.retry));
        let all =
            if self.addresses.is_empty() { &self.websocket_addresses } else { &self.addresses };
        list(&mut line, "bind", all.iter().filter_map(inet).map(|(host, _)| plain_or_quoted(host)));
        for (key, at) in [("port", &self.addresses), ("websocket_port", &self.websocket_addresses)]
        {
            if let Some((_, port)) = at.iter().find_map(inet) {
                line(key, port.to_string());
            }
        }
        line("max_clients", self.max_clients.to_string());
        list(&mut line, "origins", self.origins.iter().map(|origin| quoted(origin)));
        if let Some(file) = &self.token_file {
            line("token_file", path(file));
        }
        show_tls(self.tls.as_ref(), &mut line);
        if let Some(tls) = &self.websocket_tls {
            line("websocket_sslcert", path(&tls.certificate));
            line("websocket_sslkey", path(&tls.key));
        }
    }

    /// The files that they name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let tls = self.tls.iter().chain(&self.websocket_tls);
        let tls = tls.flat_map(|tls| [&tls.certificate, &tls.key]);
        let authorities = self.tls.iter().flat_map(|tls| &tls.cafile);
        tls.chain(authorities).chain(&self.token_file).map(PathBuf::as_path)
    }
}

/// What this machine is called.
fn host_name() -> String {
    let name = read_regular(Path::new(HOST_NAME), MAX_HOST_NAME).unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

fn websocket_tls(r: &mut Reader<'_>) -> Option<PeerSettings> {
    let certificate = r.path(SECTION, "websocket_sslcert");
    let key = r.path(SECTION, "websocket_sslkey");
    if key.is_some() {
        r.missing(SECTION, "websocket_sslcert");
    }
    let certificate = certificate?;
    let key = key.unwrap_or_else(|| certificate.clone());
    Some(PeerSettings { certificate, key, ..PeerSettings::default() })
}

/// What is allowed, and still not wise.
fn warn(r: &mut Reader<'_>, settings: &EventsSettings) {
    let is_far = settings.websocket_addresses.iter().any(Address::is_far);
    let asks = settings.tls.is_some() && settings.websocket_tls.is_none();
    if is_far && settings.token_file.is_none() && !asks {
        let words = "can be reached from other machines, and nobody is asked who he is: set \
                     token_file, or ssl without websocket_sslcert";
        r.odd(SECTION, "bind", words);
    }
}

#[cfg(test)]
mod tests {
    use ostler_runtime::Document;

    use super::*;

    fn read(text: &str) -> Result<Option<EventsSettings>, Vec<String>> {
        let document = Document::parse(Path::new("x.cfg"), text.as_bytes()).unwrap();
        let mut reader = Reader::new(&document);
        let settings = EventsSettings::read(&mut reader);
        let shown = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
        reader.finish().map(|_| settings).map_err(shown)
    }

    #[test]
    fn nobody_is_published_to_unless_somebody_is_named() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("[Events]\nsource = a\nbind = 0.0.0.0\n"), Ok(None));
        let settings = read("[Events]\npeers = a:1, tcp://[::1]:2\nssl = no\n").unwrap().unwrap();
        assert_eq!(settings.peers, [("a".to_owned(), 1), ("::1".to_owned(), 2)]);
        assert!(settings.addresses.is_empty() && !settings.source.is_empty());
        let settings = read("[Events]\nwebsocket_port = 0\n").unwrap().unwrap();
        assert_eq!(settings.websocket_addresses.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_key() {
        let text = "[Events]\npeers = a\nport = x\nbind = unix:/x\nssl = yes\n\
                    websocket_sslkey = /k\n";
        assert_eq!(
            read(text).unwrap_err(),
            [
                "x.cfg:4: [Events] bind: must name addresses: nobody comes by a Unix socket",
                "x.cfg:2: [Events] peers: member 1 must be host:port",
                "x.cfg:3: [Events] port: is not a whole number",
                "x.cfg:1: [Events] sslcert: must be set",
                "x.cfg:1: [Events] sslca: must be set",
                "x.cfg:1: [Events] websocket_sslcert: must be set",
            ]
        );
    }

    #[test]
    fn what_is_shown_says_the_same() {
        let text = "[Events]\nsource = \"my host\"\npeers = \"a:1\", \"[::1]:2\"\nretry = 2\n\
                    bind = ::1, 127.0.0.1\nport = 3\nwebsocket_port = 4\nmax_clients = 5\n\
                    origins = \"https://a.example\"\ntoken_file = /t\nssl = true\nsslcert = /c\n\
                    sslkey = /k\nsslca = /a\nwebsocket_sslcert = /w\n\
                    websocket_sslkey = /v\n";
        let settings = read(text).unwrap().unwrap();
        let mut lines = Lines::default();
        settings.show(&mut lines);
        assert_eq!(read(&lines.to_string()), Ok(Some(settings)), "{lines}");
    }
}
