//! Waits without the interpreter, which may be broken off by Ctrl-C, and what ends while somebody
//! waits for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::Deadline;
use pyo3::exceptions::{PyEOFError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::convert_in::nanoseconds;
use crate::timespan::Timespan;

/// How long a wait goes on before Python is asked whether somebody has interrupted it.
const SLICE: Duration = Duration::from_millis(100);

/// Waits until `step` has something, which is asked again and again to wait for a while; `None` if
/// the deadline passes before.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    deadline: Deadline,
    step: impl Fn(Deadline) -> Option<T> + Send + Sync,
) -> PyResult<Option<T>> {
    loop {
        let slice = Deadline::after(SLICE).earlier(deadline);
        if let Some(answer) = py.detach(|| step(slice)) {
            return Ok(Some(answer));
        }
        py.check_signals()?;
        if deadline.passed() {
            return Ok(None);
        }
    }
}

/// So many seconds, or a span of time. Less than none is none, and what is too long for a duration
/// the longest.
pub(crate) fn span(wait: &Bound<'_, PyAny>) -> PyResult<Duration> {
    Ok(if let Ok(span) = wait.cast::<Timespan>() {
        Duration::from_nanos(u64::try_from(span.get().0.nanos()).unwrap_or(0))
    } else if let Ok(seconds) = wait.extract::<f64>() {
        if seconds.is_nan() {
            return Err(PyValueError::new_err("a wait of a time that is no number"));
        }
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    } else {
        Duration::from_nanos(u64::try_from(nanoseconds(wait)?).unwrap_or(0))
    })
}

/// The deadline that this makes, from now on.
pub(crate) fn deadline(wait: &Bound<'_, PyAny>) -> PyResult<Deadline> {
    span(wait).map(Deadline::after)
}

/// What is read: messages, or what becomes of peers.
pub(crate) trait Source: Send {
    type Item: Send;

    /// At most so many, if there are any in time.
    fn take(&mut self, most: usize, deadline: Deadline) -> Vec<Self::Item>;

    /// Whether nothing more will come.
    fn has_ended(&self) -> bool;
}

/// What somebody wants of a source.
pub(crate) struct Wanted {
    /// How many; one that stands alone if this is not said.
    pub(crate) number: Option<usize>,
    deadline: Deadline,
}

impl Wanted {
    /// As the original has it: an integer is a number, a float the seconds to wait; or both.
    pub(crate) fn new(
        num: Option<&Bound<'_, PyAny>>,
        secs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (number, wait) = match (num, secs) {
            (Some(wait), None) if wait.is_instance_of::<PyFloat>() => (None, Some(wait)),
            (num, secs) => (num.map(PyAnyMethods::extract).transpose()?, secs),
        };
        Ok(Self { number, deadline: wait.map_or(Ok(Deadline::NEVER), deadline)? })
    }
}

fn gone() -> PyErr {
    PyRuntimeError::new_err("it was used after its reset()")
}

/// Something that may be given up at any time, also while another thread waits for it.
pub(crate) struct Held<T>(Mutex<Option<T>>);

impl<T: Send> Held<T> {
    pub(crate) fn new(held: T) -> Self {
        Self(Mutex::new(Some(held)))
    }

    /// Works on it. The interpreter is not held, since whoever waits for it holds the lock.
    pub(crate) fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut T) -> R + Send,
    ) -> PyResult<R> {
        let done = py.detach(|| {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.as_mut().map(work)
        });
        done.ok_or_else(gone)
    }

    /// Works on a clone of it, so that others may do the same meanwhile.
    pub(crate) fn with_clone<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&T) -> R + Send,
    ) -> PyResult<R>
    where
        T: Clone,
    {
        let done = py.detach(|| {
            let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            held.as_ref().map(work)
        });
        done.ok_or_else(gone)
    }

    /// Gives it up.
    pub(crate) fn reset(&self, py: Python<'_>) {
        py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(drop));
    }
}

impl<S: Source> Held<S> {
    /// As many as are wanted, or those that have come in time. An end before the first one is an
    /// `EOFError`.
    pub(crate) fn receive(&self, py: Python<'_>, wanted: &Wanted) -> PyResult<Vec<S::Item>> {
        let most = wanted.number.unwrap_or(1);
        let mut received = Vec::new();
        while received.len() < most {
            let missing = most.saturating_sub(received.len());
            let slice = Deadline::after(SLICE).earlier(wanted.deadline);
            let (more, has_ended) = self.with(py, |source| {
                let more = source.take(missing, slice);
                (more, source.has_ended())
            })?;
            received.extend(more);
            if has_ended && received.is_empty() {
                return Err(PyEOFError::new_err("the endpoint has ended, and nothing is left"));
            }
            py.check_signals()?;
            if has_ended || wanted.deadline.passed() {
                break;
            }
        }
        Ok(received)
    }

    /// What has come.
    pub(crate) fn poll(&self, py: Python<'_>) -> PyResult<Vec<S::Item>> {
        let now = Deadline::after(Duration::ZERO);
        self.with(py, |source| source.take(usize::MAX, now))
    }
}
