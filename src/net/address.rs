//! Where to listen, as it is written in a configuration; and who is at the other end.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// What marks a path instead of a host.
const UNIX_MARK: &str = "unix:";
/// Stands for all addresses of this machine.
const EVERYWHERE: &str = "*";

/// A place to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A numeric address or a name, and a port; port 0 lets the kernel choose.
    Inet {
        /// An IPv4 or IPv6 address without brackets, or a name that may stand for several.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket at a path.
    Unix(PathBuf),
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No text at all.
    #[error("the address is empty")]
    Empty,
    /// `unix:` without an absolute path.
    #[error("{0}: the path of a Unix socket must be absolute")]
    Relative(String),
    /// Something that is neither an address nor a name.
    #[error("{0}: neither an address nor a host name")]
    Host(String),
}

impl Address {
    /// Reads `unix:/path`, an IPv4 or IPv6 address (with or without brackets), or a host name.
    /// The `port` goes with all but the first.
    pub fn parse(text: &str, port: u16) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if let Some(path) = text.strip_prefix(UNIX_MARK) {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Self::Unix(path))
            } else {
                Err(AddressError::Relative(text.to_owned()))
            };
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        // A scope (`fe80::1%eth0`) is left to the resolver.
        let numeric = bare.split('%').next().is_some_and(|ip| ip.parse::<IpAddr>().is_ok());
        let named = bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if !numeric && !named {
            return Err(AddressError::Host(text.to_owned()));
        }
        Ok(Self::Inet { host: bare.to_owned(), port })
    }

    /// Every address of this machine, of both families.
    pub fn everywhere(port: u16) -> Self {
        Self::Inet { host: EVERYWHERE.to_owned(), port }
    }

    /// The file of a Unix socket.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Inet { .. } => None,
        }
    }

    /// The numeric address or the name.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Inet { host, .. } => Some(host),
            Self::Unix(_) => None,
        }
    }

    /// Whether other machines may reach it.
    pub fn is_far(&self) -> bool {
        match self {
            Self::Inet { host, .. } => match host.parse::<IpAddr>() {
                Ok(address) => !address.to_canonical().is_loopback(),
                Err(_) => host != "localhost",
            },
            Self::Unix(_) => false,
        }
    }

    /// The socket addresses that a host stands for; none for a path.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let Self::Inet { host, port } = self else { return Ok(Vec::new()) };
        if host == EVERYWHERE {
            let families: [IpAddr; 2] =
                [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
            return Ok(families.map(|all| SocketAddr::new(all, *port)).into());
        }
        let mut found: Vec<SocketAddr> = Vec::new();
        for address in (host.as_str(), *port).to_socket_addrs()? {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "no address of that name"));
        }
        Ok(found)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Inet { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{UNIX_MARK}{}", path.display()),
        }
    }
}

/// Who is at the other end of a connection, or behind the proxy there that has named it; for the
/// log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An address and a port.
    Inet(SocketAddr),
    /// A process of this machine.
    Unix,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, AddressError> {
        Address::parse(text, 11111).map(|address| address.to_string())
    }

    #[test]
    fn hosts_addresses_and_paths_are_told_apart() {
        for (text, expected) in [
            ("::1", "[::1]:11111"),
            (" [::1] ", "[::1]:11111"),
            ("::", "[::]:11111"),
            ("127.0.0.1", "127.0.0.1:11111"),
            ("localhost", "localhost:11111"),
            ("fe80::1%lo", "[fe80::1%lo]:11111"),
            ("unix:/run/bui.sock", "unix:/run/bui.sock"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_text() {
        assert_eq!(shown("  "), Err(AddressError::Empty));
        for text in ["a, b", "::1::", "127.0.0.1:80", "a b", "[x", "/run/x.sock"] {
            assert_eq!(shown(text), Err(AddressError::Host(text.into())));
        }
        assert_eq!(shown("unix:x.sock"), Err(AddressError::Relative("unix:x.sock".into())));
    }

    #[test]
    fn a_numeric_address_resolves_to_itself() {
        let address = Address::parse("::1", 7).unwrap();
        assert_eq!(address.resolve().unwrap(), ["[::1]:7".parse().unwrap()]);
    }
}
