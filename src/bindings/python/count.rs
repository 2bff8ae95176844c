//! `Count`.

use pyo3::prelude::*;

use crate::address::hash_of;

/// An unsigned number of 64 bits, which Python has not.
#[pyclass(module = "broker", subclass, eq, ord)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Count {
    /// The number.
    #[pyo3(get, set)]
    pub(crate) value: u64,
}

#[pymethods]
impl Count {
    #[new]
    fn new(value: u64) -> Self {
        Self { value }
    }

    fn __index__(&self) -> u64 {
        self.value
    }

    fn __hash__(&self) -> u64 {
        hash_of(self)
    }

    fn __str__(&self) -> String {
        self.value.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Count({})", self.value)
    }
}
