//! `Store`: a master or a clone of a key-value store.

use std::time::Duration;

use broker::data::Data as Value;
use broker::{BackendKind, CloneOptions, StoreError};
use ostler_runtime::Deadline;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::classes::{EC, STORE_ERROR};
use crate::convert_in::from_py;
use crate::convert_out::{Form, converted};
use crate::waiting::{Held, deadline, span, wait};

/// How long `await_idle` and `flush` wait unless they are told.
const AWAIT_IDLE: Duration = Duration::from_secs(15);

/// A key-value store: its master, or a clone of it. What cannot be done is a `StoreError`, but for
/// keys that stand for nothing: they are `None`.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Store(Held<broker::Store>);

/// What a store does not do, in the words of Python.
pub(crate) fn refused(py: Python<'_>, error: &StoreError) -> PyErr {
    let made = EC.code(py, error.ec().number()).and_then(|code| {
        let class = STORE_ERROR.get(py)?;
        class.call1((code, error.to_string()))
    });
    made.map_or_else(|error| error, PyErr::from_value)
}

/// The kind of storage that has this number in `Backend`.
pub(crate) fn kind(number: u8) -> PyResult<BackendKind> {
    let unknown = || PyValueError::new_err("no backend has this number");
    BackendKind::from_number(number).ok_or_else(unknown)
}

/// Options by name.
pub(crate) fn options(given: Option<&Bound<'_, PyDict>>) -> PyResult<broker::BackendOptions> {
    let entries = given.into_iter().flat_map(PyDictMethods::items);
    let option = |entry: Bound<'_, PyAny>| {
        let (name, value): (String, Bound<'_, PyAny>) = entry.extract()?;
        Ok((name, from_py(&value)?))
    };
    entries.map(option).collect()
}

/// After how long without news a clone is stale, if ever.
fn age(given: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    match span(given)? {
        Duration::ZERO => Err(PyValueError::new_err(
            "a clone that is always stale, of which nothing is ever read: never is math.inf",
        )),
        Duration::MAX => Ok(None),
        age => Ok(Some(age)),
    }
}

/// How a clone stays up to date.
pub(crate) fn clone_options(
    resync: Option<&Bound<'_, PyAny>>,
    stale: Option<&Bound<'_, PyAny>>,
    mutation_buffer: Option<&Bound<'_, PyAny>>,
) -> PyResult<CloneOptions> {
    let default = CloneOptions::default();
    let or = |given: Option<_>, default| given.map_or(Ok(default), span);
    Ok(CloneOptions {
        resync: or(resync, default.resync)?,
        stale: stale.map_or(Ok(default.stale), age)?,
        mutation_buffer: or(mutation_buffer, default.mutation_buffer)?,
    })
}

impl Store {
    pub(crate) fn new(store: broker::Store) -> Self {
        Self(Held::new(store))
    }

    /// Asks or changes the store. A clone that has not found its master waits for it, apart.
    fn with<R: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&broker::Store) -> Result<R, StoreError> + Send + 'static,
    ) -> PyResult<R> {
        let at_once = |store: broker::Store| {
            if store.initialized() { Ok(work(&store)) } else { Err(work) }
        };
        let done = match self.0.with_clone(py, at_once)? {
            Ok(done) => done,
            Err(work) => self.0.with_clone_apart(py, move |store| work(&store))?,
        };
        done.map_err(|error| refused(py, &error))
    }

    /// Asks for a value: `None` if there is none, nor can be where the key stands for something else.
    fn ask<'py>(
        &self,
        py: Python<'py>,
        question: impl FnOnce(&broker::Store) -> Result<Value, StoreError> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        let answer = self.with(py, move |store| match question(store) {
            Err(StoreError::NoSuchKey(_) | StoreError::TypeClash { .. }) => Ok(None),
            other => other.map(Some),
        })?;
        match answer {
            Some(value) => converted(py, &value, Form::Plain),
            None => Ok(py.None().into_bound(py)),
        }
    }
}

/// What a key lives for.
fn life(expiry: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    expiry.map(span).transpose()
}

#[pymethods]
impl Store {
    /// Its name.
    fn name(&self, py: Python<'_>) -> PyResult<String> {
        self.0.with_clone(py, |store| store.name().to_owned())
    }

    /// Whether questions have answers: a clone has found its master.
    fn initialized(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.with_clone(py, |store| store.initialized())
    }

    /// Whether the key stands for anything.
    fn exists(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name = from_py(key)?;
        self.with(key.py(), move |store| store.exists(&name))
    }

    /// What the key stands for; `None` if it stands for nothing.
    fn get<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let name = from_py(key)?;
        self.ask(key.py(), move |store| store.get(&name))
    }

    /// An element of a vector, what a table has for a key, whether a set has an element; `None` if
    /// the key or the index stands for nothing.
    fn get_index_from_value<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (name, at) = (from_py(key)?, from_py(index)?);
        self.ask(key.py(), move |store| store.get_index_from_value(&name, &at))
    }

    /// All keys.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let keys = self.with(py, broker::Store::keys)?;
        converted(py, &Value::Set(keys), Form::Plain)
    }

    /// Has the key stand for the value, for so many seconds or for ever.
    #[pyo3(signature = (key, value, expiry = None))]
    fn put(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, new, expiry) = (from_py(key)?, from_py(value)?, life(expiry)?);
        self.with(key.py(), move |store| store.put(name, new, expiry))
    }

    /// The same, unless it stands for something. Whether that came about.
    #[pyo3(signature = (key, value, expiry = None))]
    fn put_unique(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let (name, new, expiry) = (from_py(key)?, from_py(value)?, life(expiry)?);
        let py = key.py();
        let ask = move |store: broker::Store| store.put_unique(name, new, expiry);
        // Only the master answers.
        let answer = if self.0.with_clone(py, |store| store.is_master())? {
            self.0.with_clone(py, ask)?
        } else {
            self.0.with_clone_apart(py, ask)?
        };
        answer.map_err(|error| refused(py, &error))
    }

    /// Has the key stand for nothing.
    fn erase(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        // The parameter has the name that it has in the original.
        let name = from_py(data)?;
        self.with(data.py(), move |store| store.erase(name))
    }

    /// Has no key stand for anything.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, broker::Store::clear)
    }

    /// Adds to a number or a time.
    #[pyo3(signature = (key, amount, expiry = None))]
    fn increment(
        &self,
        key: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, by, expiry) = (from_py(key)?, from_py(amount)?, life(expiry)?);
        self.with(key.py(), move |store| store.increment(name, by, expiry))
    }

    /// Subtracts from a number or a time.
    #[pyo3(signature = (key, amount, expiry = None))]
    fn decrement(
        &self,
        key: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, by, expiry) = (from_py(key)?, from_py(amount)?, life(expiry)?);
        self.with(key.py(), move |store| store.decrement(name, by, expiry))
    }

    /// Appends to a string.
    #[pyo3(signature = (key, s, expiry = None))]
    fn append(
        &self,
        key: &Bound<'_, PyAny>,
        s: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, more, expiry) = (from_py(key)?, from_py(s)?, life(expiry)?);
        self.with(key.py(), move |store| store.append(name, more, expiry))
    }

    /// Puts an element into a set; with a value, a key and this into a table.
    #[pyo3(signature = (key, index, value = None, expiry = None))]
    fn insert_into(
        &self,
        key: &Bound<'_, PyAny>,
        index: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, at, expiry) = (from_py(key)?, from_py(index)?, life(expiry)?);
        let value = value.map(from_py).transpose()?;
        self.with(key.py(), move |store| match value {
            Some(value) => store.insert_into_table(name, at, value, expiry),
            None => store.insert_into(name, at, expiry),
        })
    }

    /// Takes an element out of a set, or a key out of a table.
    #[pyo3(signature = (key, index, expiry = None))]
    fn remove_from(
        &self,
        key: &Bound<'_, PyAny>,
        index: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, at, expiry) = (from_py(key)?, from_py(index)?, life(expiry)?);
        self.with(key.py(), move |store| store.remove_from(name, at, expiry))
    }

    /// Puts a value at the end of a vector.
    #[pyo3(signature = (key, value, expiry = None))]
    fn push(
        &self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        expiry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, new, expiry) = (from_py(key)?, from_py(value)?, life(expiry)?);
        self.with(key.py(), move |store| store.push(name, new, expiry))
    }

    /// Takes the last value from a vector.
    #[pyo3(signature = (key, expiry = None))]
    fn pop(&self, key: &Bound<'_, PyAny>, expiry: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (name, expiry) = (from_py(key)?, life(expiry)?);
        self.with(key.py(), move |store| store.pop(name, expiry))
    }

    /// Waits until all have everything, 15 seconds if nothing else is said: on a master every clone;
    /// on a clone, it and its master. Whether they have.
    #[pyo3(signature = (timeout = None))]
    fn await_idle(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let last = timeout.map_or_else(|| Ok(Deadline::after(AWAIT_IDLE)), deadline)?;
        let store = self.0.with_clone(py, |store| store)?;
        let idle = wait(py, last, |slice| store.await_idle(slice).then_some(()));
        py.detach(|| drop(store));
        idle.map(|idle| idle.is_some())
    }

    /// Waits until the storage of the master keeps for good what was written here, 15 seconds if
    /// nothing else is said. Raises an error, once, if writes were dropped since it was called last
    /// because no master was found for them.
    #[pyo3(signature = (timeout = None))]
    fn flush(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let last = timeout.map_or_else(|| Ok(Deadline::after(AWAIT_IDLE)), deadline)?;
        let kept = self.0.with_clone_apart(py, move |store| store.flush(last))?;
        kept.map_err(|error| refused(py, &error))
    }

    /// Gives it up. The last one takes the store from its endpoint, once what was written is kept or
    /// sent, which is waited for up to 10 seconds.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.reset_apart(py)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.0.reset_apart(py)
    }
}
