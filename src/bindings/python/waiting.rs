//! Waits without the interpreter, which may be broken off by Ctrl-C, and what ends while somebody
//! waits for it.

use std::mem;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_runtime::{Deadline, Thread};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::convert_in::nanoseconds;
use crate::process::Maker;
use crate::timespan::Timespan;

/// How long a wait goes on before Python is asked whether somebody has interrupted it.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

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

/// Does on a thread of its own what cannot be broken off: after Ctrl-C it goes on without anybody.
pub(crate) fn apart<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (done, outcome) = mpsc::sync_channel(1);
    // Nobody may be left who wants to know.
    let body = move || drop(done.send(work()));
    Thread::spawn("python", body)?.detach();
    let outcome = Mutex::new(outcome);
    let outcome = wait(py, Deadline::NEVER, |slice| {
        let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome.recv_timeout(slice.remaining().unwrap_or(SLICE)) {
            Err(RecvTimeoutError::Timeout) => None,
            other => Some(other.ok()),
        }
    })?;
    outcome.flatten().ok_or_else(|| PyRuntimeError::new_err("a fault of the module, see its log"))
}

fn gone() -> PyErr {
    PyRuntimeError::new_err("it was used after its reset()")
}

/// Something that may be given up at any time, also while another thread waits for it.
pub(crate) struct Held<T: Send> {
    held: Mutex<Option<T>>,
    maker: Maker,
}

impl<T: Send> Held<T> {
    pub(crate) fn new(held: T) -> Self {
        Self { held: Mutex::new(Some(held)), maker: Maker::this() }
    }

    /// Works on it, without a wait: others do so meanwhile. The interpreter is not held, since whoever
    /// holds the lock may wait for that.
    pub(crate) fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut T) -> R + Send,
    ) -> PyResult<R> {
        self.maker.must_be_here()?;
        py.detach(|| self.lock().as_mut().map(work)).ok_or_else(gone)
    }

    /// Works on a clone of it, so that others may do the same meanwhile.
    pub(crate) fn with_clone<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(T) -> R + Send,
    ) -> PyResult<R>
    where
        T: Clone,
    {
        self.maker.must_be_here()?;
        let done = py.detach(|| {
            let clone = self.lock().clone();
            clone.map(work)
        });
        done.ok_or_else(gone)
    }

    /// The same on a thread of its own, which Ctrl-C leaves to itself.
    pub(crate) fn with_clone_apart<R: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(T) -> R + Send + 'static,
    ) -> PyResult<R>
    where
        T: Clone + 'static,
    {
        self.maker.must_be_here()?;
        let clone = py.detach(|| self.lock().clone()).ok_or_else(gone)?;
        apart(py, move || work(clone))
    }

    /// Gives it up on a thread of its own, since its end may take a while. Ctrl-C leaves that to
    /// itself.
    pub(crate) fn reset_apart(&self, py: Python<'_>) -> PyResult<()>
    where
        T: 'static,
    {
        if !self.maker.is_here() {
            return Ok(());
        }
        match py.detach(|| self.lock().take()) {
            Some(held) => apart(py, move || drop(held)),
            None => Ok(()),
        }
    }

    /// Gives it up, where that is done at once.
    pub(crate) fn reset(&self, py: Python<'_>) {
        if self.maker.is_here() {
            py.detach(|| {
                let held = self.lock().take();
                drop(held);
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> Drop for Held<T> {
    fn drop(&mut self) {
        let mut held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if !self.maker.is_here() {
            // Its threads are not there to end it.
            mem::forget(held);
            return;
        }
        // Its end may take a while, in which others of Python's threads go on.
        if held.is_some() && Python::try_attach(|py| py.detach(|| held = None)).is_none() {
            held = None;
        }
        drop(held);
    }
}
