//! `Topic`, and what else names one.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::convert_in::text;
use crate::convert_out::text_or_bytes;

/// What messages are about.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Topic(pub(crate) broker::Topic);

/// Parts a topic from the next.
const SEPARATOR: u8 = b'/';

#[pymethods]
impl Topic {
    #[new]
    fn new(name: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::of(&text(name, "a topic")?)
    }

    /// The text of it; bytes if it is not UTF-8.
    fn string<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        text_or_bytes(py, self.0.as_bytes())
    }

    /// Both, with a separator between them unless the second begins with one, and none at the end.
    fn __truediv__(&self, other: &Self) -> PyResult<Self> {
        let (above, below) = (self.0.as_bytes(), other.0.as_bytes());
        let mut joined = above.to_vec();
        if !above.is_empty() && below.first().is_some_and(|first| *first != SEPARATOR) {
            joined.push(SEPARATOR);
        }
        joined.extend_from_slice(below);
        Self::of(joined.strip_suffix(&[SEPARATOR]).unwrap_or(&joined))
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

impl Topic {
    pub(crate) fn of(bytes: &[u8]) -> PyResult<Self> {
        let refused = |error: broker::TopicTooLong| PyValueError::new_err(error.to_string());
        broker::Topic::new(bytes).map(Self).map_err(refused)
    }

    /// The topic that a `Topic`, text or bytes name.
    pub(crate) fn named(value: &Bound<'_, PyAny>) -> PyResult<broker::Topic> {
        match value.cast::<Self>() {
            Ok(topic) => Ok(topic.get().0.clone()),
            Err(_) => Ok(Self::new(value)?.0),
        }
    }

    /// The topics that one such value or several in an iterable name.
    pub(crate) fn all_named(values: &Bound<'_, PyAny>) -> PyResult<Vec<broker::Topic>> {
        let is_one = values.is_instance_of::<Self>()
            || values.is_instance_of::<PyString>()
            || values.is_instance_of::<PyBytes>();
        if is_one {
            return Ok(vec![Self::named(values)?]);
        }
        values.try_iter()?.map(|value| Self::named(&value?)).collect()
    }
}
