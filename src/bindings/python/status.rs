//! `Status` and `Error`: what becomes of peers.

use broker::{Ec, Happening, Sc};
use pyo3::prelude::*;

use crate::classes::{EC, SC};
use crate::infos::EndpointInfo;

/// A change among the peers.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Status(broker::Status);

/// An error that concerns peers.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Error(broker::Error);

#[pymethods]
impl Status {
    #[new]
    fn new() -> Self {
        let endpoint = broker::EndpointInfo::default();
        Self(broker::Status { code: Sc::Unspecified, endpoint, message: String::new() })
    }

    /// What has changed, one of `SC`.
    fn code<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        SC.code(py, self.0.code.number())
    }

    /// Whose connection, if it is anybody's.
    fn context(&self) -> Option<EndpointInfo> {
        let is_about_one = self.0.code != Sc::Unspecified;
        is_about_one.then(|| EndpointInfo(self.0.endpoint.clone()))
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

#[pymethods]
impl Error {
    #[new]
    fn new() -> Self {
        Self(broker::Error::from(Ec::None))
    }

    /// What went wrong, one of `EC`.
    fn code<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        EC.code(py, self.0.code.number())
    }

    /// With whom, if that is known.
    fn context(&self) -> Option<EndpointInfo> {
        self.0.endpoint.clone().map(EndpointInfo)
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// A `Status` or an `Error`.
pub(crate) fn told(py: Python<'_>, happening: Happening) -> PyResult<Bound<'_, PyAny>> {
    Ok(match happening {
        Happening::Status(status) => Bound::new(py, Status(status))?.into_any(),
        Happening::Error(error) => Bound::new(py, Error(error))?.into_any(),
    })
}
