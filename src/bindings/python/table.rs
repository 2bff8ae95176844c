//! `Table`.

use std::collections::BTreeMap;

use broker::data::Data as Value;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use crate::convert_in::{element, from_py};
use crate::data::Data;
use crate::set::iterator;

/// Values of Broker's by their keys, in the order of these.
#[pyclass(module = "broker", subclass, eq)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Table(pub(crate) BTreeMap<Value, Value>);

fn no_such(key: &Value) -> PyErr {
    PyKeyError::new_err(key.to_string())
}

// Values are made before the table is borrowed: that may run Python, and one may be the table.
#[pymethods]
impl Table {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(BTreeMap::new())
    }

    fn __init__(&mut self) {
        self.0.clear();
    }

    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<Data> {
        let key = from_py(key)?;
        slf.try_borrow()?.0.get(&key).cloned().map(Data).ok_or_else(|| no_such(&key))
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (key, value) = (element(key)?, element(value)?);
        slf.try_borrow_mut()?.0.insert(key, value);
        Ok(())
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = from_py(key)?;
        slf.try_borrow_mut()?.0.remove(&key).map(drop).ok_or_else(|| no_such(&key))
    }

    fn __contains__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let key = from_py(key)?;
        Ok(slf.try_borrow()?.0.contains_key(&key))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.keys(py)
    }

    /// The keys.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        iterator(py, self.0.keys().cloned())
    }

    /// The values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        iterator(py, self.0.values().cloned())
    }

    /// Pairs of keys and values.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let entry = |(key, value): (&Value, &Value)| {
            let (key, value) = (Data(key.clone()), Data(value.clone()));
            Ok((Bound::new(py, key)?, Bound::new(py, value)?))
        };
        let entries: Vec<_> = self.0.iter().map(entry).collect::<PyResult<_>>()?;
        PyList::new(py, entries)?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        let entries = self.0.iter().map(|(key, value)| format!("{key}: {value}"));
        format!("Table{{{}}}", entries.collect::<Vec<_>>().join(", "))
    }
}
