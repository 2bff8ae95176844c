//! Subscriptions that are read when their owner likes.

use std::ffi::{c_char, c_int};
use std::io;
use std::os::fd::AsRawFd as _;

use broker::{Ec, Endpoint, Received, Subscriber};

use crate::bytes::{Text, topic, topics};
use crate::exclusive::Exclusive;
use crate::fault::{Fault, answered, freed, made};
use crate::given::{Place, deadline, given, overflow, put, too_late};

/// `ostler_broker_subscriber`.
type Reader = Exclusive<Subscriber>;

/// Subscribes.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_subscriber_make(
    endpoint: Option<&Endpoint>,
    list: *const Text,
    count: usize,
    policy: c_int,
) -> Option<Box<Reader>> {
    made(|| {
        // SAFETY: the caller vouches for the list.
        let topics = unsafe { topics(list, count) }?;
        let (endpoint, policy) = (given(endpoint, "the endpoint")?, overflow(policy)?);
        Ok(Exclusive::new(endpoint.subscribe_with(topics, policy)))
    })
}

/// The next message, if it comes in time.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_get(
    subscriber: Option<&Reader>,
    milliseconds: i64,
    message: Place<'_, Option<Box<Received>>>,
) -> c_int {
    answered(|| {
        let message = given(message, "the place of the message")?.write(None);
        let mut subscriber = given(subscriber, "the subscriber")?.take()?;
        let received = subscriber.get_before(deadline(milliseconds)?);
        *message = Some(Box::new(received.ok_or_else(|| nothing(subscriber.has_ended()))?));
        Ok(())
    })
}

/// The next message, if it has come: else none, which is no error.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_poll(
    subscriber: Option<&Reader>,
    message: Place<'_, Option<Box<Received>>>,
) -> c_int {
    answered(|| {
        let message = given(message, "the place of the message")?.write(None);
        let mut subscriber = given(subscriber, "the subscriber")?.take()?;
        *message = subscriber.get_before(deadline(0)?).map(Box::new);
        if message.is_none() && subscriber.has_ended() { Err(nothing(true)) } else { Ok(()) }
    })
}

/// How many messages wait.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_available(
    subscriber: Option<&Reader>,
    messages: Place<'_, usize>,
) -> c_int {
    answered(|| put(messages, given(subscriber, "the subscriber")?.take()?.available()))
}

/// How many were dropped.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_dropped(
    subscriber: Option<&Reader>,
    messages: Place<'_, u64>,
) -> c_int {
    answered(|| put(messages, given(subscriber, "the subscriber")?.take()?.dropped()))
}

/// A descriptor that is readable while messages wait.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_fd(
    subscriber: Option<&Reader>,
    fd: Place<'_, c_int>,
) -> c_int {
    answered(|| {
        let mut subscriber = given(subscriber, "the subscriber")?.take()?;
        put(fd, subscriber.fd().map_err(io::Error::from)?.as_raw_fd())
    })
}

/// Gets the messages of another topic too.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_subscriber_add_topic(
    subscriber: Option<&Reader>,
    at: *const c_char,
    length: usize,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        given(subscriber, "the subscriber")?.take()?.add_topic(topic);
        Ok(())
    })
}

/// Gets no more messages for a topic's sake.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_subscriber_remove_topic(
    subscriber: Option<&Reader>,
    at: *const c_char,
    length: usize,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        given(subscriber, "the subscriber")?.take()?.remove_topic(&topic);
        Ok(())
    })
}

/// Ends the subscription.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_subscriber_free(subscriber: Option<&mut Option<Box<Reader>>>) {
    freed(subscriber);
}

/// Why there is nothing to read.
pub(crate) fn nothing(has_ended: bool) -> Fault {
    if has_ended {
        Fault::new(Ec::ShuttingDown, "the endpoint or the subscription has ended")
    } else {
        too_late("nothing has come")
    }
}
