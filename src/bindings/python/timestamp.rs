//! `Timestamp` and `now`.

use std::time::SystemTime;

use broker::data;
use pyo3::prelude::*;

use crate::timespan::{Amount, Timespan, beyond_292_years};

/// A point in time: since 1970, a `Timespan`, or a float of seconds.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timestamp(pub(crate) data::Timestamp);

/// What is since 1970.
#[derive(FromPyObject)]
enum Since<'py> {
    Span(PyRef<'py, Timespan>),
    Seconds(f64),
}

#[pymethods]
impl Timestamp {
    #[new]
    #[pyo3(signature = (since = Since::Seconds(0.0)))]
    fn new(since: Since<'_>) -> PyResult<Self> {
        let nanoseconds = match since {
            Since::Span(span) => span.0.nanos(),
            Since::Seconds(seconds) => Amount::Seconds(seconds).nanoseconds()?,
        };
        Ok(Self(data::Timestamp::from_nanos(nanoseconds)))
    }

    /// The span since 1970.
    fn time_since_epoch(&self) -> Timespan {
        Timespan::of(self.0.nanos())
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// The time now.
#[pyfunction]
pub(crate) fn now() -> PyResult<Timestamp> {
    let now = data::Timestamp::try_from(SystemTime::now());
    now.map(Timestamp).map_err(|_| beyond_292_years())
}
