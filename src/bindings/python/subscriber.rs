//! `Subscriber` and `SafeSubscriber`.

use std::os::fd::AsRawFd;
use std::time::Duration;

use broker::{Arrivals, Message, Received};
use ostler_runtime::Deadline;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert_out::{Form, converted, text_or_bytes};
use crate::receiving::{Source, Wanted};
use crate::topic::Topic;
use crate::waiting::Held;

/// Gets the messages of some topics: pairs of a topic and a value.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Subscriber {
    held: Held<broker::Subscriber>,
    form: Form,
}

/// A subscriber whose values cannot be changed, and for which every value of Broker's is one of
/// Python's.
#[pyclass(module = "broker", frozen, subclass, extends = Subscriber)]
pub(crate) struct SafeSubscriber;

impl Source for broker::Subscriber {
    type Item = Message;
    type Content = Received;

    fn next(&mut self) -> Option<(Message, Received)> {
        let now = Deadline::after(Duration::ZERO);
        loop {
            let message = self.get_message(now)?;
            if let Some(received) = self.decoded(&message) {
                return Some((message, received));
            }
        }
    }

    fn give_back(&mut self, messages: Vec<Message>) {
        self.give_back(messages);
    }

    fn arrivals(&mut self) -> Arrivals {
        self.arrivals()
    }

    fn available(&self) -> usize {
        self.available()
    }

    fn has_ended(&self) -> bool {
        self.has_ended()
    }
}

impl Subscriber {
    pub(crate) fn new(subscriber: broker::Subscriber) -> Self {
        Self { held: Held::new(subscriber), form: Form::Plain }
    }

    /// A pair of a topic and a value.
    fn pair<'py>(&self, py: Python<'py>, received: &Received) -> PyResult<Bound<'py, PyAny>> {
        let topic = text_or_bytes(py, received.topic.as_bytes());
        let pair: Bound<'_, PyTuple> =
            (topic, converted(py, &received.data, self.form)?).into_pyobject(py)?;
        Ok(pair.into_any())
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
        let pair = |received: &Received| self.pair(py, received);
        let mut received = self.held.receive(py, &wanted, pair)?;
        if wanted.number.is_some() {
            return received.into_pyobject(py);
        }
        Ok(received.pop().unwrap_or_else(|| py.None().into_bound(py)))
    }

    /// The messages that have come.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.held.poll(py, |received| self.pair(py, received))
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
