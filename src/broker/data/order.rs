//! The total order of values: by type, then by value.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use crate::data::Data;

/// An address's 16 bytes, by which addresses are compared and sent: one of IPv4 in its form in
/// IPv6.
pub(crate) fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl Ord for Data {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::None, Self::None) => Ordering::Equal,
            (Self::Boolean(one), Self::Boolean(two)) => one.cmp(two),
            (Self::Count(one), Self::Count(two)) => one.cmp(two),
            (Self::Integer(one), Self::Integer(two)) => one.cmp(two),
            // A number that is none must have its place, or it would break sets and tables.
            (Self::Real(one), Self::Real(two)) => one.total_cmp(two),
            (Self::String(one), Self::String(two)) => one.cmp(two),
            (Self::Address(one), Self::Address(two)) => octets(*one).cmp(&octets(*two)),
            (Self::Subnet(one), Self::Subnet(two)) => one.cmp(two),
            (Self::Port(one), Self::Port(two)) => one.cmp(two),
            (Self::Timestamp(one), Self::Timestamp(two)) => one.cmp(two),
            (Self::Timespan(one), Self::Timespan(two)) => one.cmp(two),
            (Self::Enum(one), Self::Enum(two)) => one.cmp(two),
            (Self::Set(one), Self::Set(two)) => one.cmp(two),
            (Self::Table(one), Self::Table(two)) => one.cmp(two),
            (Self::Vector(one), Self::Vector(two)) => one.cmp(two),
            _ => self.data_type().cmp(&other.data_type()),
        }
    }
}

impl PartialOrd for Data {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Data {}

impl Hash for Data {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.data_type().hash(state);
        match self {
            Self::None => {}
            Self::Boolean(value) => value.hash(state),
            Self::Count(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            Self::Real(value) => value.to_bits().hash(state),
            Self::String(value) => value.hash(state),
            Self::Address(value) => octets(*value).hash(state),
            Self::Subnet(value) => value.hash(state),
            Self::Port(value) => value.hash(state),
            Self::Timestamp(value) => value.hash(state),
            Self::Timespan(value) => value.hash(state),
            Self::Enum(value) => value.hash(state),
            Self::Set(value) => value.hash(state),
            Self::Table(value) => value.hash(state),
            Self::Vector(value) => value.hash(state),
        }
    }
}
