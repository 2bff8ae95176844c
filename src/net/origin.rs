//! Whom a connection is counted with: an address, as long as nobody has said who asks. Of a proxy
//! that names its client, it is the client's.
//!
//! An IPv6 client usually has a whole network of 64 bits to itself, so that is what counts there.
//! Unix sockets and trusted addresses are counted with nobody.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use crate::Peer;

/// The address of a client that is not trusted: an IPv4 address, the upper 64 bits of an IPv6
/// address, or the whole of one that is good for a single link.
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
            // On one link all addresses have the same upper half.
            IpAddr::V6(address) if address.is_unicast_link_local() => IpAddr::V6(address),
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
            IpAddr::V6(network) if !network.is_unicast_link_local() => write!(f, "{network}/64"),
            address => address.fmt(f),
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
    /// Whether every address of its kind is in it.
    pub fn is_everybody(&self) -> bool {
        self.0.prefix_len() == 0
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse()).map_err(|_| NetworkError)?;
        Ok(Self(canonical(network)))
    }
}

/// A network of IPv4 addresses that is written as one of IPv6, as what it means.
fn canonical(network: IpNet) -> IpNet {
    let (IpAddr::V4(address), Some(length)) =
        (network.addr().to_canonical(), network.prefix_len().checked_sub(96))
    else {
        return network;
    };
    Ipv4Net::new(address, length).map_or(network, IpNet::V4)
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
        assert_eq!(origin("fe80::1:2", &[]).unwrap(), "fe80::1:2", "a link is no client");
    }

    #[test]
    fn unix_sockets_and_trusted_addresses_are_counted_with_nobody() {
        assert_eq!(Origin::of(Peer::Unix, &[]), None);
        let trusted = ["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::ffff:172.16.0.0/108"];
        for exempt in ["172.31.0.1", "10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "fd12::1"] {
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
