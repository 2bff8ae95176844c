//! The binary form, written.

use crate::data::Data;
use crate::order::octets;
use crate::varbyte;

impl Data {
    /// Appends the binary form, elements of sets and tables in their order.
    ///
    /// A length beyond 32 bits cannot be written, nor would a frame have room for it: what is
    /// written instead is refused by whoever reads it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.data_type().tag());
        match self {
            Self::None => {}
            Self::Boolean(value) => out.push(u8::from(*value)),
            Self::Count(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Integer(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Real(value) => out.extend_from_slice(&value.to_bits().to_be_bytes()),
            Self::String(value) => sized(value, out),
            Self::Address(value) => out.extend_from_slice(&octets(*value)),
            Self::Subnet(value) => {
                let (octets, bits) = value.raw();
                out.extend_from_slice(&octets);
                out.push(bits);
            }
            Self::Port(value) => {
                out.extend_from_slice(&value.number.to_be_bytes());
                out.push(value.protocol as u8);
            }
            Self::Timestamp(value) => out.extend_from_slice(&value.nanos().to_be_bytes()),
            Self::Timespan(value) => out.extend_from_slice(&value.nanos().to_be_bytes()),
            Self::Enum(value) => sized(value.as_bytes(), out),
            Self::Set(values) => {
                length(values.len(), out);
                for value in values {
                    value.encode(out);
                }
            }
            Self::Table(entries) => {
                length(entries.len(), out);
                for (key, value) in entries {
                    key.encode(out);
                    value.encode(out);
                }
            }
            Self::Vector(values) => {
                length(values.len(), out);
                for value in values {
                    value.encode(out);
                }
            }
        }
    }
}

fn length(length: usize, out: &mut Vec<u8>) {
    varbyte::write(u32::try_from(length).unwrap_or(u32::MAX), out);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend_from_slice(bytes);
}
