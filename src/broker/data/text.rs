//! The text form of values, as the original prints them.

use std::fmt;

use crate::data::Data;

impl Data {
    /// Appends the text form. Strings and labels are in it as they are, without quotes or escapes,
    /// so that it is not UTF-8 if they are not.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend_from_slice(b"nil"),
            Self::Boolean(value) => out.push(if *value { b'T' } else { b'F' }),
            Self::Count(value) => plain(value, out),
            Self::Integer(value) => plain(value, out),
            // As C's `%f`: six decimals, and never an exponent.
            Self::Real(value) if value.is_nan() && value.is_sign_negative() => plain("-nan", out),
            Self::Real(value) if value.is_nan() => plain("nan", out),
            Self::Real(value) => plain(format_args!("{value:.6}"), out),
            Self::String(value) => out.extend_from_slice(value),
            Self::Address(value) => plain(value.to_canonical(), out),
            Self::Subnet(value) => plain(value, out),
            Self::Port(value) => plain(value, out),
            Self::Timestamp(value) => plain(value, out),
            Self::Timespan(value) => plain(value, out),
            Self::Enum(value) => out.extend_from_slice(value.as_bytes()),
            Self::Set(values) => listed(*b"{}", values, out, Self::write_text),
            Self::Table(entries) => listed(*b"{}", entries, out, |(key, value), out| {
                key.write_text(out);
                out.extend_from_slice(b" -> ");
                value.write_text(out);
            }),
            Self::Vector(values) => listed(*b"()", values, out, Self::write_text),
        }
    }
}

impl fmt::Display for Data {
    /// The text form; what is not UTF-8 in it is replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write_text(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// What has a text form of its own.
fn plain(value: impl fmt::Display, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Values between two brackets.
fn listed<T>(
    [open, close]: [u8; 2],
    values: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(open);
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        write(value, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnumValue, Port, Protocol, Timespan, Timestamp};

    #[test]
    fn values_are_printed_as_the_original_prints_them() {
        let text = |text: &str| Data::from(text);
        let table = [(text("k"), Data::from(())), (text("k2"), text("v"))];
        for (value, printed) in [
            (Data::None, "nil"),
            (Data::Boolean(true), "T"),
            (Data::Boolean(false), "F"),
            (Data::Count(u64::MAX), "18446744073709551615"),
            (Data::Integer(-7), "-7"),
            (Data::Real(4.25), "4.250000"),
            (Data::Real(1e-9), "0.000000"),
            (Data::Real(f64::NAN), "nan"),
            (Data::Real(f64::NEG_INFINITY), "-inf"),
            (text("a \"b\"\n"), "a \"b\"\n"),
            (Data::Subnet("10.1.2.3/8".parse().unwrap()), "10.0.0.0/8"),
            (Data::Port(Port::new(8, Protocol::Icmp)), "8/icmp"),
            (Data::Port(Port::new(0, Protocol::Unknown)), "0/?"),
            (Timestamp::from_nanos(1_700_000_000_123_456_789).into(), "1700000000123456789ns"),
            (Timespan::from_nanos(-1_500_000_000).into(), "-1500000000ns"),
            (EnumValue::new("Log::ID").into(), "Log::ID"),
            (Data::Vector(vec![Data::Count(1), text("b")]), "(1, b)"),
            (Data::Vector(vec![]), "()"),
            (Data::Set([text("b"), text("a"), Data::Count(1)].into()), "{1, a, b}"),
            (Data::Set([].into()), "{}"),
            (Data::Table(table.into()), "{k -> nil, k2 -> v}"),
            (Data::Table([].into()), "{}"),
        ] {
            assert_eq!(value.to_string(), printed);
        }
        assert_eq!(Data::Real(1e300).to_string().len(), 301 + 7);
    }

    #[test]
    fn addresses_are_printed_as_the_original_prints_them() {
        for (address, printed) in [
            ("::", "::"),
            ("0:0:1:0:0:0:0:1", "0:0:1::1"),
            ("2001:DB8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("::1.2.3.4", "::102:304"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"),
            ("::ffff:0:0", "0.0.0.0"),
        ] {
            assert_eq!(Data::Address(address.parse().unwrap()).to_string(), printed);
        }
    }

    #[test]
    fn bytes_stay_what_they_are() {
        let mut text = Vec::new();
        Data::from([&b"\xff"[..], b"\0"]).write_text(&mut text);
        assert_eq!(text, b"(\xff, \0)");
    }
}
