//! `Timespan`.

use std::time::Duration;

use broker::data;
use pyo3::exceptions::{PyOverflowError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;

/// A span of time: an integer is nanoseconds, a float is seconds.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timespan(pub(crate) data::Timespan);

/// What spans and points in time are made of.
#[derive(FromPyObject)]
pub(crate) enum Amount {
    Nanoseconds(i64),
    Seconds(f64),
}

/// What a span is divided by.
#[derive(FromPyObject)]
enum Divisor<'py> {
    Span(PyRef<'py, Timespan>),
    Number(i64),
}

impl Amount {
    /// In nanoseconds.
    pub(crate) fn nanoseconds(self) -> PyResult<i64> {
        match self {
            Self::Nanoseconds(nanoseconds) => Ok(nanoseconds),
            Self::Seconds(seconds) if seconds.is_nan() => {
                Err(PyValueError::new_err("a time that is no number"))
            }
            Self::Seconds(seconds) => {
                let span = Duration::try_from_secs_f64(seconds.abs()).ok();
                let nanoseconds = span.and_then(|span| i64::try_from(span.as_nanos()).ok());
                let nanoseconds = nanoseconds.ok_or_else(beyond_292_years)?;
                Ok(if seconds < 0.0 { nanoseconds.saturating_neg() } else { nanoseconds })
            }
        }
    }
}

/// So many nanoseconds in seconds.
pub(crate) fn seconds(nanoseconds: i64) -> f64 {
    let seconds = Duration::from_nanos(nanoseconds.unsigned_abs()).as_secs_f64();
    if nanoseconds < 0 { -seconds } else { seconds }
}

/// The span or the point in time is not one that Broker has.
pub(crate) fn beyond_292_years() -> PyErr {
    PyOverflowError::new_err("a time beyond 292 years, in nanoseconds of 64 bits")
}

impl Timespan {
    pub(crate) const fn of(nanoseconds: i64) -> Self {
        Self(data::Timespan::from_nanos(nanoseconds))
    }

    fn if_any(nanoseconds: Option<i64>) -> PyResult<Self> {
        nanoseconds.map(Self::of).ok_or_else(beyond_292_years)
    }
}

fn by_zero() -> PyErr {
    PyZeroDivisionError::new_err("a span of time is divided by zero")
}

#[pymethods]
impl Timespan {
    #[new]
    #[pyo3(signature = (amount = Amount::Nanoseconds(0)))]
    fn new(amount: Amount) -> PyResult<Self> {
        amount.nanoseconds().map(Self::of)
    }

    /// Its nanoseconds.
    fn count(&self) -> i64 {
        self.0.nanos()
    }

    fn __add__(&self, other: &Self) -> PyResult<Self> {
        Self::if_any(self.count().checked_add(other.count()))
    }

    fn __sub__(&self, other: &Self) -> PyResult<Self> {
        Self::if_any(self.count().checked_sub(other.count()))
    }

    fn __mul__(&self, factor: i64) -> PyResult<Self> {
        Self::if_any(self.count().checked_mul(factor))
    }

    fn __rmul__(&self, factor: i64) -> PyResult<Self> {
        self.__mul__(factor)
    }

    /// How often a span is in it, or the part of it; towards zero, as in C.
    fn __truediv__<'py>(&self, by: Divisor<'py>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match by {
            Divisor::Span(span) if span.count() == 0 => Err(by_zero()),
            Divisor::Number(0) => Err(by_zero()),
            Divisor::Span(span) => {
                let times = self.count().checked_div(span.count());
                Ok(times.ok_or_else(beyond_292_years)?.into_pyobject(py)?.into_any())
            }
            Divisor::Number(number) => {
                let part = Self::if_any(self.count().checked_div(number))?;
                Ok(Bound::new(py, part)?.into_any())
            }
        }
    }

    fn __mod__(&self, by: Divisor<'_>) -> PyResult<Self> {
        let by = match by {
            Divisor::Span(span) => span.count(),
            Divisor::Number(number) => number,
        };
        if by == 0 {
            return Err(by_zero());
        }
        // The smallest number has no remainder by -1.
        Ok(Self::of(self.count().checked_rem(by).unwrap_or(0)))
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
