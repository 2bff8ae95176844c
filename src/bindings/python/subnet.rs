//! `Subnet`.

use std::net::IpAddr;

use broker::data;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::address::Address;

/// A network: an address in it, and the length of its prefix.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Subnet(pub(crate) data::Subnet);

#[pymethods]
impl Subnet {
    #[new]
    #[pyo3(signature = (address = None, length = 0))]
    fn new(address: Option<&Address>, length: u8) -> PyResult<Self> {
        let Some(address) = address else { return Ok(Self(data::Subnet::default())) };
        let subnet = data::Subnet::new(IpAddr::from(address), length);
        let wrong = || PyValueError::new_err("the prefix is longer than the address");
        subnet.map(Self).ok_or_else(wrong)
    }

    /// Whether the address lies in it.
    fn contains(&self, addr: &Address) -> bool {
        self.0.contains(IpAddr::from(addr))
    }

    /// Its first address.
    fn network(&self) -> Address {
        Address::from(self.0.network())
    }

    /// The length of its prefix.
    fn length(&self) -> u8 {
        self.0.length()
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
