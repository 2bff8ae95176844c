//! Classes that are written in Python, and the codes that are enumerations there.

use broker::data::Type;
use broker::{Ec, PeerState, Sc};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// A class of Python's, looked for when it is first needed.
pub(crate) struct Class {
    module: &'static str,
    name: &'static str,
    found: PyOnceLock<Py<PyType>>,
}

pub(crate) static DATETIME: Class = Class::new("datetime", "datetime");
pub(crate) static TIMEDELTA: Class = Class::new("datetime", "timedelta");
pub(crate) static IPV4_ADDRESS: Class = Class::new("ipaddress", "IPv4Address");
pub(crate) static IPV6_ADDRESS: Class = Class::new("ipaddress", "IPv6Address");
pub(crate) static IPV4_NETWORK: Class = Class::new("ipaddress", "IPv4Network");
pub(crate) static IPV6_NETWORK: Class = Class::new("ipaddress", "IPv6Network");
pub(crate) static IMMUTABLE_DICT: Class = Class::new("broker.immutable", "ImmutableDict");
pub(crate) static VECTOR_TOPIC: Class = Class::new("broker.containers", "VectorTopic");
pub(crate) static STORE_ERROR: Class = Class::new("broker.codes", "StoreError");
pub(crate) static EC: Class = Class::new("broker.codes", "EC");
pub(crate) static SC: Class = Class::new("broker.codes", "SC");
pub(crate) static PEER_STATUS: Class = Class::new("broker.codes", "PeerStatus");
pub(crate) static PEER_FLAGS: Class = Class::new("broker.codes", "PeerFlags");
pub(crate) static DATA_TYPE: Class = Class::new("broker.codes", "Type");
pub(crate) static PROTOCOL: Class = Class::new("broker.codes", "Protocol");

impl Class {
    const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, found: PyOnceLock::new() }
    }

    /// The class.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyType>> {
        self.found.import(py, self.module, self.name)
    }

    /// Whether `value` is one of it.
    pub(crate) fn holds(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        value.is_instance(self.get(value.py())?)
    }

    /// The member of an enumeration that has this number.
    pub(crate) fn code<'py>(&self, py: Python<'py>, number: u8) -> PyResult<Bound<'py, PyAny>> {
        self.get(py)?.call1((number,))
    }
}

/// The names and numbers of `EC`, `SC`, `PeerStatus` and `Data.Type`, of which Python makes its
/// enumerations.
#[pyfunction]
pub(crate) fn codes() -> [Vec<(&'static str, u8)>; 4] {
    [
        Ec::ALL.iter().map(|code| (code.name(), code.number())).collect(),
        Sc::ALL.iter().map(|code| (code.name(), code.number())).collect(),
        PeerState::ALL.iter().map(|state| (state.name(), state.number())).collect(),
        Type::ALL.iter().map(|data_type| (data_type.name(), data_type.tag())).collect(),
    ]
}
