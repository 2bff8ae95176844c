//! Reading messages, and what becomes of peers: nothing that was taken is lost when Python stops a
//! read in its midst.

use std::collections::VecDeque;
use std::time::Duration;

use ostler_runtime::Deadline;
use pyo3::exceptions::PyEOFError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::waiting::{Held, SLICE, deadline};

/// What is read.
pub(crate) trait Source: Send {
    type Item: Send;

    /// The next one, if it comes in time.
    fn next(&mut self, deadline: Deadline) -> Option<Self::Item>;

    /// How many have come.
    fn available(&self) -> usize;

    /// Whether nothing more will come.
    fn has_ended(&self) -> bool;
}

/// A source, and what was taken from it and given back.
pub(crate) struct Inlet<S: Source> {
    pub(crate) source: S,
    returned: VecDeque<S::Item>,
}

impl<S: Source> Inlet<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, returned: VecDeque::new() }
    }

    pub(crate) fn available(&self) -> usize {
        self.returned.len().saturating_add(self.source.available())
    }

    fn next(&mut self, deadline: Deadline) -> Option<S::Item> {
        self.returned.pop_front().or_else(|| self.source.next(deadline))
    }

    fn has_ended(&self) -> bool {
        self.returned.is_empty() && self.source.has_ended()
    }

    fn give_back(&mut self, items: Vec<S::Item>) {
        for item in items.into_iter().rev() {
            self.returned.push_front(item);
        }
    }
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

impl<S: Source> Held<Inlet<S>> {
    /// As many as are wanted, or those that have come in time, as Python has them. An end before the
    /// first one is an `EOFError`.
    pub(crate) fn receive<'py>(
        &self,
        py: Python<'py>,
        wanted: &Wanted,
        shown: impl Fn(&S::Item) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let most = wanted.number.unwrap_or(1);
        let (received, has_ended) = self.read(py, most, wanted.deadline, shown)?;
        if has_ended && received.is_empty() {
            return Err(PyEOFError::new_err("the endpoint has ended, and nothing is left"));
        }
        Ok(received)
    }

    /// What has come.
    pub(crate) fn poll<'py>(
        &self,
        py: Python<'py>,
        shown: impl Fn(&S::Item) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let most = self.with(py, |inlet| inlet.available())?;
        Ok(self.read(py, most, Deadline::after(Duration::ZERO), shown)?.0)
    }

    /// One after the other: one that Python cannot hold is an error, and is gone, but the others are
    /// still to be read. Also whether the source has ended.
    fn read<'py>(
        &self,
        py: Python<'py>,
        most: usize,
        deadline: Deadline,
        shown: impl Fn(&S::Item) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<(Vec<Bound<'py, PyAny>>, bool)> {
        let (mut most, mut is_late) = (most, false);
        let (mut taken, mut received) = (Vec::new(), Vec::new());
        while received.len() < most {
            let slice = Deadline::after(SLICE).earlier(deadline);
            let (next, has_ended) =
                self.with(py, |inlet| (inlet.next(slice), inlet.has_ended()))?;
            let has_come = next.is_some();
            if let Some(item) = next {
                match shown(&item) {
                    Ok(value) => received.push(value),
                    Err(error) if taken.is_empty() => return Err(error),
                    // Those before it come first; the error is the next read's.
                    Err(_) => {
                        self.with(py, |inlet| inlet.give_back(vec![item]))?;
                        return Ok((received, false));
                    }
                }
                taken.push(item);
            }
            if received.len() >= most || has_ended {
                return Ok((received, has_ended));
            }
            if let Err(error) = py.check_signals() {
                self.with(py, |inlet| inlet.give_back(taken))?;
                return Err(error);
            }
            if deadline.passed() && !has_come {
                break;
            }
            // Of what goes on coming, that is wanted which came in time.
            if deadline.passed() && !std::mem::replace(&mut is_late, true) {
                let left = self.with(py, |inlet| inlet.available())?;
                most = most.min(received.len().saturating_add(left));
            }
        }
        Ok((received, false))
    }
}
