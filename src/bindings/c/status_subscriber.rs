//! Who learns what becomes of peers.

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd as _;

use broker::{Endpoint, StatusSubscriber};

use crate::fault::{answered, freed, made};
use crate::given::{Place, deadline, given, put};
use crate::status::Told;
use crate::subscriber::nothing;

/// Begins to learn: errors, and changes if wanted.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_make(
    endpoint: Option<&Endpoint>,
    with_statuses: c_int,
) -> Option<Box<StatusSubscriber>> {
    made(|| Ok(given(endpoint, "the endpoint")?.status_subscriber(with_statuses != 0)))
}

/// The next change or error, if it happens in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_get(
    subscriber: Option<&StatusSubscriber>,
    milliseconds: i64,
    status: Place<'_, Option<Box<Told>>>,
) -> c_int {
    answered(|| {
        let status = given(status, "the place of the status")?.write(None);
        let subscriber = given(subscriber, "the subscriber")?;
        let happened = subscriber.get_before(deadline(milliseconds)?);
        *status = Some(Box::new(Told(happened.ok_or_else(|| nothing(subscriber.has_ended()))?)));
        Ok(())
    })
}

/// How much was not read.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_available(
    subscriber: Option<&StatusSubscriber>,
    statuses: Place<'_, usize>,
) -> c_int {
    answered(|| put(statuses, given(subscriber, "the subscriber")?.available()))
}

/// A descriptor that is readable while something was not read.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_fd(
    subscriber: Option<&StatusSubscriber>,
    fd: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let subscriber = given(subscriber, "the subscriber")?;
        put(fd, subscriber.fd().map_err(io::Error::from)?.as_raw_fd())
    })
}

/// How much was dropped.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_dropped(
    subscriber: Option<&StatusSubscriber>,
    statuses: Place<'_, u64>,
) -> c_int {
    answered(|| put(statuses, given(subscriber, "the subscriber")?.dropped()))
}

/// Learns no more.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_status_subscriber_free(
    subscriber: Option<&mut Option<Box<StatusSubscriber>>>,
) {
    freed(subscriber);
}
