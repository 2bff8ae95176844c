//! Which WebSocket clients a node lets in.

use std::path::Path;

use ostler_runtime::Exit;
use ostler_runtime::secret::{self, Secret};

use crate::WebSocketAccess;
use crate::node_settings::NodeSettings;

/// What the settings say, with the token from its file.
pub(crate) fn access(settings: &NodeSettings) -> Result<WebSocketAccess, Exit> {
    let token = settings.token_file.as_deref().map(token).transpose()?;
    Ok(WebSocketAccess { origins: settings.origins.clone(), token, ..WebSocketAccess::default() })
}

fn token(path: &Path) -> Result<Secret, Exit> {
    let token = secret::read_file(path, "token").map_err(|error| {
        log::error!("{}: {error}", path.display());
        Exit::Config
    })?;
    Ok(Secret::new(token.as_bytes()))
}
