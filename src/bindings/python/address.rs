//! `Address`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The hash of a value, by which Python finds it in sets and dictionaries.
pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// An address of IPv4 or IPv6: of the bytes of one, in the order of the network, and 4 or 6.
#[pyclass(module = "broker", subclass, eq, ord)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address([u8; 16]);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        })
    }
}

impl From<&Address> for IpAddr {
    fn from(address: &Address) -> Self {
        Ipv6Addr::from(address.0).to_canonical()
    }
}

#[pymethods]
impl Address {
    #[new]
    #[pyo3(signature = (bytes = None, family = 6))]
    fn new(bytes: Option<&[u8]>, family: u8) -> PyResult<Self> {
        let Some(bytes) = bytes else { return Ok(Self([0; 16])) };
        let address = match family {
            4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
            6 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
            _ => return Err(PyValueError::new_err("the family of an address is 4 or 6")),
        };
        let wrong = || PyValueError::new_err("an address has 4 bytes in IPv4 and 16 in IPv6");
        Ok(Self::from(address.ok_or_else(wrong)?))
    }

    /// Keeps so many of the 128 bits of its form in IPv6, and makes the others zero; false if there
    /// are not so many.
    fn mask(&mut self, top_bits_to_keep: u8) -> bool {
        let Some(dropped) = 128_u32.checked_sub(u32::from(top_bits_to_keep)) else { return false };
        let mask = u128::MAX.checked_shl(dropped).unwrap_or(0);
        self.0 = (u128::from_be_bytes(self.0) & mask).to_be_bytes();
        true
    }

    /// Whether it is one of IPv4.
    fn is_v4(&self) -> bool {
        IpAddr::from(self).is_ipv4()
    }

    /// Whether it is one of IPv6.
    fn is_v6(&self) -> bool {
        !self.is_v4()
    }

    /// The sixteen bytes of its form in IPv6.
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn __hash__(&self) -> u64 {
        hash_of(self)
    }

    fn __repr__(&self) -> String {
        IpAddr::from(self).to_string()
    }
}
