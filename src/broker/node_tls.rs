//! How a node speaks TLS with its peers.

use std::path::PathBuf;

use ostler_net::tls::{Identity, LiveIdentity, PeerSettings, TlsError};
use ostler_runtime::Exit;

use crate::node_keys::Keys;
use crate::node_settings::NodeSettings;
use crate::{Endpoint, Tls};

/// What is set of `broker.ssl`.
#[derive(Default, PartialEq, Eq)]
struct Ssl {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    passphrase: Option<String>,
    capath: Option<PathBuf>,
    cafile: Option<PathBuf>,
}

/// What `broker.disable-ssl` and `broker.ssl` say; `None` where no TLS is spoken.
pub(crate) fn settings(keys: &mut Keys<'_>) -> Option<PeerSettings> {
    let ssl = Ssl {
        certificate: keys.path("broker.ssl.certificate"),
        key: keys.path("broker.ssl.key"),
        passphrase: keys.text("broker.ssl.passphrase"),
        capath: keys.path("broker.ssl.capath"),
        cafile: keys.path("broker.ssl.cafile"),
    };
    if keys.boolean("broker.disable-ssl").unwrap_or(false) {
        return None;
    }
    if ssl == Ssl::default() {
        let words = "TLS without certificates, which is the default of Zeek's Broker, cannot be \
                     spoken here: set it to true on both sides, or name certificates in broker.ssl";
        keys.missing("broker.disable-ssl", words);
        return None;
    }
    for (key, is_there) in [
        ("broker.ssl.certificate", ssl.certificate.is_some()),
        ("broker.ssl.key", ssl.key.is_some()),
    ] {
        if !is_there {
            keys.missing(key, "is needed as soon as anything else of broker.ssl is set");
        }
    }
    if ssl.cafile.is_none() && ssl.capath.is_none() {
        let words = "or broker.ssl.capath is needed: peers show certificates of an authority";
        keys.missing("broker.ssl.cafile", words);
    }
    Some(PeerSettings {
        certificate: ssl.certificate?,
        key: ssl.key?,
        passphrase: ssl.passphrase,
        cafile: ssl.cafile,
        capath: ssl.capath,
    })
}

/// What `broker.web-socket` says of TLS with clients; `None` where it is that with peers, if any.
pub(crate) fn web_socket(keys: &mut Keys<'_>) -> Option<PeerSettings> {
    let certificate = keys.path("broker.web-socket.certificate");
    let key = keys.path("broker.web-socket.key");
    let passphrase = keys.text("broker.web-socket.passphrase");
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Some(PeerSettings { certificate, key, passphrase, cafile: None, capath: None })
        }
        (None, None) if passphrase.is_none() => None,
        (certificate, _) => {
            let missing = if certificate.is_none() { "certificate" } else { "key" };
            let words = "is needed as soon as another is named for WebSocket clients";
            keys.missing(&format!("broker.web-socket.{missing}"), words);
            None
        }
    }
}

/// Reads the files that the settings name for WebSocket clients.
pub(crate) fn load_web_socket(ssl: Option<&PeerSettings>) -> Result<Option<Identity>, TlsError> {
    ssl.map(Identity::for_anybody).transpose()
}

/// Reads the files that the settings name.
pub(crate) fn load(ssl: Option<&PeerSettings>) -> Result<Option<Tls>, Exit> {
    ssl.map(Tls::load).transpose().map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })
}

/// Reads them again, those for WebSocket clients too. Whoever comes from now on sees what is new; if
/// one of them is wrong, everything stays as it was, and `false` is returned.
pub(crate) fn reload(
    endpoint: &Endpoint,
    settings: &NodeSettings,
    clients: Option<&LiveIdentity>,
) -> bool {
    let loaded = settings
        .ssl
        .as_ref()
        .map(Tls::load)
        .transpose()
        .and_then(|tls| Ok((tls, load_web_socket(settings.web_socket_tls.as_ref())?)));
    match loaded {
        Ok((tls, identity)) => {
            if let Some(tls) = tls {
                endpoint.present(&tls);
            }
            if let (Some(live), Some(identity)) = (clients, identity) {
                live.replace(identity);
            }
            true
        }
        Err(error) => {
            log::error!("{error}; the certificates stay as they were");
            false
        }
    }
}
