//! Who and where endpoints are.

use broker::{EndpointId, Role};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::classes::{PEER_FLAGS, PEER_STATUS};

/// In `PeerFlags`: the peer is in another process or machine.
const REMOTE: u8 = 2;
/// In `PeerFlags`: this endpoint connects to it.
const OUTBOUND: u8 = 4;
/// In `PeerFlags`: it has connected to this endpoint.
const INBOUND: u8 = 8;

/// Where an endpoint is.
#[pyclass(module = "broker", frozen, subclass, eq, hash)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct NetworkInfo(broker::NetworkInfo);

#[pymethods]
impl NetworkInfo {
    /// Its address or name.
    #[getter]
    fn address(&self) -> &str {
        &self.0.address
    }

    /// Its port.
    #[getter]
    fn port(&self) -> u16 {
        self.0.port
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// Where an endpoint is, if there is a connection to it.
#[pyclass(module = "broker", frozen, subclass, eq, hash)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct OptionalNetworkInfo(Option<broker::NetworkInfo>);

#[pymethods]
impl OptionalNetworkInfo {
    /// Whether there is one.
    fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Where.
    fn get(&self) -> PyResult<NetworkInfo> {
        let none = || PyValueError::new_err("there is no connection to the endpoint");
        self.0.clone().map(NetworkInfo).ok_or_else(none)
    }

    fn __repr__(&self) -> String {
        self.0.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
    }
}

/// Who and where an endpoint is.
#[pyclass(module = "broker", frozen, subclass, eq, hash)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EndpointInfo(pub(crate) broker::EndpointInfo);

#[pymethods]
impl EndpointInfo {
    /// Where it is.
    #[getter]
    fn network(&self) -> OptionalNetworkInfo {
        OptionalNetworkInfo(self.0.network.clone())
    }

    /// Its id; that of nobody if it is not known.
    fn node_id(&self) -> String {
        self.0.id.unwrap_or(EndpointId::NIL).to_string()
    }

    fn __repr__(&self) -> String {
        self.node_id()
    }
}

/// A peer, or one that is wished for.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct PeerInfo(pub(crate) broker::PeerInfo);

#[pymethods]
impl PeerInfo {
    /// Who and where it is.
    #[getter]
    fn peer(&self) -> EndpointInfo {
        EndpointInfo(self.0.endpoint.clone())
    }

    /// How the connection came about.
    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let from_where = match self.0.role {
            Role::Connector => OUTBOUND,
            Role::Listener => INBOUND,
        };
        PEER_FLAGS.code(py, REMOTE | from_where)
    }

    /// How far the connection is.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PEER_STATUS.code(py, self.0.state.number())
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
