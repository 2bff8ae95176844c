//! `Vector`.

use broker::data::Data as Value;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};

use crate::convert_in::{element, from_py};
use crate::data::{Data, listed};
use crate::set::iterator;

/// Values of Broker's, one after the other.
#[pyclass(module = "broker", subclass, eq)]
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

/// What an iterable has.
fn elements(values: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    values.try_iter()?.map(|value| element(&value?)).collect()
}

// Values are made before the vector is borrowed: that may run Python, and one may be the vector.
#[pymethods]
impl Vector {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Vec::new())
    }

    #[pyo3(signature = (values = None))]
    fn __init__(slf: &Bound<'_, Self>, values: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let values = values.map_or_else(|| Ok(Vec::new()), elements)?;
        slf.try_borrow_mut()?.0 = values;
        Ok(())
    }

    /// Puts a value at the end.
    fn append(slf: &Bound<'_, Self>, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = element(x)?;
        slf.try_borrow_mut()?.0.push(value);
        Ok(())
    }

    /// Puts several values at the end.
    fn extend(slf: &Bound<'_, Self>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let values = elements(values)?;
        slf.try_borrow_mut()?.0.extend(values);
        Ok(())
    }

    /// Puts a value before that at a place.
    fn insert(slf: &Bound<'_, Self>, i: isize, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = element(x)?;
        let mut vector = slf.try_borrow_mut()?;
        let end = usize::try_from(i).is_ok_and(|i| i == vector.0.len());
        let place = if end { vector.0.len() } else { vector.place(i)? };
        vector.0.insert(place, value);
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

    fn __setitem__(slf: &Bound<'_, Self>, i: isize, x: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = element(x)?;
        let mut vector = slf.try_borrow_mut()?;
        let place = vector.place(i)?;
        if let Some(old) = vector.0.get_mut(place) {
            *old = value;
        }
        Ok(())
    }

    fn __delitem__(&mut self, i: isize) -> PyResult<()> {
        self.pop(i).map(drop)
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
        format!("Vector[{}]", listed(&self.0))
    }
}
