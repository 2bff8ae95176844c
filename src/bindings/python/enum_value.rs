//! `Enum`.

use broker::data::EnumValue;
use pyo3::prelude::*;

use crate::address::hash_of;
use crate::convert_in::text;
use crate::convert_out::text_or_bytes;

/// A label of an enumeration.
#[pyclass(module = "broker", subclass, eq, ord)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Enum(pub(crate) EnumValue);

#[pymethods]
impl Enum {
    #[new]
    fn new(name: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(EnumValue::new(text(name, "the name of a label")?)))
    }

    /// The name: text, or bytes if it is not UTF-8.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        text_or_bytes(py, self.0.as_bytes())
    }

    #[setter]
    fn set_name(&mut self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        *self = Self::new(name)?;
        Ok(())
    }

    fn __hash__(&self) -> u64 {
        hash_of(self)
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
