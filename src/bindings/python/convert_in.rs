//! Python's values as Broker's.

use std::net::IpAddr;

use broker::data::{self, Data as Value, MAX_DEPTH, Timestamp as Moment};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PySet,
    PyString, PyTuple,
};

use crate::address::Address;
use crate::classes::{DATETIME, IPV4_ADDRESS, IPV4_NETWORK, IPV6_ADDRESS, IPV6_NETWORK, TIMEDELTA};
use crate::count::Count;
use crate::data::Data;
use crate::enum_value::Enum;
use crate::event::Event;
use crate::port::Port;
use crate::set::Set;
use crate::subnet::Subnet;
use crate::table::Table;
use crate::timespan::{Timespan, beyond_292_years};
use crate::timestamp::Timestamp;
use crate::vector::Vector;

/// Seconds of a day.
const DAY: i128 = 86_400;
/// Microseconds of a second.
const SECOND: i128 = 1_000_000;

/// The value that something of Python's is for Broker.
pub(crate) fn from_py(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    within(value, MAX_DEPTH)
}

/// The same for what lies in a container of Broker's.
pub(crate) fn element(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    within(value, MAX_DEPTH.saturating_sub(1))
}

/// A value, unless it is deeper than can be read. As none is, none is too deep to be copied,
/// compared or freed either, which all go as deep as it is.
pub(crate) fn bounded(value: Value, depth: usize) -> PyResult<Value> {
    if value.depth() > depth { Err(too_deep()) } else { Ok(value) }
}

fn too_deep() -> PyErr {
    PyValueError::new_err(format!("values lie in one another more than {MAX_DEPTH} deep"))
}

/// Text or bytes, and nothing else.
pub(crate) fn text(value: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u8>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_cow()?.as_bytes().to_vec());
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    Err(PyTypeError::new_err(format!("{what} is text or bytes, and not a {}", value.get_type())))
}

/// A value that lies `depth` deep at most.
fn within(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let below = depth.checked_sub(1).ok_or_else(too_deep)?;
    if let Some(value) = builtin(value)? {
        return Ok(value);
    }
    if let Some(value) = ours(value)? {
        return bounded(value, depth);
    }
    if let Some(value) = container(value, below)? {
        return Ok(value);
    }
    if let Some(value) = standard(value)? {
        return Ok(value);
    }
    Err(PyTypeError::new_err(format!("unsupported data type: {}", value.get_type())))
}

/// What needs no module.
fn builtin(value: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    Ok(Some(if value.is_none() {
        Value::None
    } else if let Ok(value) = value.cast::<PyString>() {
        Value::String(value.to_cow()?.as_bytes().to_vec())
    } else if let Ok(value) = value.cast::<PyBool>() {
        Value::Boolean(value.is_true())
    } else if let Ok(value) = value.cast::<PyInt>() {
        let too_long = |_| {
            let words = "an integer of Broker's has 64 bits and a sign; Count has no sign";
            PyOverflowError::new_err(words)
        };
        Value::Integer(value.extract().map_err(too_long)?)
    } else if let Ok(value) = value.cast::<PyFloat>() {
        Value::Real(value.value())
    } else if let Ok(value) = value.cast::<PyBytes>() {
        Value::String(value.as_bytes().to_vec())
    } else if let Ok(value) = value.cast::<PyByteArray>() {
        Value::String(value.to_vec())
    } else {
        return Ok(None);
    }))
}

/// What this module has itself.
fn ours(value: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    Ok(Some(if let Ok(value) = value.cast::<Count>() {
        Value::Count(value.try_borrow()?.value)
    } else if let Ok(value) = value.cast::<Data>() {
        value.get().0.clone()
    } else if let Ok(value) = value.cast::<Event>() {
        value.try_borrow()?.content()?.clone()
    } else if let Ok(value) = value.cast::<Port>() {
        Value::Port(value.get().0)
    } else if let Ok(value) = value.cast::<Enum>() {
        Value::Enum(value.try_borrow()?.0.clone())
    } else if let Ok(value) = value.cast::<Address>() {
        Value::Address(IpAddr::from(&*value.try_borrow()?))
    } else if let Ok(value) = value.cast::<Subnet>() {
        Value::Subnet(value.get().0)
    } else if let Ok(value) = value.cast::<Timespan>() {
        Value::Timespan(value.get().0)
    } else if let Ok(value) = value.cast::<Timestamp>() {
        Value::Timestamp(value.get().0)
    } else if let Ok(value) = value.cast::<Vector>() {
        Value::Vector(value.try_borrow()?.0.clone())
    } else if let Ok(value) = value.cast::<Set>() {
        Value::Set(value.try_borrow()?.0.clone())
    } else if let Ok(value) = value.cast::<Table>() {
        Value::Table(value.try_borrow()?.0.clone())
    } else {
        return Ok(None);
    }))
}

/// What has other values in it, which may lie `below` deep. What can be changed while its values are
/// converted, by other threads or by what that runs, is read as it is at first.
fn container(value: &Bound<'_, PyAny>, below: usize) -> PyResult<Option<Value>> {
    let inner = |value: Bound<'_, PyAny>| within(&value, below);
    Ok(Some(if let Ok(values) = value.cast::<PyTuple>() {
        Value::Vector(values.iter().map(inner).collect::<PyResult<_>>()?)
    } else if let Ok(values) = value.cast::<PyList>() {
        Value::Vector(values.iter().map(inner).collect::<PyResult<_>>()?)
    } else if let Ok(values) = value.cast::<PySet>() {
        let values = value.py().get_type::<PyTuple>().call1((values,))?;
        Value::Set(values.try_iter()?.map(|value| inner(value?)).collect::<PyResult<_>>()?)
    } else if let Ok(values) = value.cast::<PyFrozenSet>() {
        Value::Set(values.try_iter()?.map(|value| inner(value?)).collect::<PyResult<_>>()?)
    } else if let Some(entries) = entries(value)? {
        let entries = entries.into_iter().map(|entry| {
            let (key, value) = entry.extract()?;
            Ok((inner(key)?, inner(value)?))
        });
        Value::Table(entries.collect::<PyResult<_>>()?)
    } else {
        return Ok(None);
    }))
}

/// The pairs that a dictionary or another mapping has now.
fn entries<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyList>>> {
    if let Ok(dictionary) = value.cast::<PyDict>() {
        return Ok(Some(dictionary.items()));
    }
    value.cast::<PyMapping>().ok().map(PyMappingMethods::items).transpose()
}

/// What is in modules of Python's own.
fn standard(value: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    Ok(Some(if IPV4_ADDRESS.holds(value)? || IPV6_ADDRESS.holds(value)? {
        Value::Address(packed(value)?)
    } else if IPV4_NETWORK.holds(value)? || IPV6_NETWORK.holds(value)? {
        let length = value.getattr("prefixlen")?.extract()?;
        let subnet = data::Subnet::new(packed(&value.getattr("network_address")?)?, length);
        Value::Subnet(subnet.ok_or_else(|| PyValueError::new_err("no network of Broker's"))?)
    } else if DATETIME.holds(value)? {
        Value::Timestamp(Moment::from_nanos(since_1970(value)?))
    } else if TIMEDELTA.holds(value)? {
        Value::Timespan(data::Timespan::from_nanos(nanoseconds(value)?))
    } else {
        return Ok(None);
    }))
}

/// An address of the module `ipaddress`.
fn packed(address: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let bytes = address.getattr("packed")?;
    let bytes = bytes.cast::<PyBytes>()?.as_bytes();
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let any = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    any.map(|address| address.to_canonical())
        .map_err(|_| PyValueError::new_err("no address of 4 or 16 bytes"))
}

/// The beginning of 1970, in UTC.
pub(crate) fn epoch(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = || {
        let parts = (1970, 1, 1, 0, 0, 0, 0, utc(py)?);
        Ok::<_, PyErr>(DATETIME.get(py)?.call1(parts)?.unbind())
    };
    Ok(EPOCH.get_or_try_init(py, make)?.bind(py))
}

fn utc(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("datetime")?.getattr("timezone")?.getattr("utc")
}

/// Nanoseconds since 1970. A time without a zone is local, as Python has it.
fn since_1970(time: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = time.py();
    let time = time.call_method1("astimezone", (utc(py)?,))?;
    nanoseconds(&time.sub(epoch(py)?)?)
}

/// The nanoseconds of a span.
pub(crate) fn nanoseconds(span: &Bound<'_, PyAny>) -> PyResult<i64> {
    let part = |name| span.getattr(name)?.extract::<i64>().map(i128::from);
    let (days, seconds, microseconds) = (part("days")?, part("seconds")?, part("microseconds")?);
    let seconds = days.saturating_mul(DAY).saturating_add(seconds);
    let microseconds = seconds.saturating_mul(SECOND).saturating_add(microseconds);
    i64::try_from(microseconds.saturating_mul(1000)).map_err(|_| beyond_292_years())
}
