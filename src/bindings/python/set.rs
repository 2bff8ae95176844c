//! `Set`.

use std::collections::BTreeSet;

use broker::data::Data as Value;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList};

use crate::convert_in::{element, from_py};
use crate::data::{Data, listed};

/// Values of Broker's, each once and in their order.
#[pyclass(module = "broker", eq)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) BTreeSet<Value>);

/// An iterator over values that are copied for it.
pub(crate) fn iterator(
    py: Python<'_>,
    values: impl Iterator<Item = Value>,
) -> PyResult<Bound<'_, PyIterator>> {
    let values: Vec<Bound<'_, Data>> =
        values.map(|value| Bound::new(py, Data(value))).collect::<PyResult<_>>()?;
    PyList::new(py, values)?.try_iter()
}

// Values are made before the set is borrowed: that may run Python, and one may be the set.
#[pymethods]
impl Set {
    #[new]
    #[pyo3(signature = (values = None))]
    fn new(values: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(values) = values else { return Ok(Self(BTreeSet::new())) };
        let values = values.try_iter()?.map(|value| element(&value?));
        values.collect::<PyResult<_>>().map(Self)
    }

    /// Puts a value in.
    fn add(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = element(x)?;
        slf.try_borrow_mut()?.0.insert(value);
        Ok(())
    }

    /// Takes a value out, if it is there.
    fn remove(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = from_py(x)?;
        slf.try_borrow_mut()?.0.remove(&value);
        Ok(())
    }

    /// Takes all values out.
    fn clear(&mut self) {
        self.0.clear();
    }

    fn __contains__(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<bool> {
        let value = from_py(x)?;
        Ok(slf.try_borrow()?.0.contains(&value))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        iterator(py, self.0.iter().cloned())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("Set{{{}}}", listed(&self.0))
    }
}
