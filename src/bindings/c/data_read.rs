//! What values are.

use std::ffi::{c_char, c_int, c_uint};
use std::mem::MaybeUninit;
use std::net::IpAddr;

use broker::Ec;
use broker::data::{Data, Type};

use crate::bytes::lend;
use crate::fault::{Fault, answered, found};
use crate::given::{Place, given, put};

/// Room for an address of either family.
type Octets = [MaybeUninit<u8>; 16];

/// The type's number.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_type(data: Option<&Data>) -> c_int {
    found(-1, || Ok(c_int::from(given(data, "the value")?.data_type().tag())))
}

/// The order of two values.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_compare(
    one: Option<&Data>,
    other: Option<&Data>,
    order: Place<'_, c_int>,
) -> c_int {
    answered(|| put(order, given(one, "the value")?.cmp(given(other, "the other value")?) as c_int))
}

/// The boolean.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_boolean(data: Option<&Data>, value: Place<'_, c_int>) -> c_int {
    answered(|| put(value, read(data, Type::Boolean, Data::as_boolean)?.into()))
}

/// The count.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_count(data: Option<&Data>, value: Place<'_, u64>) -> c_int {
    answered(|| put(value, read(data, Type::Count, Data::as_count)?))
}

/// The integer.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_integer(data: Option<&Data>, value: Place<'_, i64>) -> c_int {
    answered(|| put(value, read(data, Type::Integer, Data::as_integer)?))
}

/// The real.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_real(data: Option<&Data>, value: Place<'_, f64>) -> c_int {
    answered(|| put(value, read(data, Type::Real, Data::as_real)?))
}

/// The string.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_string(
    data: Option<&Data>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| lend(read(data, Type::String, Data::as_bytes)?, bytes, length))
}

/// The address.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_address(
    data: Option<&Data>,
    address: Option<&mut Octets>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| put_address(read(data, Type::Address, Data::as_address)?, address, length))
}

/// The network's first address and the length of its prefix.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_subnet(
    data: Option<&Data>,
    address: Option<&mut Octets>,
    length: Place<'_, usize>,
    prefix: Place<'_, c_uint>,
) -> c_int {
    answered(|| {
        let subnet = read(data, Type::Subnet, Data::as_subnet)?;
        put(prefix, subnet.length().into())?;
        put_address(subnet.network(), address, length)
    })
}

/// The port.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_port(
    data: Option<&Data>,
    number: Place<'_, u16>,
    protocol: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let port = read(data, Type::Port, Data::as_port)?;
        put(number, port.number)?;
        put(protocol, port.protocol as c_int)
    })
}

/// The point in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_timestamp(
    data: Option<&Data>,
    nanoseconds: Place<'_, i64>,
) -> c_int {
    answered(|| put(nanoseconds, read(data, Type::Timestamp, Data::as_timestamp)?.nanos()))
}

/// The span of time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_timespan(
    data: Option<&Data>,
    nanoseconds: Place<'_, i64>,
) -> c_int {
    answered(|| put(nanoseconds, read(data, Type::Timespan, Data::as_timespan)?.nanos()))
}

/// The label's name.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_as_enum(
    data: Option<&Data>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| lend(read(data, Type::Enum, Data::as_enum)?.as_bytes(), bytes, length))
}

/// What a value of this type is.
pub(crate) fn read<'a, T>(
    data: Option<&'a Data>,
    wanted: Type,
    read: impl FnOnce(&'a Data) -> Option<T>,
) -> Result<T, Fault> {
    let data = given(data, "the value")?;
    read(data).ok_or_else(|| another(data, wanted))
}

/// The failure of a value that is of another type.
pub(crate) fn another(data: &Data, wanted: Type) -> Fault {
    let is = data.data_type();
    Fault::new(Ec::ConversionFailed, format!("the value is of the type {is}, not {wanted}"))
}

fn put_address(
    address: IpAddr,
    place: Option<&mut Octets>,
    length: Place<'_, usize>,
) -> Result<(), Fault> {
    let place = given(place, "the place of the address")?;
    let octets = match address {
        IpAddr::V4(address) => &address.octets()[..],
        IpAddr::V6(address) => &address.octets()[..],
    };
    put(length, octets.len())?;
    for (to, from) in place.iter_mut().zip(octets) {
        to.write(*from);
    }
    Ok(())
}
