//! Reading messages, and what becomes of peers. Nothing that was taken is lost when Python stops a
//! read in its midst, and nobody who waits keeps others from the subscriber.

use std::time::Duration;

use broker::Arrivals;
use ostler_runtime::Deadline;
use pyo3::exceptions::PyEOFError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::waiting::{Held, SLICE, deadline};

/// What is read.
pub(crate) trait Source: Send {
    /// What is taken, and may be given back.
    type Item: Send;
    /// What Python is shown of it.
    type Content: Send;

    /// The next one that has come.
    fn next(&mut self) -> Option<(Self::Item, Self::Content)>;

    /// Has these be the next ones again.
    fn give_back(&mut self, items: Vec<Self::Item>);

    /// What waits for the next one.
    fn arrivals(&mut self) -> Arrivals;

    /// How many have come.
    fn available(&self) -> usize;

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

/// How far a read has got.
enum Next<S: Source> {
    Item(S::Item, S::Content),
    None(Arrivals),
    Ended,
}

impl<S: Source> Next<S> {
    fn of(source: &mut S) -> Self {
        match source.next() {
            Some((item, content)) => Self::Item(item, content),
            None if source.has_ended() => Self::Ended,
            None => Self::None(source.arrivals()),
        }
    }
}

impl<S: Source> Held<S> {
    /// As many as are wanted, or those that have come in time, as Python has them. An end before the
    /// first one is an `EOFError`.
    pub(crate) fn receive<'py>(
        &self,
        py: Python<'py>,
        wanted: &Wanted,
        shown: impl Fn(&S::Content) -> PyResult<Bound<'py, PyAny>>,
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
        shown: impl Fn(&S::Content) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let most = self.with(py, |source| source.available())?;
        Ok(self.read(py, most, Deadline::after(Duration::ZERO), shown)?.0)
    }

    /// One after the other: one that Python cannot hold is an error, and is gone, but the others are
    /// still to be read. Also whether the source has ended.
    fn read<'py>(
        &self,
        py: Python<'py>,
        most: usize,
        deadline: Deadline,
        shown: impl Fn(&S::Content) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<(Vec<Bound<'py, PyAny>>, bool)> {
        let (mut most, mut is_late) = (most, false);
        let (mut taken, mut received) = (Vec::new(), Vec::new());
        while received.len() < most {
            match self.with(py, Next::of)? {
                Next::Item(item, content) => match shown(&content) {
                    Ok(value) => {
                        received.push(value);
                        taken.push(item);
                    }
                    Err(error) if taken.is_empty() => return Err(error),
                    // Those before it come first; the error is the next read's.
                    Err(_) => {
                        self.with(py, |source| source.give_back(vec![item]))?;
                        break;
                    }
                },
                Next::Ended => return Ok((received, true)),
                Next::None(_) if deadline.passed() => break,
                Next::None(arrivals) => {
                    let slice = Deadline::after(SLICE).earlier(deadline);
                    py.detach(|| arrivals.wait(slice));
                }
            }
            if received.len() >= most {
                break;
            }
            if let Err(error) = py.check_signals() {
                self.with(py, |source| source.give_back(taken))?;
                return Err(error);
            }
            // Of what goes on coming, that is wanted which came in time.
            if deadline.passed() && !std::mem::replace(&mut is_late, true) {
                let left = self.with(py, |source| source.available())?;
                most = most.min(received.len().saturating_add(left));
            }
        }
        Ok((received, false))
    }
}
