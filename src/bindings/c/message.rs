//! What a subscription brings.

use std::ffi::{c_char, c_int};

use broker::Received;
use broker::data::Data;

use crate::bytes::lend;
use crate::fault::{answered, found, freed};
use crate::given::{Place, given};

/// The topic.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_message_topic(
    message: Option<&Received>,
    bytes: Place<'_, *const c_char>,
    length: Place<'_, usize>,
) -> c_int {
    answered(|| lend(given(message, "the message")?.topic.as_bytes(), bytes, length))
}

/// The value, lent.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_message_data(message: Option<&Received>) -> Option<&Data> {
    found(None, || Ok(Some(&given(message, "the message")?.data)))
}

/// Frees a message.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_message_free(message: Option<&mut Option<Box<Received>>>) {
    freed(message);
}
