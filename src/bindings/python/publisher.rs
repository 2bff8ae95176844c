//! `Publisher`, and how values are published.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use broker::data::Data as Value;
use broker::{EndpointOptions, PublishError};
use ostler_runtime::{Deadline, Wake, now};
use pyo3::exceptions::{PyOSError, PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert_in::from_py;
use crate::waiting::{Held, wait};

/// Publishes under one topic.
#[pyclass(module = "broker", frozen, subclass)]
pub(crate) struct Publisher {
    held: Held<Outlet>,
    started: Instant,
    published: AtomicU64,
    /// Messages that may wait for a peer.
    capacity: usize,
}

/// Where it publishes.
struct Outlet {
    publisher: broker::Publisher,
    topic: broker::Topic,
    /// Readable for ever, since there is always room here.
    ready: Option<Wake>,
}

/// Publishes, and waits for receivers that are behind as long as an endpoint does.
pub(crate) fn publish(
    py: Python<'_>,
    publisher: &broker::Publisher,
    topic: &broker::Topic,
    data: &Value,
) -> PyResult<()> {
    let last = Deadline::after(EndpointOptions::default().publish_wait);
    let outcome = wait(py, last, |slice| match publisher.publish_deadline(topic, data, slice) {
        // Nobody has got it, so that it can be tried again.
        Err(PublishError::Behind(_)) if !last.passed() => None,
        other => Some(other),
    })?;
    match outcome {
        Some(Ok(_)) => Ok(()),
        Some(Err(error @ (PublishError::Unfit(_) | PublishError::TooDeep))) => {
            Err(PyValueError::new_err(error.to_string()))
        }
        Some(Err(error)) => Err(PyTimeoutError::new_err(error.to_string())),
        None => Err(PyTimeoutError::new_err("a receiver is behind with reading")),
    }
}

impl Publisher {
    pub(crate) fn new(publisher: broker::Publisher, topic: broker::Topic) -> Self {
        let outlet = Outlet { publisher, topic, ready: None };
        let capacity = EndpointOptions::default().peer_buffer;
        Self { held: Held::new(outlet), started: now(), published: AtomicU64::new(0), capacity }
    }

    fn send(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = data.py();
        let value = from_py(data)?;
        let (publisher, topic) =
            self.held.with(py, |outlet| (outlet.publisher.clone(), outlet.topic.clone()))?;
        publish(py, &publisher, &topic, &value)?;
        self.published.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[pymethods]
impl Publisher {
    /// Publishes a value.
    fn publish(&self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        self.send(data)
    }

    /// Publishes several values, each by itself.
    #[pyo3(signature = (*batch))]
    fn publish_batch(&self, batch: &Bound<'_, PyTuple>) -> PyResult<()> {
        batch.iter().try_for_each(|data| self.send(&data))
    }

    /// How many messages are wanted: as many as may wait for a peer.
    fn demand(&self) -> usize {
        self.capacity
    }

    /// How many messages wait here: none.
    #[expect(clippy::unused_self, reason = "a method for Python")]
    fn buffered(&self) -> usize {
        0
    }

    /// How many messages may wait for a peer.
    fn capacity(&self) -> usize {
        self.capacity
    }

    /// As many, since none waits here.
    fn free_capacity(&self) -> usize {
        self.capacity
    }

    /// Messages a second, on the average of its life.
    fn send_rate(&self) -> f64 {
        let seconds = now().saturating_duration_since(self.started).as_secs_f64();
        let published = u32::try_from(self.published.load(Ordering::Relaxed));
        let published = f64::from(published.unwrap_or(u32::MAX));
        if seconds > 0.0 { published / seconds } else { 0.0 }
    }

    /// A descriptor that is readable while there is room, which is always.
    fn fd(&self, py: Python<'_>) -> PyResult<i32> {
        let fd = self.held.with(py, |outlet| {
            let ready = match outlet.ready.take() {
                Some(ready) => ready,
                None => Wake::new()?,
            };
            ready.wake();
            Ok::<_, std::io::Error>(outlet.ready.insert(ready).as_fd().as_raw_fd())
        })?;
        fd.map_err(|error| PyOSError::new_err(error.to_string()))
    }

    /// Without effect: nothing waits here that could be dropped.
    #[expect(clippy::unused_self, reason = "a method for Python")]
    fn drop_all_on_destruction(&self) {}

    /// Ends it.
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
