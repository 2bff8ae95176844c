//! The certificates of a node.

use ostler_runtime::Exit;

use crate::node_settings::NodeSettings;
use crate::{Endpoint, Tls};

/// Reads the files that the settings name.
pub(crate) fn load(settings: &NodeSettings) -> Result<Option<Tls>, Exit> {
    let Some(ssl) = &settings.ssl else { return Ok(None) };
    Tls::load(ssl).map(Some).map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })
}

/// Reads them again. Peers that come from now on see what is new.
pub(crate) fn reload(endpoint: &Endpoint, settings: &NodeSettings) {
    let Some(ssl) = &settings.ssl else { return };
    match Tls::load(ssl) {
        Ok(tls) => endpoint.present(&tls),
        Err(error) => log::error!("{error}; the certificates stay as they were"),
    }
}
