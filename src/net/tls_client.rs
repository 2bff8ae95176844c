//! What this side presents over TLS when it connects, and what it demands.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::session::Session;
use crate::socket::Socket;
use crate::stream::Stream;

/// The files with which two peers authenticate each other. Both sides present a certificate and
/// check where the other's comes from; no host name is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerSettings {
    /// The own certificate in PEM, and behind it those between it and its authority, if any.
    pub certificate: PathBuf,
    /// Its key in PEM, encrypted or not; the same file as `certificate` if it holds both.
    pub key: PathBuf,
    /// The passphrase of an encrypted key.
    pub passphrase: Option<String>,
    /// Certificates in PEM of the authorities that the other's certificate must come from.
    pub cafile: Option<PathBuf>,
    /// A folder of files with such certificates.
    pub capath: Option<PathBuf>,
}

/// The client's side of TLS. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// A session that calls whoever is at `address`.
    pub(crate) fn session(&self, socket: Socket, address: IpAddr) -> Stream {
        let name = ServerName::IpAddress(address.into());
        Stream::Tls(Box::new(Session::calling(socket, self.config.clone(), name)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
