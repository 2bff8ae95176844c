//! Values as text, as bytes and as JSON, and back.

use std::ffi::c_char;

use broker::data::{Data, json};

use crate::buffer::Buffer;
use crate::bytes::{bytes, text};
use crate::fault::made;
use crate::given::given;

/// As text.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_to_text(data: Option<&Data>) -> Option<Box<Buffer>> {
    made(|| {
        let mut out = Vec::new();
        given(data, "the value")?.write_text(&mut out);
        Ok(Buffer::new(out))
    })
}

/// In the binary form.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_encode(data: Option<&Data>) -> Option<Box<Buffer>> {
    made(|| {
        let mut out = Vec::new();
        given(data, "the value")?.encode(&mut out);
        Ok(Buffer::new(out))
    })
}

/// Out of the binary form.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_decode(
    at: *const c_char,
    length: usize,
) -> Option<Box<Data>> {
    // SAFETY: the caller vouches for the bytes.
    made(|| Ok(Data::decode(unsafe { bytes(at, length) }?)?))
}

/// In JSON.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_data_to_json(data: Option<&Data>) -> Option<Box<Buffer>> {
    made(|| {
        // What is appended are the fields of an object.
        let mut out = b"{".to_vec();
        json::write(given(data, "the value")?, &mut out)?;
        out.push(b'}');
        Ok(Buffer::new(out))
    })
}

/// Out of JSON.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_data_from_json(
    at: *const c_char,
    length: usize,
) -> Option<Box<Data>> {
    // SAFETY: the caller vouches for the text.
    made(|| Ok(json::read(unsafe { text(at, length) }?)?))
}
