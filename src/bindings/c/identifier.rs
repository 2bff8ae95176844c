//! What endpoints are called.

use std::ffi::{c_char, c_int};

use broker::EndpointId;

use crate::buffer::Buffer;
use crate::bytes::text;
use crate::fault::{Fault, answered, made};
use crate::given::{Place, given, put};

/// `ostler_broker_id`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Identifier([u8; EndpointId::BYTES]);

impl From<EndpointId> for Identifier {
    fn from(id: EndpointId) -> Self {
        Self(id.0)
    }
}

impl From<Identifier> for EndpointId {
    fn from(id: Identifier) -> Self {
        Self(id.0)
    }
}

/// The id that must be there.
pub(crate) fn identified(id: Option<&Identifier>) -> Result<EndpointId, Fault> {
    Ok((*given(id, "the id")?).into())
}

/// An id as text.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_id_to_text(id: Option<&Identifier>) -> Option<Box<Buffer>> {
    made(|| Ok(Buffer::new(identified(id)?.to_string().into_bytes())))
}

/// The id that a text stands for.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_id_from_text(
    at: *const c_char,
    length: usize,
    id: Place<'_, Identifier>,
) -> c_int {
    answered(|| {
        // SAFETY: the caller vouches for the text.
        let text = unsafe { text(at, length) }?;
        let read: EndpointId =
            text.parse().map_err(|error| Fault::invalid(format!("{text:?}: {error}")))?;
        put(id, read.into())
    })
}
