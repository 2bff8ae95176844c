//! Addresses, networks and ports out of their text.

use std::net::IpAddr;
use std::str::FromStr;

use crate::port::{Port, Protocol};
use crate::subnet::Subnet;

/// The text is none of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {0}")]
pub struct ParseError(pub(crate) &'static str);

/// An address without zone; one of IPv4 in IPv6 in its plain form.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

impl FromStr for Subnet {
    type Err = ParseError;

    /// Reads an address, a slash, and the prefix's length. Bits of the address beyond it are
    /// dropped.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let subnet = || {
            let (network, length) = text.split_once('/')?;
            Self::new(address(network)?, decimal(length)?)
        };
        subnet().ok_or(ParseError("network like 10.0.0.0/8"))
    }
}

impl FromStr for Port {
    type Err = ParseError;

    /// Reads a number, a slash, and the protocol's name. Without them it is a port of TCP; a
    /// protocol that is not known is one like `?`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => Protocol::Icmp,
            _ => Protocol::Unknown,
        };
        let number = decimal(number).ok_or(ParseError("port like 443/tcp"))?;
        Ok(Self::new(number, protocol))
    }
}

/// A number in digits alone, without a sign.
fn decimal<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_or_refused() {
        for (text, port) in [
            ("443/tcp", Port::tcp(443)),
            ("53/udp", Port::udp(53)),
            ("8/icmp", Port::new(8, Protocol::Icmp)),
            ("1/?", Port::new(1, Protocol::Unknown)),
            ("80/sctp", Port::new(80, Protocol::Unknown)),
            ("80", Port::tcp(80)),
            ("65535/tcp", Port::tcp(65_535)),
        ] {
            assert_eq!(text.parse(), Ok(port), "{text}");
        }
        for text in ["70000/tcp", "-1/tcp", "+1/tcp", "abc/tcp", "80 /tcp", "/tcp", ""] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "2001:db8::/129", "/8"]
        {
            assert!(text.parse::<Subnet>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_have_no_zone() {
        assert_eq!(address("::ffff:1.2.3.4"), "1.2.3.4".parse().ok());
        for text in ["fe80::1%eth0", "1.2.3", "", " ::1"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
