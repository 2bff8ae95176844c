//! Publishing on an endpoint.

use std::ffi::{c_char, c_int};

use broker::Endpoint;
use broker::data::Data;

use crate::bytes::topic;
use crate::fault::answered;
use crate::given::{Place, deadline, given, put_if_wanted};
use crate::identifier::{Identifier, identified};

/// Publishes, and waits for receivers that are behind as long as the options say.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_publish(
    endpoint: Option<&Endpoint>,
    at: *const c_char,
    length: usize,
    data: Option<&Data>,
    receivers: Place<'_, usize>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        let (endpoint, data) = (given(endpoint, "the endpoint")?, given(data, "the value")?);
        put_if_wanted(receivers, endpoint.publish(&topic, data)?);
        Ok(())
    })
}

/// The same without waiting.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_try_publish(
    endpoint: Option<&Endpoint>,
    at: *const c_char,
    length: usize,
    data: Option<&Data>,
    receivers: Place<'_, usize>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        let (endpoint, data) = (given(endpoint, "the endpoint")?, given(data, "the value")?);
        put_if_wanted(receivers, endpoint.try_publish(&topic, data)?);
        Ok(())
    })
}

/// The same with a deadline of its own.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_publish_within(
    endpoint: Option<&Endpoint>,
    at: *const c_char,
    length: usize,
    data: Option<&Data>,
    milliseconds: i64,
    receivers: Place<'_, usize>,
) -> c_int {
    answered(|| {
        let deadline = deadline(milliseconds)?;
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        let (endpoint, data) = (given(endpoint, "the endpoint")?, given(data, "the value")?);
        put_if_wanted(receivers, endpoint.publish_deadline(&topic, data, deadline)?);
        Ok(())
    })
}

/// Publishes to one peer.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_endpoint_publish_to(
    endpoint: Option<&Endpoint>,
    peer: Option<&Identifier>,
    at: *const c_char,
    length: usize,
    data: Option<&Data>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the topic.
        let topic = unsafe { topic(at, length) }?;
        let (endpoint, data) = (given(endpoint, "the endpoint")?, given(data, "the value")?);
        Ok(endpoint.publish_to(identified(peer)?, &topic, data)?)
    })
}
