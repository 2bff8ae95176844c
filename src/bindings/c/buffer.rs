//! Bytes that the library has made and C reads.

use std::ffi::c_char;
use std::ptr::null;

use crate::fault::{found, freed};
use crate::given::given;

/// `ostler_broker_buffer`. Behind the bytes stands a zero, which is not counted.
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        bytes.push(0);
        Self(bytes)
    }
}

/// The bytes.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_buffer_bytes(buffer: Option<&Buffer>) -> *const c_char {
    found(null(), || Ok(given(buffer, "the buffer")?.0.as_ptr().cast()))
}

/// How many there are.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_buffer_length(buffer: Option<&Buffer>) -> usize {
    found(0, || Ok(given(buffer, "the buffer")?.0.len().saturating_sub(1)))
}

/// Frees them.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_buffer_free(buffer: Option<&mut Option<Box<Buffer>>>) {
    freed(buffer);
}
