//! `Vector`.

use broker::data::Data as Value;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyIterator;

use crate::convert_in::from_py;
use crate::data::{Data, listed};
use crate::set::iterator;

/// Values of Broker's, one after the other.
#[pyclass(module = "broker", eq)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Vector(pub(crate) Vec<Value>);

impl Vector {
    /// The place that an index means, which counts from the end if it is negative.
    fn place(&self, index: isize) -> PyResult<usize> {
        let place = match usize::try_from(index) {
            Ok(index) => Some(index),
            Err(_) => self.0.len().checked_sub(index.unsigned_abs()),
        };
        let place = place.filter(|place| *place < self.0.len());
        place.ok_or_else(|| PyIndexError::new_err("a vector has no such place"))
    }
}

#[pymethods]
impl Vector {
    #[new]
    #[pyo3(signature = (values = None))]
    fn new(values: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut vector = Self(Vec::new());
        if let Some(values) = values {
            vector.extend(values)?;
        }
        Ok(vector)
    }

    /// Puts a value at the end.
    fn append(&mut self, x: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.push(from_py(x)?);
        Ok(())
    }

    /// Puts several values at the end.
    fn extend(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let values: Vec<Value> =
            values.try_iter()?.map(|value| from_py(&value?)).collect::<PyResult<_>>()?;
        self.0.extend(values);
        Ok(())
    }

    /// Puts a value before that at a place.
    fn insert(&mut self, i: isize, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let end = usize::try_from(i).is_ok_and(|i| i == self.0.len());
        let place = if end { self.0.len() } else { self.place(i)? };
        self.0.insert(place, from_py(x)?);
        Ok(())
    }

    /// Takes the value at a place out, or the last one.
    #[pyo3(signature = (i = -1))]
    fn pop(&mut self, i: isize) -> PyResult<Data> {
        let place = self.place(i)?;
        Ok(Data(self.0.remove(place)))
    }

    /// Takes all values out.
    fn clear(&mut self) {
        self.0.clear();
    }

    fn __getitem__(&self, i: isize) -> PyResult<Data> {
        let value = self.0.get(self.place(i)?).cloned();
        Ok(Data(value.unwrap_or_default()))
    }

    fn __setitem__(&mut self, i: isize, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let (place, value) = (self.place(i)?, from_py(x)?);
        if let Some(old) = self.0.get_mut(place) {
            *old = value;
        }
        Ok(())
    }

    fn __delitem__(&mut self, i: isize) -> PyResult<()> {
        self.pop(i).map(drop)
    }

    fn __contains__(&self, x: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.contains(&from_py(x)?))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        iterator(py, self.0.iter().cloned())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("Vector[{}]", listed(&self.0))
    }
}
