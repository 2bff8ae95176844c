//! Opening what a configuration names. What fails is in the log, and becomes how a daemon ends.

use std::io::ErrorKind;
use std::sync::Arc;

use ostler_runtime::Exit;

use crate::tls::{Identity, LiveIdentity, Settings, TlsError};
use crate::{Address, Listener};

/// What clients are shown, if TLS is asked for.
pub fn load_identity(settings: Option<&Settings>) -> Result<Option<Identity>, TlsError> {
    settings.map(Identity::load).transpose()
}

/// The same, to be replaced while a server runs.
pub fn live_identity(settings: Option<&Settings>) -> Result<Option<Arc<LiveIdentity>>, Exit> {
    let identity = load_identity(settings).map_err(|error| {
        log::error!("{error}");
        Exit::Config
    })?;
    Ok(identity.map(|identity| Arc::new(LiveIdentity::new(identity))))
}

/// The sockets that the service manager hands over, or those that the configuration names.
pub fn listen(
    addresses: &[Address],
    identity: Option<&Arc<LiveIdentity>>,
) -> Result<Vec<Listener>, Exit> {
    let mut listeners = Listener::inherited().map_err(|error| {
        log::error!("inherited sockets: {error}");
        Exit::Os
    })?;
    if listeners.is_empty() {
        listeners = bind(addresses)?;
    }
    Ok(listeners.into_iter().map(|listener| secured(listener, identity)).collect())
}

/// Listens on all of these.
pub fn bind(addresses: &[Address]) -> Result<Vec<Listener>, Exit> {
    let mut listeners = Vec::new();
    for address in addresses {
        match Listener::bind(address) {
            Ok(bound) => listeners.extend(bound),
            Err(error) => {
                log::error!("{error}");
                return Err(match error.source.kind() {
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        Exit::NoPermission
                    }
                    _ => Exit::Unavailable,
                });
            }
        }
    }
    Ok(listeners)
}

/// Has a listener speak TLS, unless it is a Unix socket: there the kernel keeps strangers away.
fn secured(listener: Listener, identity: Option<&Arc<LiveIdentity>>) -> Listener {
    match identity {
        Some(identity) if listener.inet().is_some() => listener.secured(Arc::clone(identity)),
        _ => listener,
    }
}
