//! How a node speaks TLS with its peers.

use std::path::PathBuf;

use ostler_net::tls::PeerSettings;
use ostler_runtime::Exit;

use crate::node_keys::Keys;
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
    Some(PeerSettings {
        certificate: ssl.certificate?,
        key: ssl.key?,
        passphrase: ssl.passphrase,
        cafile: ssl.cafile,
        capath: ssl.capath,
    })
}

/// Reads the files that the settings name.
pub(crate) fn load(ssl: Option<&PeerSettings>) -> Result<Option<Tls>, Exit> {
    ssl.map(Tls::load).transpose().map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })
}

/// Reads them again. Peers that come from now on see what is new.
pub(crate) fn reload(endpoint: &Endpoint, ssl: Option<&PeerSettings>) {
    match ssl.map(Tls::load) {
        Some(Ok(tls)) => endpoint.present(&tls),
        Some(Err(error)) => log::error!("{error}; the certificates stay as they were"),
        None => {}
    }
}
