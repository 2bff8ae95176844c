//! Zeek's events.

use std::ffi::{c_char, c_int};

use broker::Ec;
use broker::data::{Data, Timestamp, Type, zeek};

use crate::bytes::{lend, text};
use crate::containers::shallow;
use crate::data_read::another;
use crate::fault::{Fault, answered, found, freed, made};
use crate::given::{Place, given, put};

/// How deep the vector of the arguments lies in the value that the event is: in its content, which
/// lies in a message of Zeek's.
const AROUND_ARGUMENTS: usize = 2;
/// How deep what is said under a key does: in an entry of a vector, beside the arguments.
const AROUND_METADATA: usize = 4;

/// `ostler_broker_event`: the arguments lie in `arguments`, a vector, so that they can be lent.
pub(crate) struct Event {
    event: zeek::Event,
    arguments: Data,
}

fn of(event: Option<&Event>) -> Result<&Event, Fault> {
    given(event, "the event")
}

/// An event with a vector of arguments.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_event_make(
    name: *const c_char,
    length: usize,
    arguments: Option<Box<Data>>,
) -> Option<Box<Event>> {
    made(|| {
        let arguments = shallow(*given(arguments, "the arguments")?, AROUND_ARGUMENTS)?;
        if !arguments.is(Type::Vector) {
            return Err(another(&arguments, Type::Vector));
        }
        // SAFETY: the caller vouches for the text.
        let name = unsafe { text(name, length) }?;
        Ok(Event { event: zeek::Event::new(name, Vec::new()), arguments })
    })
}

/// The event that a value is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_from_data(data: Option<&Data>) -> Option<Box<Event>> {
    made(|| {
        let mut event = zeek::Event::try_from(given(data, "the value")?.clone())?;
        let arguments = Data::Vector(std::mem::take(&mut event.arguments));
        Ok(Event { event, arguments })
    })
}

/// The value that an event is.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_to_data(event: Option<&Event>) -> Option<Box<Data>> {
    made(|| {
        let Event { event, arguments } = of(event)?;
        let mut event = event.clone();
        event.arguments = arguments.as_vector().unwrap_or_default().to_vec();
        Ok(event.into())
    })
}

/// The name.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_name(
    event: Option<&Event>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| lend(of(event)?.event.name.as_bytes(), bytes, length))
}

/// The arguments, lent as a vector.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_arguments(event: Option<&Event>) -> Option<&Data> {
    found(None, || Ok(Some(&of(event)?.arguments)))
}

/// The time on the network.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_timestamp(
    event: Option<&Event>,
    nanoseconds: Place<'_, i64>,
) -> c_int {
    answered(|| {
        let time = of(event)?.event.timestamp().ok_or_else(|| unsaid(zeek::NETWORK_TIMESTAMP))?;
        put(nanoseconds, time.nanos())
    })
}

/// Says the time on the network.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_set_timestamp(
    event: Option<&mut Event>,
    nanoseconds: i64,
) -> c_int {
    answered(|| {
        let time = Data::Timestamp(Timestamp::from_nanos(nanoseconds));
        say(given(event, "the event")?, zeek::NETWORK_TIMESTAMP, time);
        Ok(())
    })
}

/// What is said of it under a key, lent.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_metadata(event: Option<&Event>, key: u64) -> Option<&Data> {
    found(None, || {
        let entry = of(event)?.event.metadata.iter().find(|(known, _)| *known == key);
        entry.map(|(_, value)| Some(value)).ok_or_else(|| unsaid(key))
    })
}

/// Says something of it under a key.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_set_metadata(
    event: Option<&mut Event>,
    key: u64,
    value: Option<Box<Data>>,
) -> c_int {
    answered(|| {
        let value = shallow(*given(value, "the value")?, AROUND_METADATA)?;
        if key == zeek::NETWORK_TIMESTAMP && !value.is(Type::Timestamp) {
            return Err(another(&value, Type::Timestamp));
        }
        say(given(event, "the event")?, key, value);
        Ok(())
    })
}

/// Frees an event.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_event_free(event: Option<&mut Option<Box<Event>>>) {
    freed(event);
}

fn say(event: &mut Event, key: u64, value: Data) {
    let metadata = &mut event.event.metadata;
    metadata.retain(|(known, _)| *known != key);
    metadata.push((key, value));
}

fn unsaid(key: u64) -> Fault {
    Fault::new(Ec::NoSuchKey, format!("the event's metadata has no key {key}"))
}
