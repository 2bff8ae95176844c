//! Events of Zeek's. Python's own classes of them are in `broker/zeek.py`.

use broker::data::{Data as Value, MAX_DEPTH, zeek};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::convert_in::{bounded, from_py, text};
use crate::count::Count;
use crate::data::Data;

/// An event of Zeek's: of a value that came, or of a name and arguments, with metadata.
#[pyclass(module = "broker.zeek", frozen, subclass)]
pub(crate) struct Event {
    content: Value,
    event: Option<zeek::Event>,
}

impl Event {
    /// The event as a value.
    pub(crate) fn content(&self) -> &Value {
        &self.content
    }

    fn event(&self) -> PyResult<&zeek::Event> {
        self.event.as_ref().ok_or_else(|| PyValueError::new_err("the data is no event of Zeek's"))
    }
}

/// Metadata of a dictionary, or of an iterable of pairs: keys are counts.
fn metadata(given: &Bound<'_, PyAny>) -> PyResult<Vec<(u64, Value)>> {
    let pairs = match given.cast::<PyDict>() {
        Ok(entries) => entries.items().into_any(),
        Err(_) => given.clone(),
    };
    let entry = |pair: PyResult<Bound<'_, PyAny>>| {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        let key = match key.cast::<Count>() {
            Ok(count) => count.try_borrow()?.value,
            Err(_) => key.extract()?,
        };
        Ok((key, from_py(&value)?))
    };
    pairs.try_iter()?.map(entry).collect()
}

#[pymethods]
impl Event {
    #[new]
    #[pyo3(signature = (*args, metadata = None))]
    fn new(args: &Bound<'_, PyTuple>, metadata: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut given = args.iter();
        let Some(first) = given.next() else {
            return Err(PyTypeError::new_err("an event is made of a value, or of its name"));
        };
        if args.len() == 1 && !first.is_instance_of::<PyString>() {
            let content = from_py(&first)?;
            let event = zeek::Event::try_from(content.clone()).ok();
            return Ok(Self { content, event });
        }
        let name = text(&first, "the name of an event")?;
        let name = String::from_utf8(name)
            .map_err(|_| PyValueError::new_err("the name of an event is text in UTF-8"))?;
        let mut event =
            zeek::Event::new(name, given.map(|value| from_py(&value)).collect::<PyResult<_>>()?);
        if let Some(given) = metadata {
            event.metadata = self::metadata(given)?;
        }
        let content = bounded(Value::from(event), MAX_DEPTH)?;
        // Metadata may be such that it is none.
        let event = zeek::Event::try_from(content.clone()).ok();
        Ok(Self { content, event })
    }

    /// Whether it is an event at all.
    fn valid(&self) -> bool {
        self.event.is_some()
    }

    /// Its name.
    fn name(&self) -> PyResult<&str> {
        Ok(&self.event()?.name)
    }

    /// Its arguments.
    fn args(&self) -> PyResult<Vec<Data>> {
        Ok(self.event()?.arguments.iter().cloned().map(Data).collect())
    }

    /// Its metadata: pairs of a count and a value.
    fn metadata(&self) -> PyResult<Option<Vec<Data>>> {
        let entries = &self.event()?.metadata;
        if entries.is_empty() {
            return Ok(None);
        }
        let entry = |(key, value): &(u64, Value)| {
            Data(Value::Vector(vec![Value::Count(*key), value.clone()]))
        };
        Ok(Some(entries.iter().map(entry).collect()))
    }

    /// The event as a value.
    fn as_data(&self) -> Data {
        Data(self.content.clone())
    }

    fn __repr__(&self) -> String {
        format!("Event({})", self.content)
    }
}
