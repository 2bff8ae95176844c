//! Events of Zeek's. Python's own classes of them are in `broker/zeek.py`.

use broker::data::{Data as Value, MAX_DEPTH, zeek};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::convert_in::{bounded, from_py, text};
use crate::count::Count;
use crate::data::Data;

/// An event of Zeek's: of a value that came, or of a name and arguments, with metadata.
#[pyclass(module = "broker.zeek", subclass)]
pub(crate) struct Event {
    made: Option<Made>,
}

/// What `__init__` has made of its arguments.
struct Made {
    content: Value,
    event: Option<zeek::Event>,
}

impl Made {
    /// Also what is no event may be asked whether it is one.
    fn of(content: Value) -> Self {
        let event = zeek::Event::try_from(content.clone()).ok();
        Self { content, event }
    }
}

impl Event {
    /// The event as a value.
    pub(crate) fn content(&self) -> PyResult<&Value> {
        self.made().map(|made| &made.content)
    }

    fn made(&self) -> PyResult<&Made> {
        let unmade =
            || PyRuntimeError::new_err("the event was not made: Event.__init__() makes it");
        self.made.as_ref().ok_or_else(unmade)
    }

    fn event(&self) -> PyResult<&zeek::Event> {
        let none = || PyValueError::new_err("the data is no event of Zeek's");
        self.made()?.event.as_ref().ok_or_else(none)
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

/// The value that an event is of these arguments.
fn given(args: &Bound<'_, PyTuple>, metadata: Option<&Bound<'_, PyAny>>) -> PyResult<Value> {
    let mut given = args.iter();
    let Some(first) = given.next() else {
        return Err(PyTypeError::new_err("an event is made of a value, or of its name"));
    };
    if args.len() == 1 && !first.is_instance_of::<PyString>() {
        return from_py(&first);
    }
    let name = text(&first, "the name of an event")?;
    let name = String::from_utf8(name)
        .map_err(|_| PyValueError::new_err("the name of an event is text in UTF-8"))?;
    let mut event =
        zeek::Event::new(name, given.map(|value| from_py(&value)).collect::<PyResult<_>>()?);
    if let Some(given) = metadata {
        event.metadata = self::metadata(given)?;
    }
    bounded(Value::from(event), MAX_DEPTH)
}

#[pymethods]
impl Event {
    /// Takes anything, so that classes of Python's may be made of something else.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { made: None }
    }

    // It is made before the event is borrowed: that may run Python, which may look at the event.
    #[pyo3(signature = (*args, metadata = None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        args: &Bound<'_, PyTuple>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let made = Made::of(given(args, metadata)?);
        slf.try_borrow_mut()?.made = Some(made);
        Ok(())
    }

    /// Whether it is an event at all.
    fn valid(&self) -> PyResult<bool> {
        Ok(self.made()?.event.is_some())
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
    fn as_data(&self) -> PyResult<Data> {
        Ok(Data(self.content()?.clone()))
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("Event({})", self.content()?))
    }
}
