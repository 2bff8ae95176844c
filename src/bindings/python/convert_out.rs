//! Broker's values as Python's.

use std::net::IpAddr;

use broker::data::Data as Value;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PySet, PyString, PyTuple};

use crate::classes::{
    IMMUTABLE_DICT, IPV4_ADDRESS, IPV4_NETWORK, IPV6_ADDRESS, IPV6_NETWORK, TIMEDELTA,
};
use crate::convert_in::epoch;
use crate::count::Count;
use crate::data::Data;
use crate::enum_value::Enum;
use crate::port::Port;

/// Which of Python's containers hold several values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Sets and dictionaries, which cannot be in a set, nor be keys.
    Plain,
    /// Such that cannot be changed, and may be wherever Broker's may be.
    Immutable,
}

/// The value that one of Broker's is for Python.
#[pyfunction]
pub(crate) fn to_py<'py>(data: &Bound<'py, Data>) -> PyResult<Bound<'py, PyAny>> {
    converted(data.py(), &data.get().0, Form::Plain)
}

/// The same, of containers that cannot be changed.
#[pyfunction]
pub(crate) fn to_py_immutable<'py>(data: &Bound<'py, Data>) -> PyResult<Bound<'py, PyAny>> {
    converted(data.py(), &data.get().0, Form::Immutable)
}

/// Text, or bytes where they are not UTF-8.
pub(crate) fn text_or_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyAny> {
    match std::str::from_utf8(bytes) {
        Ok(text) => PyString::new(py, text).into_any(),
        Err(_) => PyBytes::new(py, bytes).into_any(),
    }
}

/// See [`to_py`].
pub(crate) fn converted<'py>(
    py: Python<'py>,
    value: &Value,
    form: Form,
) -> PyResult<Bound<'py, PyAny>> {
    let inner = |value: &Value| converted(py, value, form);
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Boolean(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Count(value) => Bound::new(py, Count { value: *value })?.into_any(),
        Value::Integer(value) => PyInt::new(py, *value).into_any(),
        Value::Real(value) => PyFloat::new(py, *value).into_any(),
        Value::String(bytes) => text_or_bytes(py, bytes),
        Value::Address(address) => {
            let class =
                if address.to_canonical().is_ipv4() { &IPV4_ADDRESS } else { &IPV6_ADDRESS };
            class.get(py)?.call1((packed(py, *address),))?
        }
        Value::Subnet(subnet) => {
            let address = subnet.network();
            let class = if address.is_ipv4() { &IPV4_NETWORK } else { &IPV6_NETWORK };
            class.get(py)?.call1(((packed(py, address), subnet.length()),))?
        }
        Value::Port(port) => Bound::new(py, Port(*port))?.into_any(),
        Value::Timestamp(time) => epoch(py)?.add(span(py, time.nanos())?)?,
        Value::Timespan(time) => span(py, time.nanos())?,
        Value::Enum(label) => Bound::new(py, Enum(label.clone()))?.into_any(),
        Value::Set(values) => {
            let values: Vec<_> = values.iter().map(inner).collect::<PyResult<_>>()?;
            match form {
                Form::Plain => PySet::new(py, values)?.into_any(),
                Form::Immutable => PyFrozenSet::new(py, values)?.into_any(),
            }
        }
        Value::Table(entries) => {
            let table = PyDict::new(py);
            for (key, value) in entries {
                table.set_item(inner(key)?, inner(value)?)?;
            }
            match form {
                Form::Plain => table.into_any(),
                Form::Immutable => IMMUTABLE_DICT.get(py)?.call1((table,))?,
            }
        }
        Value::Vector(values) => {
            let values: Vec<_> = values.iter().map(inner).collect::<PyResult<_>>()?;
            PyTuple::new(py, values)?.into_any()
        }
    })
}

/// The bytes of an address, which the module `ipaddress` takes.
fn packed(py: Python<'_>, address: IpAddr) -> Bound<'_, PyBytes> {
    match address.to_canonical() {
        IpAddr::V4(address) => PyBytes::new(py, &address.octets()),
        IpAddr::V6(address) => PyBytes::new(py, &address.octets()),
    }
}

/// A span of time. Python has microseconds: the nearest, and of two the even one.
fn span(py: Python<'_>, nanoseconds: i64) -> PyResult<Bound<'_, PyAny>> {
    let (whole, rest) = (nanoseconds.div_euclid(1000), nanoseconds.rem_euclid(1000));
    let is_up = rest > 500 || rest == 500 && whole.rem_euclid(2) == 1;
    let microseconds = whole.saturating_add(i64::from(is_up));
    TIMEDELTA.get(py)?.call1((0, 0, microseconds))
}
