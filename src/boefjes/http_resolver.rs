//! Names of hosts, looked up once in a while and not for every request.
//!
//! The library asks for addresses even where a connection is at hand, and by a new thread each time.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::Deadline;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long addresses count.
const KEEP: Duration = Duration::from_secs(30);

/// Remembers the addresses of the one host that its agent asks.
#[derive(Debug, Default)]
pub(crate) struct KeptAddresses {
    system: DefaultResolver,
    /// Of which host and port, and until when.
    kept: Mutex<Option<(String, Vec<SocketAddr>, Deadline)>>,
}

impl Resolver for KeptAddresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if let Ok(address) = literal {
            return Ok(self.listed(&[SocketAddr::new(address, port)]));
        }
        let name = format!("{host}:{port}");
        if let Some((known, addresses, until)) = &*self.kept() {
            if *known == name && !until.passed() {
                return Ok(self.listed(addresses));
            }
        }
        let found = self.system.resolve(uri, config, timeout).map_err(|error| match error {
            // Whatever the system says, there is no address to go to.
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        *self.kept() = Some((name, found.to_vec(), Deadline::after(KEEP)));
        Ok(found)
    }
}

impl KeptAddresses {
    fn listed(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut list = self.empty();
        for address in addresses {
            list.push(*address);
        }
        list
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(String, Vec<SocketAddr>, Deadline)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
