//! Values made of what C has.

use std::ffi::{c_char, c_int, c_uint};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use broker::data::{Data, EnumValue, Port, Protocol, Subnet, Timespan, Timestamp};

use crate::bytes::bytes;
use crate::fault::{Fault, freed, made};
use crate::given::given;

/// No value.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_none() -> Option<Box<Data>> {
    made(|| Ok(Data::None))
}

/// A boolean.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_boolean(value: c_int) -> Option<Box<Data>> {
    made(|| Ok(Data::Boolean(value != 0)))
}

/// A count.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_count(value: u64) -> Option<Box<Data>> {
    made(|| Ok(Data::Count(value)))
}

/// An integer.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_integer(value: i64) -> Option<Box<Data>> {
    made(|| Ok(Data::Integer(value)))
}

/// A real.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_real(value: f64) -> Option<Box<Data>> {
    made(|| Ok(Data::Real(value)))
}

/// A string.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_string(
    value: *const c_char,
    length: usize,
) -> Option<Box<Data>> {
    // SAFETY: the caller vouches for the string.
    made(|| Ok(Data::String(unsafe { bytes(value, length) }?.to_vec())))
}

/// An address of 4 or 16 bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_address(
    address: *const u8,
    length: usize,
) -> Option<Box<Data>> {
    // SAFETY: the caller vouches for the bytes.
    made(|| Ok(Data::Address(ip(unsafe { bytes(address.cast(), length) }?)?)))
}

/// A network: an address of 4 or 16 bytes and the length of a prefix.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_subnet(
    address: *const u8,
    length: usize,
    prefix: c_uint,
) -> Option<Box<Data>> {
    made(|| {
        // SAFETY: the caller vouches for the bytes.
        let address = ip(unsafe { bytes(address.cast(), length) }?)?;
        let subnet = u8::try_from(prefix).ok().and_then(|prefix| Subnet::new(address, prefix));
        let too_long = || Fault::invalid(format!("a prefix of {prefix} bits for {address}"));
        Ok(Data::Subnet(subnet.ok_or_else(too_long)?))
    })
}

/// A port.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_port(number: u16, protocol: c_int) -> Option<Box<Data>> {
    made(|| {
        let protocol = match protocol {
            0 => Protocol::Unknown,
            1 => Protocol::Tcp,
            2 => Protocol::Udp,
            3 => Protocol::Icmp,
            _ => return Err(Fault::invalid(format!("no protocol has the number {protocol}"))),
        };
        Ok(Data::Port(Port::new(number, protocol)))
    })
}

/// A point in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_timestamp(nanoseconds: i64) -> Option<Box<Data>> {
    made(|| Ok(Data::Timestamp(Timestamp::from_nanos(nanoseconds))))
}

/// A span of time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_timespan(nanoseconds: i64) -> Option<Box<Data>> {
    made(|| Ok(Data::Timespan(Timespan::from_nanos(nanoseconds))))
}

/// A label of an enumeration.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_enum(
    name: *const c_char,
    length: usize,
) -> Option<Box<Data>> {
    // SAFETY: the caller vouches for the string.
    made(|| Ok(Data::Enum(EnumValue::new(unsafe { bytes(name, length) }?))))
}

/// A set without elements.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_set() -> Option<Box<Data>> {
    made(|| Ok(Data::Set([].into())))
}

/// A table without entries.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_table() -> Option<Box<Data>> {
    made(|| Ok(Data::Table([].into())))
}

/// A vector without elements.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_vector() -> Option<Box<Data>> {
    made(|| Ok(Data::Vector(Vec::new())))
}

/// Another one like it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_clone(data: Option<&Data>) -> Option<Box<Data>> {
    made(|| Ok(given(data, "the value")?.clone()))
}

/// Frees a value.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_free(data: Option<&mut Option<Box<Data>>>) {
    freed(data);
}

/// An address in the order of the network.
fn ip(bytes: &[u8]) -> Result<IpAddr, Fault> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(Ipv4Addr::from(octets).into());
    }
    match <[u8; 16]>::try_from(bytes) {
        Ok(octets) => Ok(Ipv6Addr::from(octets).into()),
        Err(_) => Err(Fault::invalid(format!("an address of {} bytes", bytes.len()))),
    }
}
