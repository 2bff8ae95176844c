//! `Port`.

use broker::data::{self, Protocol};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::classes::PROTOCOL;

/// A port: its number, and its protocol, such as `Port.TCP`.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Port(pub(crate) data::Port);

#[pymethods]
impl Port {
    #[new]
    #[pyo3(signature = (number = 0, protocol = 0))]
    fn new(number: u16, protocol: u8) -> PyResult<Self> {
        let protocol = match protocol {
            0 => Protocol::Unknown,
            1 => Protocol::Tcp,
            2 => Protocol::Udp,
            3 => Protocol::Icmp,
            _ => return Err(PyValueError::new_err("no protocol has this number")),
        };
        Ok(Self(data::Port::new(number, protocol)))
    }

    /// The number.
    fn number(&self) -> u16 {
        self.0.number
    }

    /// The protocol.
    fn get_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PROTOCOL.code(py, self.0.protocol as u8)
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
