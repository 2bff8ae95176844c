//! The text form of values, as the original prints them.

use std::fmt;

use crate::data::Data;

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("nil"),
            Self::Boolean(value) => f.write_str(if *value { "T" } else { "F" }),
            Self::Count(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Real(value) => real(*value, f),
            Self::String(value) => f.write_str(&String::from_utf8_lossy(value)),
            Self::Address(value) => write!(f, "{}", value.to_canonical()),
            Self::Subnet(value) => write!(f, "{value}"),
            Self::Port(value) => write!(f, "{value}"),
            Self::Timestamp(value) => write!(f, "{value}"),
            Self::Timespan(value) => write!(f, "{value}"),
            Self::Enum(value) => write!(f, "{value}"),
            Self::Set(values) => listed(f, ["{", "}"], values),
            Self::Table(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{key} -> {value}")?;
                }
                f.write_str("}")
            }
            Self::Vector(values) => listed(f, ["(", ")"], values),
        }
    }
}

/// Six decimals and never an exponent, as C's `%f`, also for what is no number.
fn real(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_nan() {
        return f.write_str(if value.is_sign_negative() { "-nan" } else { "nan" });
    }
    write!(f, "{value:.6}")
}

/// Values between two brackets.
fn listed<'a>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [&str; 2],
    values: impl IntoIterator<Item = &'a Data>,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, value) in values.into_iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{value}")?;
    }
    f.write_str(close)
}
