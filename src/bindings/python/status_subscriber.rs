//! `StatusSubscriber`.

use std::os::fd::AsRawFd;
use std::time::Duration;

use broker::{Arrivals, Happening};
use ostler_runtime::Deadline;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::receiving::{Source, Wanted};
use crate::status::told;
use crate::waiting::Held;

/// Gets what becomes of peers: `Error`, and `Status` if it is wanted.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct StatusSubscriber(Held<broker::StatusSubscriber>);

impl Source for broker::StatusSubscriber {
    type Item = Happening;
    type Content = Happening;

    fn next(&mut self) -> Option<(Happening, Happening)> {
        let happening = self.get_before(Deadline::after(Duration::ZERO))?;
        Some((happening.clone(), happening))
    }

    fn give_back(&mut self, happenings: Vec<Happening>) {
        broker::StatusSubscriber::give_back(self, happenings);
    }

    fn arrivals(&mut self) -> Arrivals {
        broker::StatusSubscriber::arrivals(self)
    }

    fn available(&self) -> usize {
        broker::StatusSubscriber::available(self)
    }

    fn has_ended(&self) -> bool {
        self.has_ended()
    }
}

impl StatusSubscriber {
    pub(crate) fn new(subscriber: broker::StatusSubscriber) -> Self {
        Self(Held::new(subscriber))
    }
}

#[pymethods]
impl StatusSubscriber {
    /// The next one; that of a float's seconds, or `None`; a list of so many as an integer says, or
    /// of those that come in a float's seconds behind it.
    #[pyo3(signature = (num = None, secs = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        num: Option<&Bound<'py, PyAny>>,
        secs: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = Wanted::new(num, secs)?;
        let mut happened = self.0.receive(py, &wanted, |happening| told(py, happening.clone()))?;
        if wanted.number.is_some() {
            return happened.into_pyobject(py);
        }
        Ok(happened.pop().unwrap_or_else(|| py.None().into_bound(py)))
    }

    /// What has happened.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.0.poll(py, |happening| told(py, happening.clone()))
    }

    /// How much has happened and was not read.
    fn available(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |subscriber| subscriber.available())
    }

    /// A descriptor that is readable while something waits to be read.
    fn fd(&self, py: Python<'_>) -> PyResult<i32> {
        let fd = self.0.with(py, |subscriber| subscriber.fd().map(|fd| fd.as_raw_fd()))?;
        fd.map_err(|error| PyOSError::new_err(error.to_string()))
    }

    /// Ends it.
    fn reset(&self, py: Python<'_>) {
        self.0.reset(py);
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.0.reset(py);
    }
}
