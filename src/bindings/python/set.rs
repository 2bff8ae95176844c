//! `Set`.

use std::collections::BTreeSet;

use broker::data::Data as Value;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use crate::convert_in::{element, from_py};
use crate::data::{Data, listed};

/// Values of Broker's, each once and in their order.
#[pyclass(module = "broker", subclass, eq)]
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
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(BTreeSet::new())
    }

    #[pyo3(signature = (values = None))]
    fn __init__(slf: &Bound<'_, Self>, values: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let elements = |values: &Bound<'_, PyAny>| {
            values.try_iter()?.map(|value| element(&value?)).collect::<PyResult<_>>()
        };
        let values = values.map_or_else(|| Ok(BTreeSet::new()), elements)?;
        slf.try_borrow_mut()?.0 = values;
        Ok(())
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
