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
