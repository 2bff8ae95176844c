//! Networks.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::order::octets;

/// What the length of a network of IPv4 is longer by when its address is written in IPv6.
const V4_BITS: u8 = 96;
/// The longest prefix, that of a single address.
const ALL_BITS: u8 = 128;

/// A network: an address and the length of its prefix. The address has no bits beyond the prefix.
/// In the order of values the address comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Subnet {
    /// The address in IPv6, of which 16 bytes need no alignment.
    octets: [u8; 16],
    /// The prefix's length in IPv6.
    bits: u8,
}

impl Subnet {
    /// The network of `length` bits that `address` lies in; none if the length is beyond 32 for an
    /// address of IPv4, or beyond 128.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let bits =
            if address.to_canonical().is_ipv4() { length.checked_add(V4_BITS)? } else { length };
        Self::from_raw(octets(address), bits)
    }

    /// From the address and the length in IPv6.
    pub(crate) fn from_raw(octets: [u8; 16], bits: u8) -> Option<Self> {
        let host_bits = u32::from(ALL_BITS.checked_sub(bits)?);
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self { octets: (u128::from_be_bytes(octets) & mask).to_be_bytes(), bits })
    }

    /// The address and the length in IPv6.
    pub(crate) fn raw(self) -> ([u8; 16], u8) {
        (self.octets, self.bits)
    }

    /// The network's first address.
    pub fn network(self) -> IpAddr {
        Ipv6Addr::from(self.octets).to_canonical()
    }

    /// The length of the prefix: at most 32 for IPv4, else at most 128.
    pub fn length(self) -> u8 {
        if self.network().is_ipv4() { self.bits.saturating_sub(V4_BITS) } else { self.bits }
    }

    /// Whether the address lies in the network. One of IPv4 lies in networks of IPv6 that are
    /// wide enough for its written form.
    pub fn contains(self, address: IpAddr) -> bool {
        Self::from_raw(octets(address), self.bits) == Some(self)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.length())
    }
}

impl fmt::Debug for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subnet({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn bits_beyond_the_prefix_are_dropped() {
        assert_eq!(subnet("10.1.2.3/8"), subnet("10.0.0.0/8"));
        assert_eq!(subnet("2001:db8::1/32").to_string(), "2001:db8::/32");
        assert_eq!(subnet("1.2.3.4/32").to_string(), "1.2.3.4/32");
        assert_eq!(subnet("::/0"), Subnet::default());
        assert_eq!(Subnet::new(address("10.1.2.3"), 0).unwrap().to_string(), "0.0.0.0/0");
    }

    #[test]
    fn networks_of_ipv4_have_at_most_32_bits_in_either_form() {
        assert_eq!(subnet("::ffff:10.1.2.3/8"), subnet("10.0.0.0/8"));
        assert_eq!(Subnet::new(address("10.0.0.0"), 33), None);
        assert_eq!(Subnet::new(address("::ffff:10.0.0.0"), 104), None);
        assert_eq!(Subnet::new(address("2001:db8::"), 129), None);
    }

    #[test]
    fn addresses_lie_in_networks() {
        assert!(subnet("10.0.0.0/8").contains(address("10.255.0.1")));
        assert!(subnet("10.0.0.0/8").contains(address("::ffff:10.255.0.1")));
        assert!(!subnet("10.0.0.0/8").contains(address("11.0.0.0")));
        assert!(!subnet("10.0.0.0/8").contains(address("a00::")));
        assert!(subnet("::/0").contains(address("10.0.0.0")));
    }

    #[test]
    fn networks_are_ordered_by_address_then_length() {
        let mut networks = ["10.0.0.0/9", "9.0.0.0/8", "2001:db8::/32", "10.0.0.0/8", "::/0"];
        networks.sort_by_key(|text| subnet(text));
        assert_eq!(networks, ["::/0", "9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/9", "2001:db8::/32"]);
    }
}
