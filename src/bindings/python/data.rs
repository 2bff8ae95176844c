//! `Data`: a value of Broker's that Python holds.

use std::fmt::Write;

use broker::data::{Data as Value, Type};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::address::Address;
use crate::classes::DATA_TYPE;
use crate::convert_in::from_py;
use crate::enum_value::Enum;
use crate::port::Port;
use crate::set::Set;
use crate::subnet::Subnet;
use crate::table::Table;
use crate::timespan::seconds;
use crate::vector::Vector;

/// A value of Broker's, of anything that can be one.
#[pyclass(module = "broker", frozen, subclass, eq, ord, hash)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Data(pub(crate) Value);

impl Data {
    /// The value, which must be of this type.
    fn typed<T>(&self, value: Option<T>, expected: Type) -> PyResult<T> {
        let found = self.0.data_type();
        let wrong = || PyTypeError::new_err(format!("the data is a {found} and no {expected}"));
        value.ok_or_else(wrong)
    }
}

/// Values as texts, with commas between them.
pub(crate) fn listed<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut text = String::new();
    for value in values {
        let comma = if text.is_empty() { "" } else { ", " };
        // Nothing written into memory fails.
        let _ = write!(text, "{comma}{value}");
    }
    text
}

#[pymethods]
impl Data {
    #[new]
    #[pyo3(signature = (x = None))]
    fn new(x: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        x.map_or(Ok(Value::None), from_py).map(Self)
    }

    /// Its type, one of `Data.Type`.
    fn get_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        DATA_TYPE.code(py, self.0.data_type().tag())
    }

    fn as_none(&self) -> PyResult<()> {
        self.typed(self.0.is_none().then_some(()), Type::None)
    }

    fn as_boolean(&self) -> PyResult<bool> {
        self.typed(self.0.as_boolean(), Type::Boolean)
    }

    /// As an `int`.
    fn as_count(&self) -> PyResult<u64> {
        self.typed(self.0.as_count(), Type::Count)
    }

    fn as_integer(&self) -> PyResult<i64> {
        self.typed(self.0.as_integer(), Type::Integer)
    }

    fn as_real(&self) -> PyResult<f64> {
        self.typed(self.0.as_real(), Type::Real)
    }

    /// As bytes.
    fn as_string(&self) -> PyResult<&[u8]> {
        self.typed(self.0.as_bytes(), Type::String)
    }

    fn as_address(&self) -> PyResult<Address> {
        self.typed(self.0.as_address(), Type::Address).map(Address::from)
    }

    fn as_subnet(&self) -> PyResult<Subnet> {
        self.typed(self.0.as_subnet(), Type::Subnet).map(Subnet)
    }

    fn as_port(&self) -> PyResult<Port> {
        self.typed(self.0.as_port(), Type::Port).map(Port)
    }

    /// In seconds since 1970.
    fn as_timestamp(&self) -> PyResult<f64> {
        let time = self.typed(self.0.as_timestamp(), Type::Timestamp)?;
        Ok(seconds(time.nanos()))
    }

    /// In seconds.
    fn as_timespan(&self) -> PyResult<f64> {
        let time = self.typed(self.0.as_timespan(), Type::Timespan)?;
        Ok(seconds(time.nanos()))
    }

    fn as_enum_value(&self) -> PyResult<Enum> {
        self.typed(self.0.as_enum(), Type::Enum).map(|label| Enum(label.clone()))
    }

    fn as_set(&self) -> PyResult<Set> {
        self.typed(self.0.as_set(), Type::Set).map(|values| Set(values.clone()))
    }

    fn as_table(&self) -> PyResult<Table> {
        self.typed(self.0.as_table(), Type::Table).map(|entries| Table(entries.clone()))
    }

    fn as_vector(&self) -> PyResult<Vector> {
        self.typed(self.0.as_vector(), Type::Vector).map(|values| Vector(values.to_vec()))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Data({})", self.0)
    }
}
