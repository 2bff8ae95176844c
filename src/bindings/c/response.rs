//! An answer of a store.

use std::ffi::c_int;

use broker::Response;
use broker::data::Data;

use crate::fault::{answered, found, freed};
use crate::given::{Place, given, put};

/// The number of the question.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_response_id(response: Option<&Response>, id: Place<'_, u64>) -> c_int {
    answered(|| put(id, given(response, "the response")?.id))
}

/// What the store says, lent; if that is an error, nothing, and the error.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_response_answer(response: Option<&Response>) -> Option<&Data> {
    found(None, || Ok(Some(given(response, "the response")?.answer.as_ref()?)))
}

/// Frees it.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_response_free(response: Option<&mut Option<Box<Response>>>) {
    freed(response);
}
