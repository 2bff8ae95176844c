//! Names of peers are resolved on threads of their own, for which nobody waits: nothing can end a
//! resolver.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ostler_runtime::Thread;

use crate::core::Core;
use crate::endpoint_info::NetworkInfo;

/// Finds the addresses of a name.
pub(crate) type Resolve = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Asks the system.
pub(crate) fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// Has a thread find the addresses of a peer that is wished for.
pub(crate) fn start(core: &Arc<Core>, key: u64, network: NetworkInfo, resolve: Resolve) {
    if let Ok(ip) = network.address.parse::<IpAddr>() {
        core.wishes.resolved(key, vec![SocketAddr::new(ip, network.port)]);
        return;
    }
    let (found, name) = (Arc::clone(core), network.clone());
    core.wishes.resolving.fetch_add(1, Ordering::AcqRel);
    let work = move || {
        let resolved = resolve(&network.address, network.port);
        found.wishes.resolving.fetch_sub(1, Ordering::AcqRel);
        let (addresses, error) = match resolved {
            Ok(addresses) => (addresses, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let is_empty = addresses.is_empty();
        if found.wishes.resolved(key, addresses) && is_empty {
            let words = error.map_or("the name has no address".to_owned(), |why| why.to_string());
            log::warn!("peer {network}: {words}");
            found.unreachable(key, network);
        }
    };
    // Nothing can end a resolver, and nobody waits for it.
    match Thread::spawn("resolver", work) {
        Ok(thread) => thread.detach(),
        Err(error) => {
            core.wishes.resolving.fetch_sub(1, Ordering::AcqRel);
            log::warn!("peer {name}: cannot start a thread: {error}");
            core.unreachable(key, name);
        }
    }
}
