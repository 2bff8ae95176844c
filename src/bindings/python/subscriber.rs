//! `Subscriber` and `SafeSubscriber`.

use std::os::fd::AsRawFd;

use broker::Received;
use ostler_runtime::Deadline;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert_out::{Form, converted, text_or_bytes};
use crate::topic::Topic;
use crate::waiting::{Held, Source, Wanted};

/// Gets the messages of some topics: pairs of a topic and a value.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Subscriber {
    held: Held<broker::Subscriber>,
    form: Form,
}

/// A subscriber whose values cannot be changed, and for which every value of Broker's is one of
/// Python's.
#[pyclass(module = "broker", frozen, extends = Subscriber)]
pub(crate) struct SafeSubscriber;

impl Source for broker::Subscriber {
    type Item = Received;

    fn take(&mut self, most: usize, deadline: Deadline) -> Vec<Received> {
        self.get_many(most, deadline)
    }

    fn has_ended(&self) -> bool {
        self.has_ended()
    }
}

impl Subscriber {
    pub(crate) fn new(subscriber: broker::Subscriber) -> Self {
        Self { held: Held::new(subscriber), form: Form::Plain }
    }

    fn pair<'py>(&self, py: Python<'py>, received: &Received) -> PyResult<Bound<'py, PyTuple>> {
        let topic = text_or_bytes(py, received.topic.as_bytes());
        (topic, converted(py, &received.data, self.form)?).into_pyobject(py)
    }

    fn pairs<'py>(
        &self,
        py: Python<'py>,
        received: &[Received],
    ) -> PyResult<Vec<Bound<'py, PyTuple>>> {
        received.iter().map(|received| self.pair(py, received)).collect()
    }
}

impl SafeSubscriber {
    pub(crate) fn initializer(subscriber: broker::Subscriber) -> PyClassInitializer<Self> {
        let base = Subscriber { held: Held::new(subscriber), form: Form::Immutable };
        PyClassInitializer::from(base).add_subclass(Self)
    }
}

#[pymethods]
impl Subscriber {
    /// The next message; that of a float's seconds, or `None`; a list of so many as an integer says,
    /// or of those that come in a float's seconds behind it.
    #[pyo3(signature = (num = None, secs = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        num: Option<&Bound<'py, PyAny>>,
        secs: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = Wanted::new(num, secs)?;
        let received = self.held.receive(py, &wanted)?;
        if wanted.number.is_some() {
            return self.pairs(py, &received)?.into_pyobject(py);
        }
        match received.first() {
            Some(received) => Ok(self.pair(py, received)?.into_any()),
            None => Ok(py.None().into_bound(py)),
        }
    }

    /// The messages that have come.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyTuple>>> {
        let received = self.held.poll(py)?;
        self.pairs(py, &received)
    }

    /// How many messages have come and were not read.
    fn available(&self, py: Python<'_>) -> PyResult<usize> {
        self.held.with(py, |subscriber| subscriber.available())
    }

    /// A descriptor that is readable while messages wait.
    fn fd(&self, py: Python<'_>) -> PyResult<i32> {
        let fd = self.held.with(py, |subscriber| subscriber.fd().map(|fd| fd.as_raw_fd()))?;
        fd.map_err(|error| PyOSError::new_err(error.to_string()))
    }

    /// Gets the messages of this topic too.
    #[pyo3(signature = (topic, block = false))]
    fn add_topic(&self, topic: &Bound<'_, PyAny>, block: bool) -> PyResult<()> {
        // It is done when this returns, whether somebody waits for it or not.
        let _ = block;
        let named = Topic::named(topic)?;
        self.held.with(topic.py(), |subscriber| subscriber.add_topic(named))
    }

    /// Gets no more messages for this topic's sake.
    #[pyo3(signature = (topic, block = false))]
    fn remove_topic(&self, topic: &Bound<'_, PyAny>, block: bool) -> PyResult<()> {
        let _ = block;
        let named = Topic::named(topic)?;
        self.held.with(topic.py(), |subscriber| subscriber.remove_topic(&named))
    }

    /// Ends the subscription.
    fn reset(&self, py: Python<'_>) {
        self.held.reset(py);
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.held.reset(py);
    }
}
