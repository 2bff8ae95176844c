//! Whom a connection is counted with: an address, as long as nobody has said who asks.
//!
//! An IPv6 client usually has a whole network of 64 bits to itself, so that is what counts there.
//! Unix sockets and trusted addresses are counted with nobody.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use crate::Peer;

/// The address of a client that is not trusted: an IPv4 address, or the upper 64 bits of an IPv6
/// address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(IpAddr);

impl Origin {
    /// Where `peer` comes from; `None` if it is exempt.
    pub(crate) fn of(peer: Peer, trusted: &[Network]) -> Option<Self> {
        let Peer::Inet(address) = peer else { return None };
        let address = address.ip().to_canonical();
        let exempt = trusted.iter().any(|network| network.contains(address));
        (!exempt).then(|| Self::from(address))
    }
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

/// An address or a network, such as `192.0.2.7`, `10.0.0.0/8` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text that is neither an address nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor a network")]
pub struct NetworkError;

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        address.or_else(|_| text.parse()).map(Self).map_err(|_| NetworkError)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str, trusted: &[&str]) -> Option<String> {
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let peer = Peer::Inet((address.parse::<IpAddr>().unwrap(), 1).into());
        Origin::of(peer, &trusted).map(|origin| origin.to_string())
    }

    #[test]
    fn an_address_counts_alone_and_a_network_of_ipv6_together() {
        assert_eq!(origin("192.0.2.7", &[]).unwrap(), "192.0.2.7");
        assert_eq!(origin("::ffff:192.0.2.7", &[]).unwrap(), "192.0.2.7");
        assert_eq!(origin("2001:db8:1:2:3:4:5:6", &[]).unwrap(), "2001:db8:1:2::/64");
    }

    #[test]
    fn unix_sockets_and_trusted_addresses_are_counted_with_nobody() {
        assert_eq!(Origin::of(Peer::Unix, &[]), None);
        let trusted = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];
        for exempt in ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "fd12::1"] {
            assert_eq!(origin(exempt, &trusted), None, "{exempt}");
        }
        assert!(origin("192.0.2.8", &trusted).is_some());
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0", "::1/129", "10.0.0.1-9"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
        assert_eq!("::1".parse::<Network>().unwrap().to_string(), "::1/128");
    }
}
